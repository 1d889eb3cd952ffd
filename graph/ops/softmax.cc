// Schemas of softmax, log_softmax and l2_normalization: functions along the last dimension.
#include <algorithm>
#include <cmath>

#include "graph/ops/activation_checks.h"
#include "graph/quantized_ops.h"

namespace integra::graph {
namespace {

constexpr auto kInt8 = DataType::kInt8;
constexpr auto kUInt8 = DataType::kUInt8;
constexpr auto kInt16 = DataType::kInt16;

void SameShape(InferContext& c) {
  if (c.input(0).shape.empty()) c.FailFile("the input has no dimensions");
  c.SetOutput(0, c.input(0).dtype, c.input(0).shape);
}

// beta * scale in steps of 2^-26, capped as LiteRT does (PreprocessSoftmaxScaling): with such a
// factor every distance but 0 is out of range. Nothing where it is too small for that function.
std::vector<Multiplier> ExponentialScale(double beta, float scale) {
  const double real = std::min(beta * static_cast<double>(scale) * (1 << 26), 2147483648.0 - 1.0);
  if (!(real > 1.0)) return {};
  if (real >= 1 << 30)
    return {{static_cast<int32_t>(std::min(std::round(real), 2147483647.0)), -31}};
  return {QuantizeMultiplier(real)};
}

void DeriveSoftmax(const Graph& graph, Node& node) {
  const auto q = UnaryQuantizationOf(graph, node);
  if (!q) return;
  const double beta = node.real("beta");
  if (q->dtype == kInt16) {
    // The product is LiteRT's, rounded to float.
    const auto scaled = static_cast<double>(q->input_scale * static_cast<float>(beta));
    if (scaled > 0 && scaled < 1e4) {
      SetMultipliers(node, {QuantizeMultiplier(scaled / (10.0 / 65535.0))});
    }
    return;
  }
  const auto scale = ExponentialScale(beta, q->input_scale);
  if (!scale.empty()) SetMultipliers(node, scale);
}

void InferSoftmax(InferContext& c) {
  if (RequireQuantizedOrFloat(c, {kUInt8, kInt8, kInt16})) {
    switch (c.input(0).dtype) {
      case kInt16:
        RequireZeroPointsOfZero(c);
        RequireOutputQuantization(c, 1.0 / 32768, 0);
        break;
      case kInt8:
        RequireOutputQuantization(c, 1.0 / 256, -128);
        break;
      default:
        RequireOutputQuantization(c, 1.0 / 256, 0);
    }
    RequireMultipliers(c, 1, int64_t{1} << 30);
    if (c.input(0).dtype != kInt16 && c.node().integers("shift")[0] > 0) {
      c.FailFile("attribute 'shift' holds ", c.node().integers("shift")[0]);
    }
  }
  SameShape(c);
}

void DeriveLogSoftmax(const Graph& graph, Node& node) {
  const auto q = UnaryQuantizationOf(graph, node);
  if (!q) return;
  const auto scale = ExponentialScale(1.0, q->input_scale);
  if (scale.empty()) return;
  // Back to steps of the input (PreprocessLogSoftmaxScalingExp).
  const double inverse = std::ldexp(1.0, 31 + scale[0].s) / static_cast<double>(scale[0].m);
  SetMultipliers(node, {scale[0], QuantizeMultiplier(inverse)});
}

void InferLogSoftmax(InferContext& c) {
  if (RequireQuantizedOrFloat(c, {kUInt8, kInt8})) {
    RequireOutputQuantization(c, 16.0 / 256, c.input(0).dtype == kInt8 ? 127 : 255);
    RequireMultipliers(c, 2);
    const auto& shift = c.node().integers("shift");
    if (shift[0] > 0 || shift[1] < 0) c.FailFile("attribute 'shift' holds a wrong sign");
    if (c.node().integers("multiplier")[0] < 1 << 30) {
      c.FailFile("attribute 'multiplier' holds ", c.node().integers("multiplier")[0]);
    }
  }
  SameShape(c);
}

void InferL2Normalization(InferContext& c) {
  if (RequireQuantizedOrFloat(c, {kUInt8, kInt8})) {
    RequireOutputQuantization(c, 1.0 / 128, c.input(0).dtype == kInt8 ? 0 : 128);
    constexpr int64_t kLongestRow = 2147483647 / (255 * 255);
    if (!c.input(0).shape.empty() && c.input(0).shape.back() > kLongestRow) {
      c.FailUnsupported("rows of more than ", kLongestRow, " elements could overflow");
    }
  }
  SameShape(c);
}

}  // namespace

extern const OperatorSchema kSoftmaxSchema = {
    "e^(beta x) over the sum of the same along the last dimension",
    1,
    1,
    1,
    1,
    [] {
      auto all = MultiplierAttributes(
          "m of beta * scale_in * 2^26 = m / 2^(31+s); for int16 of beta * scale_in / (10/65535)");
      all.push_back({"beta", AttributeType::kReal, "factor of the input", false, 1.0});
      return all;
    }(),
    InferSoftmax,
    DeriveSoftmax};

extern const OperatorSchema kLogSoftmaxSchema = {
    "x - ln(sum of e^x) along the last dimension",
    1,
    1,
    1,
    1,
    MultiplierAttributes("m of scale_in * 2^26 = m / 2^(31+s), then of its inverse"),
    InferLogSoftmax,
    DeriveLogSoftmax};

extern const OperatorSchema kL2NormalizationSchema = {
    "x over the square root of the sum of x^2 along the last dimension",
    1,
    1,
    1,
    1,
    {},
    InferL2Normalization,
    nullptr};

}  // namespace integra::graph
