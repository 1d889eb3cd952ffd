// Runs many networks on many threads for as long as it is told: sessions of all kinds come and go,
// networks are loaded again, wrong calls and damaged files are refused in between. Checks every
// output, and that memory, threads and open files do not grow.
//
//   integra_soak [SECONDS [THREADS]]     (10 seconds, 2 threads)
//
// Exit code 0: all was well. Memory is judged from a minute on: before that it is still growing to
// what the largest mixture needs.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "graph/network_file.h"
#include "integra/import.hpp"
#include "integra/integra.hpp"
#include "tests/support/golden.h"
#include "tests/support/networks.h"
#include "tests/support/temporary_folder.h"

namespace integra::test {
namespace {

using Clock = std::chrono::steady_clock;
using Buffers = std::vector<std::vector<std::byte>>;
using Random = std::mt19937;

constexpr int64_t kBatch = 3;

size_t BytesOf(const TensorInfo& info) {
  return static_cast<size_t>(ElementCount(info.shape)) * SizeOf(info.dtype);
}

Buffers BuffersFor(const std::vector<TensorInfo>& tensors) {
  Buffers buffers;
  for (const TensorInfo& info : tensors) buffers.emplace_back(BytesOf(info));
  return buffers;
}

Buffers Run(Session& session, const Buffers& in) {
  Buffers out = BuffersFor(session.outputs());
  session.Run(std::vector<std::span<const std::byte>>(in.begin(), in.end()),
              std::vector<std::span<std::byte>>(out.begin(), out.end()));
  return out;
}

// A network on disk with kBatch samples of input and what plain C++ makes of them.
struct Subject {
  std::string name;
  std::filesystem::path folder;
  Network network;  // shared by all threads
  Buffers in, out;  // all samples, one after the other

  Subject(const graph::Graph& graph, std::filesystem::path where)
      : name(graph.name), folder(std::move(where)), network([&] {
          graph::SaveNetwork(graph, folder);
          return Network::Load(folder);
        }()) {
    Session plain(network, {.batch = kBatch, .max_isa = "portable", .gemm = "reference"});
    in = BuffersFor(plain.inputs());
    Random random(1);
    for (auto& buffer : in) {
      for (std::byte& byte : buffer) byte = static_cast<std::byte>(random());
    }
    out = Run(plain, in);
  }
};

std::vector<Subject> Subjects(const TemporaryFolder& folder) {
  std::vector<Subject> subjects;
  const auto add = [&](const graph::Graph& graph) {
    subjects.emplace_back(graph, folder / std::to_string(subjects.size()));
  };
  add(ConvolutionNetwork());
  add(Network::Load(INTEGRA_SOURCE_DIR "/models/digits").graph());
  const auto data = GoldenFolder();
  if (!data) return subjects;
  for (const std::string& name : IntegerGoldenNames(400)) {
    add(Import(*data / "models" / (name + ".tflite")).graph());
  }
  return subjects;
}

struct Counts {
  std::atomic<int64_t> samples{0}, sessions{0}, loads{0}, refusals{0}, wrong{0};
};

// Counts what was refused; anything else is wrong.
template <typename F>
void ExpectRefusal(Counts& counts, const F& f) {
  try {
    f();
    ++counts.wrong;
    std::fprintf(stderr, "a wrong call or file was not refused\n");
  } catch (const Error&) {
    ++counts.refusals;
  }
}

template <typename T>
const T& OneOf(const std::vector<T>& choices, Random& random) {
  return choices[random() % choices.size()];
}

// One session of one network: made, run a few times, gone.
void Visit(const Subject& subject, const std::filesystem::path& damaged, Random& random,
           Counts& counts) {
  const bool load = random() % 4 == 0;
  counts.loads += load;
  const Network network = load ? Network::Load(subject.folder) : subject.network;
  Session session(network,
                  {.threads = 1 + static_cast<int>(random() % 2),
                   .batch = kBatch,
                   .max_isa = OneOf<std::string>({"", "", "avx512", "avx2", "sse41"}, random),
                   .gemm = OneOf<std::string>({"", "", "own", "onednn"}, random),
                   .profile = random() % 4 == 0});
  ++counts.sessions;
  for (auto runs = 1 + random() % 8; runs > 0; --runs) {
    counts.samples += kBatch;
    if (Run(session, subject.in) == subject.out) continue;
    ++counts.wrong;
    std::fprintf(stderr, "%s: wrong output\n", subject.name.c_str());
  }
  ExpectRefusal(counts, [&] { session.Run({}, {}); });
  ExpectRefusal(counts, [&] { Network::Load(damaged); });
}

struct Usage {
  int64_t rss_kib = 0, threads = 0, files = 0;
};

Usage CurrentUsage() {
  Usage usage;
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word == "VmRSS:") status >> usage.rss_kib;
    if (word == "Threads:") status >> usage.threads;
  }
  usage.files = std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  return usage;
}

// The tenth part of the values are below it. What is resident goes up and down by a third with the
// networks that happen to run; what leaks stays, and raises the low values, too.
int64_t LowestDecile(std::vector<int64_t> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 10];
}

void Report(double seconds, const Counts& counts, int64_t rss_kib) {
  std::printf(
      "%.0f s: %lld samples in %lld sessions, %lld loads, %lld refusals, %lld wrong, "
      "%lld KiB resident\n",
      seconds, static_cast<long long>(counts.samples), static_cast<long long>(counts.sessions),
      static_cast<long long>(counts.loads), static_cast<long long>(counts.refusals),
      static_cast<long long>(counts.wrong), static_cast<long long>(rss_kib));
  std::fflush(stdout);
}

int Soak(double seconds, int threads) {
  const TemporaryFolder folder;
  const std::vector<Subject> subjects = Subjects(folder);
  const std::string text = ReadText(subjects[1].folder / "network.json");
  const auto damaged = folder.Write("damaged.json", text.substr(0, text.size() / 2));
  std::printf("%zu networks, %d threads\n", subjects.size(), threads);

  Counts counts;
  const Usage before = CurrentUsage();
  const auto begin = Clock::now();
  const auto end =
      begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  std::vector<std::thread> workers;
  workers.reserve(static_cast<size_t>(threads));
  for (int i = 0; i < threads; ++i) {
    workers.emplace_back([&, i] {
      Random random(static_cast<unsigned>(i));
      try {
        while (Clock::now() < end) Visit(OneOf(subjects, random), damaged, random, counts);
      } catch (const std::exception& error) {
        ++counts.wrong;
        std::fprintf(stderr, "%s\n", error.what());
      }
    });
  }
  constexpr int kMeasurements = 400, kReports = 20;
  std::vector<int64_t> resident;
  for (int i = 1; i <= kMeasurements; ++i) {
    std::this_thread::sleep_until(begin + (end - begin) * i / kMeasurements);
    resident.push_back(CurrentUsage().rss_kib);
    if (i % (kMeasurements / kReports) == 0) {
      Report(seconds * i / kMeasurements, counts, resident.back());
    }
  }
  for (std::thread& worker : workers) worker.join();

  const Usage after = CurrentUsage();
  const auto quarter = [&](int i) {
    const auto first = resident.begin() + i * kMeasurements / 4;
    return LowestDecile({first, first + kMeasurements / 4});
  };
  std::printf("lowest decile of resident KiB by quarter: %lld, %lld, %lld, %lld\n",
              static_cast<long long>(quarter(0)), static_cast<long long>(quarter(1)),
              static_cast<long long>(quarter(2)), static_cast<long long>(quarter(3)));
  std::printf("threads %lld -> %lld, open files %lld -> %lld\n",
              static_cast<long long>(before.threads), static_cast<long long>(after.threads),
              static_cast<long long>(before.files), static_cast<long long>(after.files));
  const bool flat = seconds < 60 || quarter(3) <= quarter(1) + quarter(1) / 50;
  if (!flat) std::printf("memory grew by more than 2 %% from the second quarter to the last\n");
  const bool leaked = after.threads != before.threads || after.files != before.files;
  const bool good = counts.wrong == 0 && counts.samples > 0 && flat && !leaked;
  std::printf("%s\n", good ? "good" : "BAD");
  return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace integra::test

int main(int count, char** arguments) {
  const double seconds = count > 1 ? std::atof(arguments[1]) : 10;
  const int threads = count > 2 ? std::atoi(arguments[2]) : 2;
  if (count > 3 || seconds <= 0 || threads < 1) {
    std::fprintf(stderr, "usage: %s [SECONDS [THREADS]]\n", arguments[0]);
    return 2;
  }
  return integra::test::Soak(seconds, threads);
}
