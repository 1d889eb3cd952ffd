// Schemas of operators that change how numbers are held.
#include "graph/ops/operand_checks.h"
#include "graph/quantized_ops.h"

namespace integra::graph {
namespace {

void DeriveQuantize(const Graph& graph, Node& node) {
  const Tensor& x = graph.tensor(node.inputs[0]);
  const Tensor& y = graph.tensor(node.outputs[0]);
  if (x.dtype == DataType::kFloat32 || x.quantization.scale.size() != 1 ||
      y.quantization.scale.size() != 1 || node.has("multiplier")) {
    return;
  }
  const Multiplier f = QuantizeMultiplier(static_cast<double>(x.quantization.scale[0]) /
                                          static_cast<double>(y.quantization.scale[0]));
  node.attributes["multiplier"] = std::vector<int64_t>{f.m};
  node.attributes["shift"] = std::vector<int64_t>{f.s};
}

void InferQuantize(InferContext& c) {
  const Tensor& x = c.input(0);
  const DataType to = c.output(0).dtype;
  const bool wide = to == DataType::kInt32;  // an int32 result of int16 values
  if (!wide) RequireOneScale(c, c.output(0));
  if (x.dtype != DataType::kFloat32) {
    if (x.dtype != DataType::kInt32) RequireOneScale(c, x);
    if (wide && x.dtype != DataType::kInt16) c.FailUnsupported("int32 results of 8-bit inputs");
    for (const Tensor* tensor : {&x, &c.output(0)}) {
      if (tensor->quantization.scale.size() != 1) {
        c.FailFile("tensor '", tensor->name, "' needs one scale");
      }
    }
    if (x.dtype == DataType::kInt16 && to == DataType::kInt16) {
      RequireSymmetric16(c, x);
      RequireSymmetric16(c, c.output(0));
    }
    if (x.dtype == DataType::kInt32 && x.quantization.zero_point[0] != 0) {
      c.FailUnsupported("int32 inputs with zero point ", x.quantization.zero_point[0]);
    }
    CheckMultipliers(c, "multiplier", "shift", 1);
  } else if (wide) {
    c.FailUnsupported("int32 results of float inputs");
  }
  c.SetOutput(0, to, x.shape);
}

void InferDequantize(InferContext& c) {
  RequireOneScale(c, c.input(0));
  c.SetOutput(0, DataType::kFloat32, c.input(0).shape);
}

void InferCast(InferContext& c) { c.SetOutput(0, c.output(0).dtype, c.input(0).shape); }

void InferSqrt(InferContext& c) {
  if (c.input(0).dtype != DataType::kFloat32) {
    c.FailUnsupported("input of type ", integra::NameOf(c.input(0).dtype));
  }
  c.SetOutput(0, DataType::kFloat32, c.input(0).shape);
}

}  // namespace

extern const OperatorSchema kQuantizeSchema = {
    "the same numbers with another type, scale or zero point",
    1,
    1,
    1,
    1,
    {DerivedIntegers("multiplier", "m of the input's scale over the output's, m / 2^(31+s)"),
     DerivedIntegers("shift", "s of the same"),
     {"rounding",
      AttributeType::kText,
      "how the scaled value is rounded",
      false,
      std::string("double"),
      false,
      {"single", "double"}}},
    InferQuantize,
    DeriveQuantize};
extern const OperatorSchema kDequantizeSchema = {
    "quantized values as float32", 1, 1, 1, 1, {}, InferDequantize};
extern const OperatorSchema kCastSchema = {
    "the stored values in another type, without regard to scales; integers wrap around",
    1,
    1,
    1,
    1,
    {},
    InferCast};
extern const OperatorSchema kSqrtSchema = {
    "square root of a float tensor", 1, 1, 1, 1, {}, InferSqrt};

}  // namespace integra::graph
