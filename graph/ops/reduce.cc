// Schemas of reductions: mean, sum, reduce_max, reduce_min.
#include <algorithm>

#include "graph/ops/activation_checks.h"
#include "graph/quantized_ops.h"

namespace integra::graph {
namespace {

void DeriveScaled(const Graph& graph, Node& node) {
  const auto q = UnaryQuantizationOf(graph, node);
  if (!q) return;
  SetMultipliers(node, {QuantizeMultiplier(static_cast<double>(q->input_scale) /
                                           static_cast<double>(q->output_scale))});
}

// Sets the output's shape; returns the number of elements of which each output is made.
int64_t InferShape(InferContext& c) {
  const Shape& x = c.input(0).shape;
  std::vector<bool> reduced(x.size(), false);
  for (const int64_t axis : c.node().integers("axes")) {
    reduced[static_cast<size_t>(c.ResolveAxis(axis, x.size()))] = true;
  }
  Shape y;
  int64_t count = 1;
  for (size_t d = 0; d < x.size(); ++d) {
    if (!reduced[d]) y.push_back(x[d]);
    if (reduced[d] && c.node().flag("keep_dims")) y.push_back(1);
    if (reduced[d]) count *= x[d];
  }
  c.SetOutput(0, c.input(0).dtype, std::move(y));
  return count;
}

constexpr std::initializer_list<DataType> kTypes = {DataType::kUInt8, DataType::kInt8,
                                                    DataType::kInt16};

void InferScaled(InferContext& c) {
  const int64_t count = InferShape(c);
  if (!RequireQuantizedOrFloat(c, kTypes)) return;
  RequireMultipliers(c, 1);
  if (c.node().integers("shift")[0] < -30) c.FailFile("attribute 'shift' is below -30");
  const bool is_16_bit = c.input(0).dtype == DataType::kInt16;
  if (is_16_bit) RequireZeroPointsOfZero(c);
  const int64_t longest = is_16_bit ? 2147483647 / 32768 : 2147483647 / 256;
  if (count > longest) {
    c.FailUnsupported("the sum of ", count, " elements could overflow; the limit is ", longest);
  }
}

void InferSelecting(InferContext& c) {
  InferShape(c);
  if (RequireQuantizedOrFloat(c, kTypes)) RequireSameQuantization(c);
}

std::vector<AttributeSchema> Axes() {
  return {{"axes", AttributeType::kIntegers, "dimensions that are reduced; negative: from the end",
           true},
          {"keep_dims", AttributeType::kBool, "keep them, with size 1", false, false}};
}

std::vector<AttributeSchema> AxesAndScale() {
  auto all = MultiplierAttributes("m of scale_in / scale_out = m / 2^(31+s)");
  for (AttributeSchema& attribute : Axes()) all.push_back(attribute);
  return all;
}

}  // namespace

extern const OperatorSchema kMeanSchema = {
    "mean over some dimensions", 1, 1, 1, 1, AxesAndScale(), InferScaled, DeriveScaled};

extern const OperatorSchema kSumSchema = {
    "sum over some dimensions", 1, 1, 1, 1, AxesAndScale(), InferScaled, DeriveScaled};

extern const OperatorSchema kReduceMaxSchema = {
    "largest value over some dimensions", 1, 1, 1, 1, Axes(), InferSelecting, nullptr};

extern const OperatorSchema kReduceMinSchema = {
    "smallest value over some dimensions", 1, 1, 1, 1, Axes(), InferSelecting, nullptr};

}  // namespace integra::graph
