// Follows real runs instruction by instruction, through the libraries called and the code that
// oneDNN generates at run time: whatever was executed is disassembled and looked at.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "tests/integer_only/disassembly.h"
#include "tests/integer_only/running_network.h"
#include "tests/integer_only/tracer.h"

namespace integra::test {
namespace {

// Following is some thousand times slower than running. Larger networks are left to the test of the
// floating-point status.
constexpr uint64_t kMostMacs = 4'000'000;

// "file: instruction" of every different floating-point instruction that was executed.
std::set<std::string> FloatingPointIn(const Trace& trace) {
  std::set<std::string> found;
  const std::vector<Instruction> instructions = DisassembleEach(trace.code);
  for (size_t i = 0; i < instructions.size(); ++i) {
    if (!IsFloatingPoint(instructions[i].text)) continue;
    const std::string& origin = trace.origin[i];
    found.insert((origin.empty() ? "generated code" : origin) + ": " + instructions[i].text);
  }
  return found;
}

TEST_CASE("traced run: floating point is seen") {
  volatile float x = 1.5f;
  const Trace trace = Follow([&] { x = x * 3.0f; });
  CHECK(trace.executed > 3);
  CHECK(FloatingPointIn(trace).size() == 1);
}

// Runs once to bind the functions of shared libraries, then follows the second run.
Trace FollowSecondRun(RunningNetwork& running) {
  running.Run();
  Trace trace = Follow([&] { running.Run(); });
  CHECK(trace.executed > 100);
  return trace;
}

TEST_CASE("traced run: no floating-point instruction is executed in integer mode") {
  for (const NamedNetwork& each : NetworksToRun()) {
    CAPTURE(each.name);
    RunningNetwork running(each.network, {});
    if (running.multiply_accumulates() > kMostMacs) continue;
    for (const std::string& found : FloatingPointIn(FollowSecondRun(running))) FAIL_CHECK(found);
  }
}

TEST_CASE("traced run: products of oneDNN, its generated code included, are integer") {
  size_t generated = 0;
  bool used = false;
  for (const NamedNetwork& each : NetworksToRun()) {
    CAPTURE(each.name);
    RunningNetwork running(each.network, {.gemm = "onednn"});
    if (running.multiply_accumulates() > kMostMacs) continue;
    for (const NodeProfile& node : running.session().Profile()) {
      used |= node.kernel.starts_with("onednn");
    }
    const Trace trace = FollowSecondRun(running);
    generated += static_cast<size_t>(std::count(trace.origin.begin(), trace.origin.end(), ""));
    for (const std::string& found : FloatingPointIn(trace)) {
      // oneDNN looks its arguments up in a std::unordered_map, which sizes its table by a load
      // factor in floating point. No tensor's value takes part.
      if (found.find("libstdc++") == std::string::npos) FAIL_CHECK(found);
    }
  }
  MESSAGE(generated, " different generated instructions");
  CHECK((generated > 0) == used);
}

}  // namespace
}  // namespace integra::test
