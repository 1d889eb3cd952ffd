#include "tests/support/add_layer.h"

#include <cmath>
#include <utility>
#include <vector>

#include "tests/support/networks.h"

namespace integra::test {

graph::TensorId AddLayer(graph::Graph& g, Random& random, std::string name, graph::OpType type,
                         graph::TensorId x, Shape shape, int64_t pad, int64_t stride) {
  std::vector<int8_t> weights(static_cast<size_t>(ElementCount(shape)));
  for (int8_t& w : weights) w = static_cast<int8_t>(Pick(random, -127, 127));
  // Outputs about as large as inputs: few are clamped.
  const int64_t outputs = type == graph::OpType::kDepthwiseConv2d ? shape[3] : shape[0];
  const int64_t taps = ElementCount(shape) / outputs;
  const float scale = 0.01f / std::sqrt(static_cast<float>(taps));
  const graph::TensorId w = AddTensor(g, DataType::kInt8, std::move(shape), scale, 0,
                                      SharedBytes::Own(std::move(weights)));
  const graph::TensorId y = AddTensor(g, DataType::kInt8, {}, 0.1f, 5);
  g.nodes.push_back({std::move(name), type, {x, w, graph::kNoTensor}, {y}, {}});
  if (type != graph::OpType::kFullyConnected) {
    g.nodes.back().attributes = {{"padding", std::vector<int64_t>{pad, pad, pad, pad}},
                                 {"stride", std::vector<int64_t>{stride, stride}}};
  }
  return y;
}

}  // namespace integra::test
