// Helpers of operator schemas: from scales to the integers that run, and their checks.
#pragma once

#include <cstdint>
#include <vector>

#include "base/fixed_point.h"
#include "graph/schema.h"

namespace integra::graph {

// The nearest m / 2^(31+s) to `factor` >= 0, as LiteRT's QuantizeMultiplier computes it
// (tensorflow/lite/kernels/internal/quantization_util.cc): frexp, round half away from zero.
// Factors too small for s <= 31 become 0; too large (s < -30) throw kUnsupported.
Multiplier QuantizeMultiplier(double factor);

// Smallest and largest quantized value that `activation` lets through, within the output's type
// (LiteRT's CalculateActivationRangeQuantized).
std::vector<int64_t> ActivationClamp(const Tensor& output, std::string_view activation);

// Derives "multiplier", "shift" and "clamp" of a node that computes sum(x * w) -> y, from the
// scales of input, weights and output, where they are absent.
void DeriveRequantization(const Tensor& input, const Tensor& weights, const Tensor& output,
                          Node& node);

// Checks the four requantization attributes: lengths (1 or channels), ranges, clamp order.
void CheckRequantization(const InferContext& context, int64_t channels);

// Checks input 0, weights 1 and optional bias 2 of a convolution or dense layer: constants, types,
// lengths, zero points, requantization, accumulators.
void CheckDenseOperands(const InferContext& context, int64_t channels, int64_t outer,
                        int64_t inner);

}  // namespace integra::graph
