// The program is stopped while it writes a network: what lay in the folder before is whole, or the
// new network is.
#include <doctest/doctest.h>

#include <chrono>

#include "graph/network_file.h"
#include "io/npy.h"
#include "tests/support/networks.h"
#include "tests/support/program.h"
#include "tests/support/quantizer_networks.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tflite_model.h"

namespace integra::test {
namespace {

using Clock = std::chrono::steady_clock;
using Strings = std::vector<std::string>;

// A file to import and a network to quantize with its samples. Both verbs write the folder "out",
// a network with weights too large for its network file.
class Workplace {
 public:
  Workplace() {
    const Bytes model = Build(ConvolutionModel());
    folder.Write("c.tflite", {reinterpret_cast<const char*>(model.data()), model.size()});
    graph::SaveNetwork(SmallNetwork().Done().graph(), folder / "float");
    const std::vector<float> samples(size_t{4} * 72, 0.5f);
    io::WriteNpy(folder / "samples.npy", DataType::kFloat32, {4, 6, 6, 2},
                 std::as_bytes(std::span(samples)));
  }

  std::vector<Strings> verbs() const {
    return {{"import", folder / "c.tflite", "-o", out()},
            {"quantize", folder / "float", "--calibration", folder / "samples.npy", "-o", out()}};
  }
  std::filesystem::path out() const { return folder / "out"; }
  void WriteOldNetwork() const { graph::SaveNetwork(ConvolutionNetwork(), out()); }
  bool HasOldNetwork() const { return SameGraph(graph::LoadNetwork(out()), ConvolutionNetwork()); }

  TemporaryFolder folder;
};

int LeftoversIn(const std::filesystem::path& folder) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().filename().string().find(".tmp-") != std::string::npos) ++count;
  }
  return count;
}

TEST_CASE(
    "checklist 11: import and quantize killed at any moment leave the old network, the new "
    "one, or none") {
  const Workplace place;
  for (const Strings& verb : place.verbs()) {
    CAPTURE(verb[0]);
    const auto start = Clock::now();
    REQUIRE(RunProgram(verb).code == 0);
    const auto whole = Clock::now() - start;
    const graph::Graph fresh = graph::LoadNetwork(place.out());
    for (const bool has_old : {false, true}) {
      for (int round = 1; round <= 20; ++round) {
        std::filesystem::remove_all(place.out());
        if (has_old) place.WriteOldNetwork();
        // Most of the run is starting up: the second half of it is where files are written.
        const auto moment = whole / 2 + whole * round / 40;
        const ProgramResult result = RunProgram(
            verb, {.killed_after = std::chrono::duration_cast<std::chrono::microseconds>(moment)});
        CHECK((result.code == 0 || result.code == -1));
        if (!std::filesystem::exists(place.out() / "network.json")) {
          CHECK_FALSE(has_old);
          continue;
        }
        const graph::Graph found = graph::LoadNetwork(place.out());
        CHECK((SameGraph(found, fresh) || (has_old && place.HasOldNetwork())));
      }
    }
    // Leftovers of the killed do not stand in the way of the next.
    place.folder.Write("out/network.json.tmp-1-0", "half");
    CHECK(RunProgram(verb).code == 0);
    CHECK(SameGraph(graph::LoadNetwork(place.out()), fresh));
    std::filesystem::remove_all(place.out());
  }
}

TEST_CASE("checklist 11: import and quantize on a full disk leave the old network, and say so") {
  const Workplace place;
  for (const Strings& verb : place.verbs()) {
    CAPTURE(verb[0]);
    place.WriteOldNetwork();
    // Clang's OpenMP makes a file of 1024 bytes when the program starts.
    const ProgramResult result = RunProgram(verb, {.max_file_bytes = 1024});
    CAPTURE(result.err);
    CHECK(result.code == 5);
    CHECK(result.err.find((place.out() / "").string()) != std::string::npos);
    CHECK(result.err.find("File too large") != std::string::npos);
    CHECK(place.HasOldNetwork());
    CHECK(LeftoversIn(place.out()) == 0);
  }
}

TEST_CASE("checklist 11: import and quantize into places that cannot be written say which") {
  const Workplace place;
  place.folder.Write("file", "x");
  for (Strings verb : place.verbs()) {
    CAPTURE(verb[0]);
    for (const std::string& target : {std::string(place.folder / "file"), std::string("/proc/x")}) {
      verb.back() = target;
      const ProgramResult result = RunProgram(verb);
      CAPTURE(result.err);
      CHECK(result.code == 5);
      CHECK(result.err.find(target) != std::string::npos);
    }
  }
  CHECK(ReadText(place.folder / "file") == "x");
}

}  // namespace
}  // namespace integra::test
