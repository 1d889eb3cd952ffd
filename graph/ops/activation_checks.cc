#include "graph/ops/activation_checks.h"

#include <algorithm>
#include <cmath>

#include "graph/json_writer.h"

namespace integra::graph {

bool RequireQuantizedOrFloat(const InferContext& c, std::initializer_list<DataType> types) {
  const Tensor& x = c.input(0);
  const Tensor& y = c.output(0);
  if (x.dtype == DataType::kFloat32) return false;
  if (std::find(types.begin(), types.end(), x.dtype) == types.end()) {
    c.FailUnsupported("inputs of type ", integra::NameOf(x.dtype));
  }
  for (const Tensor* tensor : {&x, &y}) {
    const Quantization& q = tensor->quantization;
    if (q.empty()) {
      c.FailFile("tensor '", tensor->name, "' is ", integra::NameOf(tensor->dtype),
                 " but has no scale");
    }
    if (q.per_channel()) c.FailUnsupported("activations with a scale per channel");
  }
  return true;
}

void RequireSameQuantization(const InferContext& c) {
  const Quantization& x = c.input(0).quantization;
  const Quantization& y = c.output(0).quantization;
  if (std::fabs(x.scale[0] - y.scale[0]) > 1e-6f || x.zero_point[0] != y.zero_point[0]) {
    c.FailUnsupported("input and output need the same scale and zero point");
  }
}

void RequireOutputQuantization(const InferContext& c, double scale, int32_t zero_point) {
  const Quantization& y = c.output(0).quantization;
  if (std::fabs(static_cast<double>(y.scale[0]) - scale) > 0.001 * scale ||
      y.zero_point[0] != zero_point) {
    c.FailUnsupported("the output's scale has to be ", JsonNumber(scale), " and its zero point ",
                      zero_point, ", not ", JsonNumber(y.scale[0]), " and ", y.zero_point[0]);
  }
}

void RequireZeroPointsOfZero(const InferContext& c) {
  for (const Tensor* tensor : {&c.input(0), &c.output(0)}) {
    if (tensor->quantization.zero_point[0] != 0) {
      c.FailUnsupported("int16 tensor '", tensor->name, "' with zero point ",
                        tensor->quantization.zero_point[0]);
    }
  }
}

void RequireClamp(const InferContext& c) {
  const auto& clamp = c.node().integers("clamp");
  const DataType type = c.output(0).dtype;
  const int64_t size = int64_t{1} << (8 * SizeOf(type));
  const int64_t low = type == DataType::kUInt8 ? 0 : -size / 2;
  if (clamp.size() != 2 || clamp[0] < low || clamp[1] >= low + size || clamp[0] > clamp[1]) {
    c.FailFile("attribute 'clamp' has to be two values of the output's type, in order");
  }
}

void RequireMultipliers(const InferContext& c, size_t count, int64_t lowest) {
  const Node& node = c.node();
  for (const char* name : {"multiplier", "shift"}) {
    if (!node.has(name)) {
      c.FailFile("attribute '", name,
                 "' is missing and cannot be derived: a quantized node needs it, or scales for "
                 "input and output");
    }
    if (node.integers(name).size() != count) {
      c.FailFile("attribute '", name, "' has ", node.integers(name).size(), " values instead of ",
                 count);
    }
  }
  for (const int64_t m : node.integers("multiplier")) {
    if (m < lowest || m >= int64_t{1} << 31) c.FailFile("attribute 'multiplier' holds ", m);
  }
  for (const int64_t s : node.integers("shift")) {
    if (s < -31 || s > 31) c.FailFile("attribute 'shift' holds ", s);
  }
}

std::optional<UnaryQuantization> UnaryQuantizationOf(const Graph& graph, const Node& node) {
  const Tensor& x = graph.tensor(node.inputs[0]);
  const Tensor& y = graph.tensor(node.outputs[0]);
  if (!IsQuantizedStorage(x.dtype) || x.quantization.empty() || y.quantization.empty()) {
    return std::nullopt;
  }
  return UnaryQuantization{x.dtype, x.quantization.scale[0], y.quantization.scale[0]};
}

void SetMultipliers(Node& node, const std::vector<Multiplier>& factors) {
  if (node.has("multiplier") && node.has("shift")) return;
  std::vector<int64_t> multipliers, shifts;
  for (const Multiplier& f : factors) {
    multipliers.push_back(f.m);
    shifts.push_back(f.s);
  }
  node.attributes["multiplier"] = std::move(multipliers);
  node.attributes["shift"] = std::move(shifts);
}

std::vector<AttributeSchema> MultiplierAttributes(const char* doc) {
  return {{"multiplier", AttributeType::kIntegers, doc, false, false, true},
          {"shift", AttributeType::kIntegers, "shifts of the same", false, false, true}};
}

}  // namespace integra::graph
