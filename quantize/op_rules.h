// What each operator asks of the scales of its inputs and outputs.
#pragma once

#include <cstdint>
#include <optional>

#include "graph/graph.h"

namespace integra::quantize {

enum class ScaleRule : uint8_t {
  kFree,      // every input and output has a scale of its own
  kWeighted,  // the same, and input 1 holds weights, input 2 (optional) a bias
  kShared,    // moves or compares values: inputs and outputs have one scale
  kFixed,     // the output's scale follows from the function itself
  kIndices,   // the output holds indices and has no scale
};

struct OperatorRule {
  ScaleRule rule;
  int channel_axis = 0;  // kWeighted: the axis of the weights that counts output channels
  // kFixed: the output's range in 8 bits (both ends are multiples of the scale).
  double low = 0;
  double high = 0;
};

// Nothing for operators that the quantizer does not know (those with inner state, for example).
std::optional<OperatorRule> RuleOf(graph::OpType type);

}  // namespace integra::quantize
