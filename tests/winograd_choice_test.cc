// Which convolutions run by Winograd's algorithm.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "graph/schema.h"
#include "kernels/isa.h"
#include "runtime/plan.h"
#include "runtime/weight_cache.h"
#include "tests/support/networks.h"
#include "tests/support/random_layer.h"

namespace integra::test {
namespace {

using graph::Graph;
using graph::TensorId;

// `layers` convolutions of 3 x 3 taps, padded, one after the other.
Graph Convolutions(int64_t layers, int64_t rows, int64_t columns, int64_t channels) {
  Random random(1);
  Graph g;
  g.name = "convolutions";
  TensorId x = AddTensor(g, DataType::kInt8, {1, rows, columns, channels}, 0.1f, 0);
  g.inputs = {x};
  for (int64_t i = 0; i < layers; ++i) {
    std::vector<int8_t> weights(static_cast<size_t>(9 * channels * channels));
    for (int8_t& w : weights) w = static_cast<int8_t>(Pick(random, -127, 127));
    const TensorId w = AddTensor(g, DataType::kInt8, {channels, 3, 3, channels}, 0.001f, 0,
                                 SharedBytes::Own(std::move(weights)));
    const TensorId y = AddTensor(g, DataType::kInt8, {}, 0.1f, 0);
    g.nodes.push_back({"conv" + std::to_string(i),
                       graph::OpType::kConv2d,
                       {x, w, graph::kNoTensor},
                       {y},
                       {{"padding", std::vector<int64_t>{1, 1, 1, 1}}}});
    x = y;
  }
  g.outputs = {x};
  graph::Validate(g);
  return g;
}

int64_t RunByWinograd(const Graph& g) {
  WeightCache cache;
  const runtime::Plan plan = runtime::MakePlan(g, {}, cache);
  return std::ranges::count_if(plan.nodes, [](const runtime::PlannedNode& node) {
    return node.kernel.find("winograd") != std::string::npos;
  });
}

TEST_CASE("Winograd's algorithm: by how many tiles share how large weights") {
  if (kernels::DefaultIsa() < kernels::Isa::kSse41) return;  // has no kernel
  // Weights of 32 channels stay near, 74 KB of them.
  CHECK(RunByWinograd(Convolutions(2, 8, 8, 32)) == 2);
  CHECK(RunByWinograd(Convolutions(1, 6, 6, 32)) == 1);
  CHECK(RunByWinograd(Convolutions(1, 5, 5, 32)) == 0);   // of four tiles, two fifths are filled
  CHECK(RunByWinograd(Convolutions(1, 4, 12, 32)) == 0);  // three tiles
  // Those of 128 channels do not, 1.2 MB.
  CHECK(RunByWinograd(Convolutions(2, 8, 8, 128)) == 2);
  CHECK(RunByWinograd(Convolutions(1, 7, 7, 128)) == 1);
  CHECK(RunByWinograd(Convolutions(1, 6, 6, 128)) == 0);
  CHECK(RunByWinograd(Convolutions(1, 12, 16, 128)) == 1);
  // So many that the third-level cache cannot hold them all, but for those that many tiles share.
  CHECK(RunByWinograd(Convolutions(14, 8, 8, 128)) == 14);
  CHECK(RunByWinograd(Convolutions(15, 8, 8, 128)) == 0);
  CHECK(RunByWinograd(Convolutions(15, 16, 16, 128)) == 15);
}

}  // namespace
}  // namespace integra::test
