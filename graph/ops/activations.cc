// Schemas of activation functions: element by element, one input.
//
// 8-bit ones run as a table of 256 results, made when a network is planned from the scales and the
// integers here.
#include <algorithm>
#include <cmath>
#include <limits>

#include "graph/json_writer.h"
#include "graph/ops/activation_checks.h"
#include "graph/quantized_ops.h"

namespace integra::graph {
namespace {

constexpr auto kInt8 = DataType::kInt8;
constexpr auto kUInt8 = DataType::kUInt8;
constexpr auto kInt16 = DataType::kInt16;

void SameShape(InferContext& c) { c.SetOutput(0, c.input(0).dtype, c.input(0).shape); }

void DeriveRelu(const Graph& graph, Node& node) {
  const auto q = UnaryQuantizationOf(graph, node);
  if (!q) return;
  // The quotient is LiteRT's, rounded to float.
  SetMultipliers(node, {QuantizeMultiplier(static_cast<double>(q->input_scale / q->output_scale))});
  if (!node.has("clamp")) {
    node.attributes["clamp"] = ActivationClamp(graph.tensor(node.outputs[0]), NameOf(node.type));
  }
}

void InferClamp(InferContext& c, std::initializer_list<DataType> types) {
  if (RequireQuantizedOrFloat(c, types)) {
    CheckRequantization(c, 1);
    if (c.input(0).dtype == kInt16) RequireZeroPointsOfZero(c);
  }
  SameShape(c);
}

void InferRelu(InferContext& c) { InferClamp(c, {kUInt8, kInt8, kInt16}); }
void InferReluN1To1(InferContext& c) { InferClamp(c, {kUInt8, kInt8}); }

std::vector<AttributeSchema> ReluAttributes() {
  auto all = MultiplierAttributes("m of scale_in / scale_out = m / 2^(31+s)");
  all.push_back({"clamp", AttributeType::kIntegers, "smallest and largest output value, quantized",
                 false, false, true});
  return all;
}

void DeriveLeakyRelu(const Graph& graph, Node& node) {
  const auto q = UnaryQuantizationOf(graph, node);
  if (!q) return;
  const auto alpha = static_cast<float>(node.real("alpha"));
  const auto scaled = static_cast<double>(q->input_scale * alpha / q->output_scale);
  Multiplier negative = QuantizeMultiplier(std::fabs(scaled));
  if (scaled < 0) negative.m = -negative.m;
  SetMultipliers(
      node, {QuantizeMultiplier(static_cast<double>(q->input_scale / q->output_scale)), negative});
}

void InferLeakyRelu(InferContext& c) {
  if (!std::isfinite(static_cast<float>(c.node().real("alpha")))) {
    c.FailFile("attribute 'alpha' is not a finite number");
  }
  if (RequireQuantizedOrFloat(c, {kUInt8, kInt8, kInt16})) {
    RequireMultipliers(c, 2, -std::numeric_limits<int32_t>::max());
    if (c.input(0).dtype == kInt16) RequireZeroPointsOfZero(c);
  }
  SameShape(c);
}

// A 16-bit multiplier (LiteRT's DownScaleInt32ToInt16Multiplier) and its shift.
Multiplier Quantize16BitMultiplier(float factor) {
  Multiplier f = QuantizeMultiplier(static_cast<double>(factor));
  constexpr int32_t kHalf = 1 << 15;
  const bool saturates = f.m >= std::numeric_limits<int32_t>::max() - kHalf;
  f.m = saturates ? std::numeric_limits<int16_t>::max() : (f.m + kHalf) >> 16;
  return f;
}

void DeriveHardSwish(const Graph& graph, Node& node) {
  const auto q = UnaryQuantizationOf(graph, node);
  if (!q) return;
  // 128ths of the input's scale; 3.0 is 2^15 (LiteRT's HardSwishPrepare, in float as there).
  const float fine_scale = (1.0f / 128.0f) * q->input_scale;
  SetMultipliers(node, {Quantize16BitMultiplier(fine_scale / q->output_scale),
                        Quantize16BitMultiplier(fine_scale / (3.0f / 32768.0f))});
}

void InferHardSwish(InferContext& c) {
  if (RequireQuantizedOrFloat(c, {kUInt8, kInt8})) {
    RequireMultipliers(c, 2);
    for (const int64_t m : c.node().integers("multiplier")) {
      if (m > std::numeric_limits<int16_t>::max()) c.FailFile("attribute 'multiplier' holds ", m);
    }
    if (c.node().integers("shift")[0] < 0) {
      c.FailUnsupported("the output's scale is too small for the input's");
    }
  }
  SameShape(c);
}

// The exponent of a scale that is a power of two (LiteRT's CheckedLog2).
bool IsPowerOfTwo(float scale, int* exponent) {
  const float log2 = std::log(scale) * (1.0f / std::log(2.0f));
  const float rounded = std::round(log2);
  *exponent = static_cast<int>(rounded);
  return std::fabs(log2 - rounded) < 1e-3f;
}

// 16-bit logistic and tanh: the input times 3 * 2^12, so that the table has 24 steps to 1.
// `largest_shift` left shifts are exact; other scales get a 15-bit factor, cut off, not rounded.
void DeriveSigmoid16(const Graph& graph, Node& node, int largest_shift) {
  const auto q = UnaryQuantizationOf(graph, node);
  if (!q || q->dtype != kInt16) return;
  int exponent = 0;
  if (IsPowerOfTwo(q->input_scale, &exponent) && exponent + 12 >= 0 &&
      exponent + 12 <= largest_shift) {
    SetMultipliers(node, {{3 << (exponent + 12), 0}});
    return;
  }
  double factor = static_cast<double>(q->input_scale) * 4096.0 * 3.0;
  int shift = 0;
  for (; factor <= 32767.0 / 2.0 && shift <= 30; ++shift) factor *= 2.0;
  if (!(factor < 65536.0)) return;  // refused by infer
  SetMultipliers(node, {{static_cast<int32_t>(factor), shift}});
}

void DeriveLogistic(const Graph& graph, Node& node) { DeriveSigmoid16(graph, node, 0); }
void DeriveTanh(const Graph& graph, Node& node) { DeriveSigmoid16(graph, node, 1); }

void InferSigmoid(InferContext& c, double int8_scale) {
  if (RequireQuantizedOrFloat(c, {kUInt8, kInt8, kInt16})) {
    if (c.input(0).dtype == kInt16) {
      RequireZeroPointsOfZero(c);
      RequireOutputQuantization(c, 1.0 / 32768, 0);
      RequireMultipliers(c, 1);
      if (c.node().integers("multiplier")[0] > 65535 || c.node().integers("shift")[0] < 0) {
        c.FailFile("the 16-bit factor has to be below 2^16 and its shift not negative");
      }
    } else if (int8_scale != 0) {
      RequireOutputQuantization(c, int8_scale, c.output(0).quantization.zero_point[0]);
    }
  }
  SameShape(c);
}

void InferLogistic(InferContext& c) { InferSigmoid(c, 1.0 / 256); }
void InferTanh(InferContext& c) { InferSigmoid(c, 0); }

void InferElu(InferContext& c) {
  RequireQuantizedOrFloat(c, {kInt8, kUInt8});
  SameShape(c);
}

void InferGelu(InferContext& c) {
  // A smaller scale would show where the tail of erfc is cut off (base/elementary.h).
  if (RequireQuantizedOrFloat(c, {kInt8, kUInt8}) &&
      c.output(0).quantization.scale[0] < std::ldexp(1.0f, -40)) {
    c.FailUnsupported("an output scale of ", JsonNumber(c.output(0).quantization.scale[0]));
  }
  SameShape(c);
}

void InferExp(InferContext& c) {
  RequireQuantizedOrFloat(c, {kInt8, kUInt8, kInt16});
  SameShape(c);
}

OperatorSchema Unary(const char* summary, std::vector<AttributeSchema> attributes,
                     void (*infer)(InferContext&), void (*derive)(const Graph&, Node&)) {
  return {summary, 1, 1, 1, 1, std::move(attributes), infer, derive};
}

}  // namespace

extern const OperatorSchema kReluSchema =
    Unary("max(x, 0)", ReluAttributes(), InferRelu, DeriveRelu);

extern const OperatorSchema kRelu6Schema =
    Unary("x clamped to [0, 6]", ReluAttributes(), InferRelu, DeriveRelu);

extern const OperatorSchema kReluN1To1Schema =
    Unary("x clamped to [-1, 1]", ReluAttributes(), InferReluN1To1, DeriveRelu);

extern const OperatorSchema kLeakyReluSchema = Unary(
    "x where x >= 0, alpha * x elsewhere",
    [] {
      auto all = MultiplierAttributes(
          "m of scale_in / scale_out = m / 2^(31+s), then m of alpha * scale_in / scale_out");
      all.push_back({"alpha", AttributeType::kReal, "slope where x < 0", true});
      return all;
    }(),
    InferLeakyRelu, DeriveLeakyRelu);

extern const OperatorSchema kHardSwishSchema =
    Unary("x * clamp(x + 3, 0, 6) / 6",
          MultiplierAttributes("16-bit m of scale_in / 128 / scale_out = m / 2^(15+s), then of "
                               "scale_in / 128 / (3 / 2^15)"),
          InferHardSwish, DeriveHardSwish);

extern const OperatorSchema kLogisticSchema =
    Unary("1 / (1 + e^-x)", MultiplierAttributes("for int16: m of scale_in * 3 * 2^12 = m / 2^s"),
          InferLogistic, DeriveLogistic);

extern const OperatorSchema kTanhSchema = Unary(
    "hyperbolic tangent", MultiplierAttributes("for int16: m of scale_in * 3 * 2^12 = m / 2^s"),
    InferTanh, DeriveTanh);

extern const OperatorSchema kEluSchema =
    Unary("x where x >= 0, e^x - 1 elsewhere", {}, InferElu, nullptr);

extern const OperatorSchema kGeluSchema =
    Unary("x * P(X <= x), X normally distributed",
          {{"approximate", AttributeType::kBool, "by tanh instead of erfc", false, false}},
          InferGelu, nullptr);

extern const OperatorSchema kExpSchema = Unary("e^x", {}, InferExp, nullptr);

}  // namespace integra::graph
