#include "tests/support/tunable_network.h"

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "graph/schema.h"
#include "tests/support/networks.h"
#include "tests/support/random_layer.h"

namespace integra::test {

graph::Graph TunableNetwork(int64_t rows, int64_t columns) {
  using graph::OpType;
  Random random(8);
  graph::Graph g;
  g.name = "tunable";
  graph::TensorId x = AddTensor(g, DataType::kInt8, {1, rows, columns, 16}, 0.1f, -3);
  g.inputs = {x};
  const auto layer = [&](const char* name, OpType type, Shape shape, int64_t pad) {
    std::vector<int8_t> weights(static_cast<size_t>(ElementCount(shape)));
    for (int8_t& w : weights) w = static_cast<int8_t>(Pick(random, -127, 127));
    // Outputs about as large as inputs: few are clamped.
    const int64_t outputs = type == OpType::kDepthwiseConv2d ? shape[3] : shape[0];
    const int64_t taps = ElementCount(shape) / outputs;
    const float scale = 0.01f / std::sqrt(static_cast<float>(taps));
    const graph::TensorId w = AddTensor(g, DataType::kInt8, std::move(shape), scale, 0,
                                        SharedBytes::Own(std::move(weights)));
    const graph::TensorId y = AddTensor(g, DataType::kInt8, {}, 0.1f, 5);
    g.nodes.push_back({name, type, {x, w, graph::kNoTensor}, {y}, {}});
    if (type != OpType::kFullyConnected) {
      g.nodes.back().attributes = {{"padding", std::vector<int64_t>{pad, pad, pad, pad}}};
    }
    x = y;
  };
  layer("winograd", OpType::kConv2d, {32, 3, 3, 16}, 1);
  layer("expand", OpType::kConv2d, {48, 1, 1, 32}, 0);
  layer("depthwise", OpType::kDepthwiseConv2d, {1, 3, 3, 48}, 1);
  layer("dense", OpType::kFullyConnected, {10, rows * columns * 48}, 0);
  g.outputs = {x};
  graph::Validate(g);
  return g;
}

}  // namespace integra::test
