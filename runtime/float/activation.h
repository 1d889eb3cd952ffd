// The activation function that a node applies to its result, in float.
#pragma once

#include <algorithm>
#include <limits>
#include <string>

#include "graph/graph.h"

namespace integra::floats {

struct ActivationRange {
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();

  float operator()(float x) const { return std::min(std::max(x, low), high); }
  double operator()(double x) const {
    return std::min(std::max(x, static_cast<double>(low)), static_cast<double>(high));
  }
};

// Of the attribute "activation": none | relu | relu6 | relu_n1_to_1. A node without it has none.
inline ActivationRange ActivationRangeOf(const graph::Node& node) {
  if (!node.has("activation")) return {};
  const std::string& name = node.text("activation");
  if (name == "relu") return {.low = 0};
  if (name == "relu6") return {.low = 0, .high = 6};
  if (name == "relu_n1_to_1") return {.low = -1, .high = 1};
  return {};
}

}  // namespace integra::floats
