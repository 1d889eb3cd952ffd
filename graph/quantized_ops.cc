#include "graph/quantized_ops.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "graph/accumulators.h"
#include "graph/json_writer.h"

namespace integra::graph {
namespace {

struct Range {
  int64_t low, high;
};

Range RangeOf(DataType type) {
  switch (type) {
    case DataType::kInt8:
      return {-128, 127};
    case DataType::kUInt8:
      return {0, 255};
    case DataType::kInt16:
      return {-32768, 32767};
    default:
      return {std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()};
  }
}

}  // namespace

Multiplier QuantizeMultiplier(double factor) {
  if (!(factor >= 0) || !std::isfinite(factor)) {
    Fail(ErrorCode::kInvalidFile, "a scale factor of ", factor, " cannot be used");
  }
  if (factor == 0) return {};
  int exponent = 0;
  const double fraction = std::frexp(factor, &exponent);
  auto m = static_cast<int64_t>(std::round(fraction * static_cast<double>(int64_t{1} << 31)));
  if (m == int64_t{1} << 31) {
    m /= 2;
    ++exponent;
  }
  if (-exponent > kMaxShift) return {};
  if (-exponent < kMinShift) {
    Fail(ErrorCode::kUnsupported, "a scale factor of ", JsonNumber(factor), " is too large for fixed point");
  }
  return {static_cast<int32_t>(m), -exponent};
}

std::vector<int64_t> ActivationClamp(const Tensor& output, std::string_view activation) {
  const Range range = RangeOf(output.dtype);
  const float scale = output.quantization.scale.at(0);
  const int32_t zero = output.quantization.zero_point.at(0);
  // float arithmetic and its rounding are LiteRT's.
  const auto quantize = [&](float real) {
    return static_cast<int64_t>(zero) + static_cast<int64_t>(std::round(real / scale));
  };
  int64_t low = range.low, high = range.high;
  if (activation == "relu" || activation == "relu6") low = std::max(low, quantize(0.0f));
  if (activation == "relu6") high = std::min(high, quantize(6.0f));
  if (activation == "relu_n1_to_1") {
    low = std::max(low, quantize(-1.0f));
    high = std::min(high, quantize(1.0f));
  }
  return {std::min(low, range.high), std::max(high, range.low)};
}

void DeriveRequantization(const Tensor& input, const Tensor& weights, const Tensor& output,
                          Node& node) {
  if (input.quantization.empty() || weights.quantization.empty() || output.quantization.empty()) {
    return;
  }
  if (!node.has("multiplier") || !node.has("shift")) {
    std::vector<int64_t> multipliers, shifts;
    const float in = input.quantization.scale[0];
    const float out = output.quantization.scale[0];
    // LiteRT multiplies the scales of one-scale layers in float for fully_connected and for uint8
    // (GetQuantizedConvolutionMultipler), and in double otherwise
    // (PopulateConvolutionQuantizationParams).
    const bool product_in_float =
        !weights.quantization.per_channel() &&
        (node.type == OpType::kFullyConnected || weights.dtype == DataType::kUInt8);
    for (const float w : weights.quantization.scale) {
      const double product = product_in_float ? static_cast<double>(in * w)
                                              : static_cast<double>(in) * static_cast<double>(w);
      const Multiplier f = QuantizeMultiplier(product / static_cast<double>(out));
      multipliers.push_back(f.m);
      shifts.push_back(f.s);
    }
    node.attributes["multiplier"] = std::move(multipliers);
    node.attributes["shift"] = std::move(shifts);
  }
  if (!node.has("clamp")) {
    node.attributes["clamp"] = ActivationClamp(output, node.text("activation"));
  }
}

void CheckRequantization(const InferContext& context, int64_t channels) {
  const Node& node = context.node();
  for (const char* name : {"multiplier", "shift", "clamp"}) {
    if (!node.has(name)) {
      context.FailFile("attribute '", name,
                       "' is missing and cannot be derived: a quantized node "
                       "needs it, or scales for input, weights and output");
    }
  }
  const auto& multiplier = node.integers("multiplier");
  const auto& shift = node.integers("shift");
  const auto& clamp = node.integers("clamp");
  const auto count = static_cast<int64_t>(multiplier.size());
  if (count != 1 && count != channels) {
    context.FailFile("has ", count, " multipliers for ", channels, " output channels");
  }
  if (shift.size() != multiplier.size()) {
    context.FailFile("has ", count, " multipliers, but ", shift.size(), " shifts");
  }
  for (size_t c = 0; c < multiplier.size(); ++c) {
    const bool zero = multiplier[c] == 0;
    if (!zero && (multiplier[c] < (int64_t{1} << 30) || multiplier[c] >= (int64_t{1} << 31))) {
      context.FailFile("multiplier ", multiplier[c], " is outside of [2^30, 2^31)");
    }
    if (shift[c] < kMinShift || shift[c] > kMaxShift) {
      context.FailFile("shift ", shift[c], " is outside of [", kMinShift, ", ", kMaxShift, "]");
    }
  }
  const Range range = RangeOf(context.output(0).dtype);
  if (clamp.size() != 2 || clamp[0] < range.low || clamp[1] > range.high || clamp[0] > clamp[1]) {
    context.FailFile("attribute 'clamp' has to be two values of the output's type, in order");
  }
}

void CheckDenseOperands(const InferContext& c, int64_t channels, int64_t outer, int64_t inner) {
  const Tensor& x = c.input(0);
  const Tensor& w = c.input(1);
  const Tensor* bias = c.has_input(2) ? &c.input(2) : nullptr;
  if (!w.is_constant()) c.FailUnsupported("weights '", w.name, "' have to be constant");
  if (bias != nullptr) {
    if (!bias->is_constant()) c.FailUnsupported("bias '", bias->name, "' has to be constant");
    if (ElementCount(bias->shape) != channels) {
      c.FailFile("bias '", bias->name, "' has ", ElementCount(bias->shape), " values for ",
                 channels, " output channels");
    }
  }
  const auto require = [&](const Tensor& tensor, bool allowed) {
    if (!allowed) {
      c.FailFile("tensor '", tensor.name, "' is ", integra::NameOf(tensor.dtype),
                 ", which does not go with ", integra::NameOf(x.dtype), " inputs");
    }
  };
  if (x.dtype == DataType::kFloat32) {
    require(w, w.dtype == DataType::kFloat32);
    if (bias != nullptr) require(*bias, bias->dtype == DataType::kFloat32);
    return;
  }
  require(x, IsQuantizedStorage(x.dtype));
  // uint8 networks have uint8 weights with a zero point; others int8 weights without one.
  require(w, w.dtype == (x.dtype == DataType::kUInt8 ? DataType::kUInt8 : DataType::kInt8) ||
                 w.dtype == DataType::kInt8);
  if (bias != nullptr) {
    require(*bias, bias->dtype == DataType::kInt32 ||
                       (x.dtype == DataType::kInt16 && bias->dtype == DataType::kInt64));
  }
  for (const Tensor* tensor : {&x, &w, &c.output(0)}) {
    if (tensor->quantization.empty()) {
      c.FailFile("tensor '", tensor->name, "' is ", integra::NameOf(tensor->dtype),
                 " but has no scale");
    }
  }
  if (x.quantization.per_channel() || c.output(0).quantization.per_channel()) {
    c.FailUnsupported("activations with a scale per channel");
  }
  if (w.quantization.per_channel() &&
      static_cast<int64_t>(w.quantization.scale.size()) != channels) {
    c.FailFile("weights '", w.name, "' have ", w.quantization.scale.size(), " scales for ",
               channels, " output channels");
  }
  if (w.quantization.per_channel() && w.dtype == DataType::kUInt8) {
    c.FailUnsupported("uint8 weights with a scale per channel");
  }
  if (w.dtype == DataType::kInt8) {
    for (const int32_t z : w.quantization.zero_point) {
      if (z != 0) c.FailUnsupported("int8 weights with zero point ", z);
    }
  }
  CheckRequantization(c, channels);
  CheckAccumulators(c, outer, channels, inner);
}

}  // namespace integra::graph
