// Layers one after the other, for networks of tests.
#pragma once

#include <string>

#include "graph/graph.h"
#include "tests/support/random_layer.h"

namespace integra::test {

// A layer of random weights without bias that reads `x`, and its output: int8, its shape found by
// Validate(). `shape` is that of the weights; a convolution's input is padded by `pad` at each
// edge.
graph::TensorId AddLayer(graph::Graph& g, Random& random, std::string name, graph::OpType type,
                         graph::TensorId x, Shape shape, int64_t pad, int64_t stride = 1);

}  // namespace integra::test
