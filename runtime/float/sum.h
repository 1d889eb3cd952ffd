// Sums of quantized tensors as mode simulated needs them.
#pragma once

#include "runtime/float/float_call.h"

namespace integra::floats {

// For an `add` or `sub` of 8-bit tensors: a function that rounds as the integers do, which bring
// both operands to a common scale first. Else null.
FloatFunction SimulatedSumOf(const graph::Graph& graph, const graph::Node& node);

}  // namespace integra::floats
