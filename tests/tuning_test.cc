// Kernels that are chosen by measuring, and the file of the choices.
#include "runtime/tuning.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "integra/error.hpp"
#include "integra/float_session.hpp"
#include "kernels/isa.h"
#include "runtime/plan.h"
#include "runtime/weight_cache.h"
#include "tests/support/networks.h"
#include "tests/support/random_run.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tunable_network.h"

namespace integra::test {
namespace {

using runtime::Candidate;
using runtime::MeasuredPlan;

std::string KernelOf(const Session& session, const std::string& node) {
  for (const NodeProfile& profile : session.Profile()) {
    if (profile.node == node) return profile.kernel;
  }
  return "";
}

// `text` with another choice for the layer that ends with node `node`.
std::string WithChoice(const std::string& text, const std::string& node,
                       const std::string& choice) {
  const std::string before = "\"" + node + "\"], \"choice\": \"";
  const size_t at = text.find(before) + before.size();
  REQUIRE(at >= before.size());
  return text.substr(0, at) + choice + text.substr(text.find('"', at));
}

size_t CountOf(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST_CASE("tuning: measured once, then read") {
  const TemporaryFolder folder;
  const std::string path = folder / "choices.json";
  const Network network(TunableNetwork());
  Session plain(network);
  const std::vector<std::byte> expected = RunOnRandom(plain, 1);
  Session measured(network, {.tuning = path});
  CHECK(RunOnRandom(measured, 1) == expected);
  const std::string text = ReadText(path);
  CHECK(text.find("\"tunable ") != text.npos);
  REQUIRE_FALSE(measured.Tuning().empty());
  for (const TunedLayer& layer : measured.Tuning()) {
    CHECK(layer.candidates.size() > 1);
    CHECK(layer.candidates[0].name == "default");
  }
  CHECK(plain.Tuning().empty());

  // Now the file says it, whatever else a session does.
  for (const std::string choice : {"whole", "on_rows"}) {
    // The one that is taken by default is called so.
    const bool is_default = text.find("\"" + choice + "\"") == text.npos;
    const std::string edited = WithChoice(text, "depthwise", is_default ? "default" : choice);
    WriteText(path, edited);
    for (const bool profile : {false, true}) {
      Session session(network, {.profile = profile, .tuning = path});
      CHECK((KernelOf(session, "depthwise").find(" on rows") != std::string::npos) ==
            (choice == "on_rows"));
      CHECK(RunOnRandom(session, 1) == expected);
    }
    Session keeping(network, {.keep_all_tensors = true, .tuning = path});
    CHECK(RunOnRandom(keeping, 1) == expected);
    CHECK(ReadText(path) == edited);
  }
}

TEST_CASE("tuning: an entry for each number of threads and instruction set") {
  const TemporaryFolder folder;
  const std::string path = folder / "choices.json";
  const Network network(TunableNetwork());
  Session plain(network);
  const std::vector<std::byte> expected = RunOnRandom(plain, 1);
  size_t entries = 0;
  for (int isa = 0; isa <= static_cast<int>(kernels::DefaultIsa()); ++isa) {
    for (const int threads : {1, 2}) {
      SessionOptions options;
      options.threads = threads;
      options.max_isa = kernels::NameOf(static_cast<kernels::Isa>(isa));
      options.tuning = path;
      Session session(network, options);
      CHECK(RunOnRandom(session, 1) == expected);
      CHECK(CountOf(ReadText(path), "\"network\"") == ++entries);
    }
  }
  const std::string text = ReadText(path);
  const Session again(network, {.threads = 2, .tuning = path});
  CHECK(ReadText(path) == text);
  // Another network has an entry of its own.
  graph::Graph other = TunableNetwork();
  other.nodes[0].name = "first";
  const Session renamed(Network(other), {.tuning = path});
  CHECK(CountOf(ReadText(path), "\"network\"") == entries + 1);
}

TEST_CASE("tuning: a network keeps the weights of the chosen kernels alone") {
  const TemporaryFolder folder;
  const Network network(TunableNetwork());
  const Session session(network, {.tuning = folder / "choices.json"});
  WeightCache cache;
  runtime::MakePlan(network.graph(), {}, cache,
                    runtime::ChoicesOf(network.graph(), session.Tuning()));
  CHECK(session.memory().packed_weights_bytes == cache.bytes());
}

TEST_CASE("tuning: dynamic ranges, and nodes that compute in float") {
  const TemporaryFolder folder;
  const std::string path = folder / "choices.json";
  const Network dynamic = WithDynamicRanges(Network(TunableNetwork()));
  Session plain(dynamic), tuned(dynamic, {.tuning = path});
  CHECK(RunOnRandom(tuned, 1) == RunOnRandom(plain, 1));

  graph::Graph g = TunableNetwork();
  const graph::TensorId real = AddTensor(g, DataType::kFloat32, {1, 9, 13, 16}, 1, 0);
  g.tensor(real).quantization = {};
  g.nodes.insert(g.nodes.begin(),
                 {"quantize", graph::OpType::kQuantize, {real}, {g.inputs[0]}, {}});
  g.inputs = {real};
  const Session floats(Network(g), {.float_nodes = FloatIslands(), .tuning = path});
  CHECK_FALSE(floats.Tuning().empty());
}

std::string MessageOf(ErrorCode code, const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    CHECK(error.code() == code);
    return error.what();
  }
  return "no error";
}

TEST_CASE("tuning: files that are damaged, foreign or of another network are left as they are") {
  const TemporaryFolder folder;
  const std::string path = folder / "choices.json";
  const Network network(TunableNetwork());
  const Session measured(network, {.tuning = path});
  const std::string text = ReadText(path);
  const std::string head = R"({"format": "integra-tuning", "version": 1, "entries": )";
  const size_t entry = text.find("    {\n"), end = text.rfind("\n  ]");
  const std::string one = text.substr(entry, end - entry);
  struct Damage {
    std::string text, reason;
  };
  const std::vector<Damage> cases = {
      {"", "is empty"},
      {"{}", "format"},
      {R"({"format": "integra-network", "version": 1})", "integra-tuning"},
      {Replaced(text, "\"version\": 1", "\"version\": 2"), "\"version\" has to be 1"},
      {head + "{}}", "entries"},
      {head + "[{\"network\": 1}]}", "network"},
      {text.substr(0, text.size() / 2), "choices.json:"},
      {Replaced(text, one, one + "," + one), "two such entries"},
      {Replaced(text, "[\"expand\"", "[\"shrink\""), "'shrink' is no node"},
      {Replaced(text, "[\"expand\"", "[\"depthwise\""), "named twice"},
      {WithChoice(text, "depthwise", "fastest"), "choice 'fastest' is none"},
      {WithChoice(text, "depthwise", "winograd_quads"), "is none of the layer's candidates"},
      {Replaced(WithChoice(text, "depthwise", "default"),
                "\"expand\", \"depthwise\"], \"choice\": \"default\", \"candidates\": [{\"name\": "
                "\"default\"",
                "\"expand\", \"depthwise\"], \"choice\": \"default\", \"candidates\": [{\"name\": "
                "\"slow\""),
       "unknown candidate 'slow'"},
      {Replaced(text, "\"threads\": 1", "\"threads\": \"1\""), "threads"},
      {Replaced(text, "\"threads\": 1", "\"threads\": 1, \"sockets\": 2"), "sockets"},
  };
  for (const Damage& damage : cases) {
    CAPTURE(damage.reason);
    WriteText(path, damage.text);
    const std::string message =
        MessageOf(ErrorCode::kInvalidFile, [&] { Session(network, {.tuning = path}); });
    CAPTURE(message);
    CHECK(message.starts_with(path));
    CHECK(message.find(damage.reason) != message.npos);
    CHECK(message.find("delete it, or name another") != message.npos);
    CHECK(ReadText(path) == damage.text);
  }
}

TEST_CASE("tuning: places that cannot be written, options that exclude it, memory, cancelling") {
  const TemporaryFolder folder;
  const std::string path = folder / "choices.json";
  const Network network(TunableNetwork());
  const auto refused = [&](ErrorCode code, SessionOptions options, const char* reason) {
    const std::string message = MessageOf(code, [&] { Session(network, options); });
    CAPTURE(message);
    CHECK(message.find(reason) != message.npos);
    CHECK(std::filesystem::is_empty(folder.path()));
  };
  refused(ErrorCode::kSystem, {.tuning = folder / "none/choices.json"}, "none/choices.json");
  refused(ErrorCode::kInvalidFile, {.tuning = folder.path()}, folder.path().c_str());
  refused(ErrorCode::kInvalidArgument, {.gemm = "own", .tuning = path}, "tuning and gemm");
  const auto bytes_of = [](const Session& session) {
    const MemoryUse use = session.memory();
    return use.arena_bytes + use.scratch_bytes + use.packed_weights_bytes;
  };
  const uint64_t enough = bytes_of(Session(network));
  refused(ErrorCode::kSystem, {.max_memory_bytes = enough, .tuning = path}, "max_memory_bytes");
  int asked = 0;
  refused(ErrorCode::kCancelled, {.should_stop = [&] { return ++asked == 100; }, .tuning = path},
          "stopped");

  // What others have measured costs no memory.
  const Session measured(network, {.tuning = path});
  const Network again(TunableNetwork());
  const uint64_t needed = bytes_of(Session(again, {.tuning = path}));
  CHECK_NOTHROW(Session(again, {.max_memory_bytes = needed, .tuning = path}));
}

TEST_CASE("tuning: a candidate has to be clearly faster, layers that run as one count as one") {
  const graph::Graph g = TunableNetwork();
  const std::vector<size_t> apart = {0, 1, 2, 3}, joined = {0, 2, 2, 3};
  std::vector<MeasuredPlan> plans = {
      {Candidate::kDefault, {"a", "b", "c", "d"}, apart, {1000, 300, 700, 50}},
      {Candidate::kDirect, {"x", "b", "c", "d"}, apart, {971, 1, 1, 1}},
      {Candidate::kWinogradTiles, {"y", "b", "c", "d"}, apart, {970, 1, 1, 1}},
      {Candidate::kOneDnn, {"x", "e", "c", "d"}, apart, {1, 260, 730, 1}},
      {Candidate::kOnRows, {"a", "b within", "c on rows", "d"}, joined, {1, 0, 969, 1}}};
  std::vector<TunedLayer> chosen = ChooseFastest(g, plans);
  REQUIRE(chosen.size() == 2);
  CHECK(chosen[0].nodes == std::vector<std::string>{"winograd"});
  REQUIRE(chosen[0].candidates.size() == 3);  // the kernels of others are there already
  CHECK(chosen[0].candidates[1].best_ns == 971);
  CHECK(chosen[0].choice == "winograd_tiles");
  CHECK(chosen[1].nodes == std::vector<std::string>{"expand", "depthwise"});
  REQUIRE(chosen[1].candidates.size() == 3);
  CHECK(chosen[1].candidates[1].best_ns == 990);
  CHECK(chosen[1].candidates[2].kernel == "b within + c on rows");
  CHECK(chosen[1].choice == "on_rows");
  CHECK(runtime::ChoicesOf(g, chosen) == runtime::Choices{Candidate::kWinogradTiles,
                                                          Candidate::kOnRows, Candidate::kOnRows,
                                                          Candidate::kDefault});

  plans[2].best_ns[0] = 971;
  plans[4].best_ns[2] = 971;
  chosen = ChooseFastest(g, plans);
  CHECK(chosen[0].choice == "default");
  CHECK(chosen[1].choice == "default");
}

}  // namespace
}  // namespace integra::test
