// Schemas of element-wise operators of two operands.
#include <algorithm>
#include <cmath>

#include "graph/ops/broadcast.h"
#include "graph/ops/operand_checks.h"
#include "graph/quantized_ops.h"

namespace integra::graph {
namespace {

bool IsPlainInteger(DataType type) { return type == DataType::kInt32 || type == DataType::kInt64; }

bool AllQuantized(const Graph& graph, const Node& node) {
  for (const auto* ids : {&node.inputs, &node.outputs}) {
    for (const TensorId id : *ids) {
      const Tensor& tensor = graph.tensor(id);
      if (!IsQuantizedStorage(tensor.dtype) || tensor.quantization.scale.size() != 1) return false;
    }
  }
  return true;
}

void Set(Node& node, const char* name, std::vector<int64_t> values) {
  if (!node.has(name)) node.attributes[name] = std::move(values);
}

void SetMultipliers(Node& node, const char* multiplier, const char* shift,
                    std::initializer_list<Multiplier> factors) {
  if (node.has(multiplier) && node.has(shift)) return;
  std::vector<int64_t> m, s;
  for (const Multiplier& f : factors) {
    m.push_back(f.m);
    s.push_back(f.s);
  }
  node.attributes[multiplier] = std::move(m);
  node.attributes[shift] = std::move(s);
}

// Exponent of a power of two; false for other numbers.
bool ExactLog2(float x, int* exponent) { return std::frexp(x, exponent) == 0.5f; }

// 16-bit sums whose scales are powers of two, the output's being that of one input: that input is
// taken as it is, the other is shifted right with rounding (LiteRT's `pot_scale_int16`). Written in
// the terms of the general formula: with a left shift of 1, 2^30 / 2^(31+s) divides by 2^s exactly.
bool DerivePowerOfTwo(float a, float b, float y, Node& node) {
  int log_a = 0, log_b = 0, log_y = 0;
  if (!ExactLog2(a, &log_a) || !ExactLog2(b, &log_b) || !ExactLog2(y, &log_y)) return false;
  const int shift_a = log_y - log_a, shift_b = log_y - log_b;
  if (std::min(shift_a, shift_b) != 0 || std::max(shift_a, shift_b) > kMaxShift) {
    Fail(ErrorCode::kUnsupported,
         "with 'pot_scale_int16' the output has to have the scale of the coarser input");
  }
  node.attributes["left_shift"] = int64_t{1};
  SetMultipliers(node, "input_multiplier", "input_shift", {{1 << 30, shift_a}, {1 << 30, shift_b}});
  SetMultipliers(node, "multiplier", "shift", {{1 << 30, -1}});
  return true;
}

void DeriveSum(const Graph& graph, Node& node) {
  if (!AllQuantized(graph, node)) return;
  const Tensor& output = graph.tensor(node.outputs[0]);
  Set(node, "clamp", ActivationClamp(output, node.text("activation")));
  if (node.has("left_shift") && node.has("input_multiplier") && node.has("multiplier")) return;
  const float a = graph.tensor(node.inputs[0]).quantization.scale[0];
  const float b = graph.tensor(node.inputs[1]).quantization.scale[0];
  const float y = output.quantization.scale[0];
  const bool wide = output.dtype == DataType::kInt16;
  if (wide && node.flag("pot_scale_int16") && DerivePowerOfTwo(a, b, y, node)) return;
  const int64_t left_shift = wide ? 15 : 20;
  const double twice_largest = 2 * static_cast<double>(std::max(a, b));
  node.attributes["left_shift"] = left_shift;
  SetMultipliers(node, "input_multiplier", "input_shift",
                 {QuantizeMultiplier(static_cast<double>(a) / twice_largest),
                  QuantizeMultiplier(static_cast<double>(b) / twice_largest)});
  SetMultipliers(node, "multiplier", "shift",
                 {QuantizeMultiplier(twice_largest / (static_cast<double>(1 << left_shift) *
                                                      static_cast<double>(y)))});
}

void DeriveProduct(const Graph& graph, Node& node) {
  if (!AllQuantized(graph, node)) return;
  const Tensor& output = graph.tensor(node.outputs[0]);
  const float a = graph.tensor(node.inputs[0]).quantization.scale[0];
  const float b = graph.tensor(node.inputs[1]).quantization.scale[0];
  // In float32, as LiteRT's Prepare does.
  const float factor = a * b / output.quantization.scale[0];
  SetMultipliers(node, "multiplier", "shift", {QuantizeMultiplier(static_cast<double>(factor))});
  Set(node, "clamp", ActivationClamp(output, node.text("activation")));
}

// Common to all: types agree, shapes broadcast.
void InferBinary(InferContext& c) {
  c.RequireSameType(0, 1);
  c.SetOutput(0, c.input(0).dtype, BroadcastShape(c, 0, 1));
}

bool InferQuantizedBinary(InferContext& c) {
  InferBinary(c);
  const DataType type = c.input(0).dtype;
  if (type == DataType::kFloat32 || IsPlainInteger(type)) return false;
  for (const Tensor* tensor : {&c.input(0), &c.input(1), &c.output(0)}) {
    RequireOneScale(c, *tensor);
    RequireSymmetric16(c, *tensor);
  }
  CheckRequantization(c, 1);
  return true;
}

void InferSum(InferContext& c) {
  if (!InferQuantizedBinary(c)) return;
  CheckMultipliers(c, "input_multiplier", "input_shift", 2);
  const int64_t left_shift = c.node().integer("left_shift");
  const int64_t most = c.input(0).dtype == DataType::kInt16 ? 15 : 20;
  if (left_shift < 0 || left_shift > most) {
    c.FailFile("attribute 'left_shift' holds ", left_shift, ", outside of [0, ", most, "]");
  }
  for (const int64_t s : c.node().integers("input_shift")) {
    if (s < 0) c.FailFile("attribute 'input_shift' holds ", s, "; inputs cannot be scaled up");
  }
}

void InferProduct(InferContext& c) { InferQuantizedBinary(c); }

void InferExtremum(InferContext& c) {
  InferBinary(c);
  if (c.input(0).dtype == DataType::kBool) c.FailUnsupported("bool operands");
  RequireSameQuantization(c, 0, 0);
  RequireSameQuantization(c, 1, 0);
}

void InferFloatOnly(InferContext& c) {
  InferBinary(c);
  if (c.input(0).dtype != DataType::kFloat32) {
    c.FailUnsupported("operands of type ", integra::NameOf(c.input(0).dtype));
  }
}

void InferFloorDiv(InferContext& c) {
  InferBinary(c);
  const DataType type = c.input(0).dtype;
  if (type != DataType::kFloat32 && !IsPlainInteger(type)) {
    c.FailUnsupported("operands of type ", integra::NameOf(type));
  }
}

std::vector<AttributeSchema> SumAttributes() {
  return {
      ActivationAttribute(),
      {"pot_scale_int16", AttributeType::kBool,
       "16-bit operands whose scales are powers of two are shifted, not multiplied", false, true},
      {"left_shift", AttributeType::kInteger, "bits by which inputs are widened", false, false,
       true},
      DerivedIntegers("input_multiplier",
                      "m of each input's scale over twice the larger one, m / 2^(31+s)"),
      DerivedIntegers("input_shift", "s of the same"),
      DerivedIntegers("multiplier",
                      "m of twice the larger input scale / (2^left_shift * the output's)"),
      DerivedIntegers("shift", "s of the same"),
      DerivedIntegers("clamp", "smallest and largest output value, quantized"),
  };
}

std::vector<AttributeSchema> ProductAttributes() {
  return {
      ActivationAttribute(),
      DerivedIntegers("multiplier", "m of the input scales' product over the output's"),
      DerivedIntegers("shift", "s of the same, m / 2^(31+s)"),
      DerivedIntegers("clamp", "smallest and largest output value, quantized"),
  };
}

}  // namespace

extern const OperatorSchema kAddSchema = {
    "sum of two tensors, broadcast", 2, 2, 1, 1, SumAttributes(), InferSum, DeriveSum};
extern const OperatorSchema kSubSchema = {
    "difference of two tensors, broadcast", 2, 2, 1, 1, SumAttributes(), InferSum, DeriveSum};
extern const OperatorSchema kMulSchema = {"product of two tensors, broadcast",
                                          2,
                                          2,
                                          1,
                                          1,
                                          ProductAttributes(),
                                          InferProduct,
                                          DeriveProduct};
extern const OperatorSchema kMaximumSchema = {
    "larger of two tensors of one scale, broadcast", 2, 2, 1, 1, {}, InferExtremum};
extern const OperatorSchema kMinimumSchema = {
    "smaller of two tensors of one scale, broadcast", 2, 2, 1, 1, {}, InferExtremum};
extern const OperatorSchema kDivSchema = {"quotient of two float tensors, broadcast",
                                          2,
                                          2,
                                          1,
                                          1,
                                          {ActivationAttribute()},
                                          InferFloatOnly};
extern const OperatorSchema kFloorDivSchema = {
    "quotient of two tensors rounded towards minus infinity, broadcast; x / 0 is 0 for integers",
    2,
    2,
    1,
    1,
    {},
    InferFloorDiv};

}  // namespace integra::graph
