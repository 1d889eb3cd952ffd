#include "tests/support/tunable_network.h"

#include "graph/schema.h"
#include "tests/support/add_layer.h"
#include "tests/support/networks.h"

namespace integra::test {

graph::Graph TunableNetwork(int64_t rows, int64_t columns) {
  using graph::OpType;
  Random random(8);
  graph::Graph g;
  g.name = "tunable";
  graph::TensorId x = AddTensor(g, DataType::kInt8, {1, rows, columns, 16}, 0.1f, -3);
  g.inputs = {x};
  x = AddLayer(g, random, "winograd", OpType::kConv2d, x, {32, 3, 3, 16}, 1);
  x = AddLayer(g, random, "expand", OpType::kConv2d, x, {48, 1, 1, 32}, 0);
  x = AddLayer(g, random, "depthwise", OpType::kDepthwiseConv2d, x, {1, 3, 3, 48}, 1);
  x = AddLayer(g, random, "dense", OpType::kFullyConnected, x, {10, rows * columns * 48}, 0);
  g.outputs = {x};
  graph::Validate(g);
  return g;
}

}  // namespace integra::test
