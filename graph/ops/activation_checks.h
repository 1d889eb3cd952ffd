// Checks that operators with one data input share.
#pragma once

#include <initializer_list>
#include <optional>
#include <vector>

#include "base/fixed_point.h"
#include "graph/schema.h"

namespace integra::graph {

// Input 0 and output 0 are float32, or both quantized in one of `types` with one scale each.
// Returns whether they are quantized.
bool RequireQuantizedOrFloat(const InferContext& context, std::initializer_list<DataType> types);

// Input 0 and output 0 have the same scale (to 1e-6, as LiteRT asks) and zero point.
void RequireSameQuantization(const InferContext& context);

// The output's zero point is `zero_point` and its scale `scale` (to 0.1 %, as LiteRT asks): the
// operator's arithmetic has them built in.
void RequireOutputQuantization(const InferContext& context, double scale, int32_t zero_point);

// 16-bit quantization is symmetric: both zero points are 0.
void RequireZeroPointsOfZero(const InferContext& context);

// The attribute "clamp" is there: two values of the output's type, in order.
void RequireClamp(const InferContext& context);

// The attributes "multiplier" and "shift" are there and hold `count` values each, multipliers in
// [lowest, 2^31) and shifts in [-31, 31].
void RequireMultipliers(const InferContext& context, size_t count, int64_t lowest = 0);

// Scales and zero points of input 0 and output 0, for `derive`; nothing where one has none.
struct UnaryQuantization {
  DataType dtype;
  float input_scale, output_scale;
};
std::optional<UnaryQuantization> UnaryQuantizationOf(const Graph& graph, const Node& node);

// Sets "multiplier" and "shift", unless they are there.
void SetMultipliers(Node& node, const std::vector<Multiplier>& factors);

std::vector<AttributeSchema> MultiplierAttributes(const char* doc);

}  // namespace integra::graph
