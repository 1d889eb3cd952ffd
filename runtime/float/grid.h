// The quantized grid of a tensor, as the float kernels want it.
#pragma once

#include <cstdint>
#include <utility>

#include "graph/graph.h"
#include "integra/session.hpp"
#include "kernels/float/quantization.h"

namespace integra::floats {

// Smallest and largest value of an integer type of at most 32 bits.
std::pair<int32_t, int32_t> RangeOf(DataType dtype);

// The grid points into the tensor, which has a scale. Clamped to the tensor's type.
kernels::QuantizedGrid GridOf(const graph::Tensor& tensor);

// The same for the output `tensor` of `node`: clamped to the node's attribute "clamp" as well,
// where it has one.
kernels::QuantizedGrid OutputGridOf(const graph::Node& node, const graph::Tensor& tensor);

// How the integer arithmetic of `node` comes from accumulators to its output, where mode simulated
// has to know; empty where it rounds real values once. Accumulators are whole numbers, of which
// float32 sums are a little off; and one rounding after another gives other values than one alone,
// as often as once in 2^(1 + shift). Both would show in every layer, and add up.
// `input_scale` and `scale` are those of its first input and of the output in this run.
kernels::AccumulatorRounding RoundingOf(const graph::Graph& graph, const graph::Node& node,
                                        const graph::Tensor& output, double input_scale,
                                        double scale);

// The ratio that integer mode found (Session::ReadRatio), as a real number.
double RealRatio(RangeRatio ratio);

// The ratio of the scale that holds all values, in float, to the tensor's nominal one: what integer
// mode finds in integers (base/dynamic_range.h).
double DynamicRatioOf(const graph::Tensor& tensor, const float* values);

// Whether float arithmetic sees the tensor's real values: float32 itself, 8- and 16-bit tensors
// with a scale, and constants of any type with a scale (biases). All others keep their own type.
bool IsRealValued(const graph::Tensor& tensor);

// From `dtype` to float32 and back: dispatch on the type. `shift` as in kernels::Dequantize.
void DequantizeAs(DataType dtype, const kernels::QuantizedGrid& grid, const void* q, int32_t shift,
                  float* real);
void QuantizeAs(DataType dtype, const kernels::QuantizedGrid& grid, const float* real,
                int32_t shift, void* q);

}  // namespace integra::floats
