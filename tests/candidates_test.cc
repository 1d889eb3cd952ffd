// Whichever kernel a node is asked to take, the outputs are the reference's.
#include "runtime/candidate.h"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "graph/schema.h"
#include "integra/session.hpp"
#include "kernels/isa.h"
#include "kernels/onednn/matmul.h"
#include "runtime/executor.h"
#include "runtime/weight_cache.h"
#include "tests/support/networks.h"
#include "tests/support/random_layer.h"
#include "tests/support/random_run.h"
#include "tests/support/tunable_network.h"

namespace integra::test {
namespace {

using runtime::Candidate;

// The output of a plan in which every node was asked to take `candidate`, for the input of
// RunOnRandom(). Adds the plan's kernels to `kernels`.
std::vector<std::byte> RunPlan(const Network& network, const SessionOptions& options,
                               Candidate candidate, std::set<std::string>& kernels) {
  const graph::Graph& g = network.graph();
  WeightCache cache;
  runtime::Plan plan =
      runtime::MakePlan(g, options, cache, runtime::Choices(g.nodes.size(), candidate));
  for (const runtime::PlannedNode& node : plan.nodes) kernels.insert(node.kernel);
  ThreadPool pool(options.threads);
  runtime::Executor executor(g, std::move(plan), options, pool);
  const graph::Tensor &x = g.tensor(g.inputs[0]), &y = g.tensor(g.outputs[0]);
  Random random(1);
  std::vector<std::byte> in(static_cast<size_t>(ElementCount(x.shape))),
      out(static_cast<size_t>(ElementCount(y.shape)));
  for (std::byte& v : in) v = static_cast<std::byte>(random());
  for (int run = 0; run < 2; ++run) {  // nothing is left of the first
    runtime::ToStored(x.dtype, in.data(), executor.address(g.inputs[0]), in.size());
    executor.Run();
  }
  runtime::FromStored(y.dtype, executor.address(g.outputs[0]), out.data(), out.size());
  return out;
}

// With every candidate on every instruction set. Returns the kernels that ran.
std::set<std::string> CheckCandidates(const Network& network, int threads) {
  Session reference(network, {.max_isa = "portable", .gemm = "reference"});
  const std::vector<std::byte> expected = RunOnRandom(reference, 1);
  std::set<std::string> kernels;
  for (int isa = 0; isa <= static_cast<int>(kernels::DetectIsa()); ++isa) {
    SessionOptions options;
    options.threads = threads;
    options.max_isa = kernels::NameOf(static_cast<kernels::Isa>(isa));
    for (const Candidate candidate : runtime::kCandidates) {
      CAPTURE(options.max_isa);
      CAPTURE(threads);
      CAPTURE(std::string(NameOf(candidate)));
      CHECK(RunPlan(network, options, candidate, kernels) == expected);
    }
  }
  return kernels;
}

bool AnyHolds(const std::set<std::string>& kernels, const char* part) {
  for (const std::string& kernel : kernels) {
    if (kernel.find(part) != std::string::npos) return true;
  }
  return false;
}

TEST_CASE("candidates: the same bits on every instruction set") {
  const Network network(TunableNetwork());
  for (const int threads : {1, 3}) {
    const std::set<std::string> kernels = CheckCandidates(network, threads);
    CHECK(AnyHolds(kernels, " on rows"));
    CHECK(AnyHolds(kernels, " within depthwise"));
    if (kernels::DefaultIsa() >= kernels::Isa::kSse41) CHECK(AnyHolds(kernels, "winograd"));
    if (kernels::DefaultIsa() == kernels::Isa::kAvx512Vnni) {
      CHECK(AnyHolds(kernels, "onednn") == kernels::onednn::RunSelfTest().exact);
      CHECK(AnyHolds(kernels, "own avx512_vnni winograd of quads"));
      CHECK(kernels.contains("own avx512_vnni winograd"));
    }
  }
}

TEST_CASE("candidates: the same bits where ranges are dynamic") {
  CheckCandidates(WithDynamicRanges(Network(TunableNetwork())), 2);
  // Behind a layer that offers its rows.
  graph::Graph g = TunableNetwork();
  g.tensor(g.nodes[2].outputs[0]).quantization.dynamic = true;
  graph::Validate(g);
  CheckCandidates(Network(g), 2);
}

// Winograd's kernels are asked for layers that they would not be chosen for: one tile that is
// nearly empty, channels that leave a rest.
TEST_CASE("candidates: the same bits for random layers") {
  Random random(11);
  for (int round = 0; round < 30; ++round) {
    const bool depthwise = round % 5 == 0;
    const int64_t in = Pick(random, 12, 40), out = depthwise ? in : Pick(random, 12, 40);
    const Layer layer =
        RandomLayer(random, {Pick(random, 3, 12), Pick(random, 3, 12), in, out, 3, 3, depthwise});
    CheckCandidates(Network(layer.graph), 1 + round % 3);
  }
}

}  // namespace
}  // namespace integra::test
