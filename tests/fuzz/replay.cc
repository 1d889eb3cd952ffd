// Runs fuzz targets without a fuzzer.
//
//   integra_fuzz_replay                       every target: its seeds, each spoilt in many places,
//                                             and the findings kept in tests/fuzz/regressions;
//                                             fails where the seeds lack an operator
//   integra_fuzz_replay TARGET FILE|DIR ...   these inputs
//   integra_fuzz_replay --seeds DIR           writes the seeds to DIR/TARGET, for libFuzzer
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <set>
#include <string>

#include "integra/error.hpp"
#include "tests/fuzz/targets.h"

namespace integra::fuzz {
namespace {

namespace fs = std::filesystem;

constexpr int kSpoiltPerSeed = 150;

Bytes Read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

int Replay(const Target& target, const fs::path& path) {
  if (!fs::is_directory(path)) {
    std::printf("%s: %s\n", target.name, path.c_str());
    std::fflush(stdout);
    target.run(Read(path));
    return 1;
  }
  int count = 0;
  for (const auto& entry : fs::directory_iterator(path)) count += Replay(target, entry.path());
  return count;
}

// A few bytes become what lengths, offsets, signs and digits do not like.
void Spoil(Bytes& input, std::mt19937& random) {
  constexpr int kValues[] = {0, 1, 2, 8, '0', '9', '"', '-', 0x7f, 0x80, 0xff};
  if (input.empty()) return;
  for (auto changes = 1 + random() % 3; changes > 0; --changes) {
    std::byte& changed = input[random() % input.size()];
    changed = random() % 4 == 0 ? changed ^ std::byte(1 << random() % 8)
                                : std::byte(kValues[random() % std::size(kValues)]);
  }
  if (random() % 16 == 0) input.resize(random() % input.size());
}

void RunSpoilt(const Target& target) {
  std::mt19937 random(1);
  int count = 0;
  for (const Bytes& seed : target.seeds()) {
    target.run(seed);
    for (int i = 0; i < kSpoiltPerSeed; ++i, ++count) {
      Bytes spoilt = seed;
      Spoil(spoilt, random);
      std::ofstream("fuzz_replay.last", std::ios::binary)
          .write(reinterpret_cast<const char*>(spoilt.data()),
                 static_cast<std::streamsize>(spoilt.size()));
      target.run(spoilt);
    }
  }
  std::printf("%s: %d spoilt inputs\n", target.name, count);
}

void WriteSeeds(const fs::path& folder) {
  for (const Target& target : Targets()) {
    fs::create_directories(folder / target.name);
    int i = 0;
    for (const Bytes& seed : target.seeds()) {
      const auto path = folder / target.name / ("seed" + std::to_string(i++));
      std::ofstream(path, std::ios::binary)
          .write(reinterpret_cast<const char*>(seed.data()),
                 static_cast<std::streamsize>(seed.size()));
    }
  }
}

// Whether every operator is in some seed of the targets that take networks.
bool SeedsHoldEveryOperator() {
  bool complete = true;
  for (const Target& target : Targets()) {
    if (target.load == nullptr) continue;
    std::set<graph::OpType> found;
    for (const Bytes& seed : target.seeds()) {
      try {
        for (const graph::Node& node : target.load(seed).nodes) found.insert(node.type);
      } catch (const Error& error) {
        std::fprintf(stderr, "%s: a seed does not load: %s\n", target.name, error.what());
        complete = false;
      }
    }
    for (size_t i = 0; i < graph::kOpTypeCount; ++i) {
      const auto type = static_cast<graph::OpType>(i);
      if (found.contains(type)) continue;
      std::fprintf(stderr,
                   "%s: no seed has a node of type %s; add one to "
                   "tests/support/operator_nodes.cc\n",
                   target.name, graph::NameOf(type));
      complete = false;
    }
  }
  return complete;
}

int Main(int argc, char** argv) {
  if (argc == 3 && argv[1] == std::string("--seeds")) {
    WriteSeeds(argv[2]);
    return 0;
  }
  if (argc > 1) {
    const Target* const target = FindTarget(argv[1]);
    if (target == nullptr || argc == 2) {
      std::fprintf(stderr, "usage: integra_fuzz_replay [TARGET FILE|DIR ... | --seeds DIR]\n");
      return 2;
    }
    for (int i = 2; i < argc; ++i) Replay(*target, argv[i]);
    return 0;
  }
  if (!SeedsHoldEveryOperator()) return 1;
  for (const Target& target : Targets()) {
    const fs::path kept = fs::path(INTEGRA_SOURCE_DIR "/tests/fuzz/regressions") / target.name;
    if (fs::exists(kept)) Replay(target, kept);
    RunSpoilt(target);
  }
  fs::remove("fuzz_replay.last");
  return 0;
}

}  // namespace
}  // namespace integra::fuzz

int main(int argc, char** argv) { return integra::fuzz::Main(argc, argv); }
