// Random quantized convolutions, as a network of one node and as the reference takes them.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "graph/graph.h"
#include "kernels/conv2d.h"

namespace integra::test {

using Random = std::mt19937_64;

// A number in [low, high].
int64_t Pick(Random& random, int64_t low, int64_t high);

struct LayerShapes {
  int64_t height, width, in, out, ky, kx;
  bool depthwise = false;
  int64_t groups = 1;
};

struct Layer {
  graph::Graph graph;
  kernels::Conv2dParams params;
  std::vector<int8_t> weights;  // as the reference takes them
  std::vector<int32_t> bias;
  kernels::OutputStage stage;  // stored domain
};

// With random batch, type, strides, dilations, padding, values and requantization.
Layer RandomLayer(Random& random, const LayerShapes& shapes);

}  // namespace integra::test
