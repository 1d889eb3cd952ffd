#include "graph/schema.h"

namespace integra::graph {

#define OPERATOR(Name, text) extern const OperatorSchema k##Name##Schema;
#include "graph/operators.inc"
#undef OPERATOR

const OperatorSchema& SchemaOf(OpType type) {
  static const OperatorSchema* const kSchemas[] = {
#define OPERATOR(Name, text) &k##Name##Schema,
#include "graph/operators.inc"
#undef OPERATOR
  };
  return *kSchemas[static_cast<size_t>(type)];
}

const Tensor& InferContext::input(size_t i) const {
  if (!has_input(i)) FailFile("input ", i, " is missing");
  return graph_.tensor(node_.inputs[i]);
}

const Tensor& InferContext::output(size_t i) const { return graph_.tensor(node_.outputs[i]); }

void InferContext::SetOutput(size_t i, DataType dtype, Shape shape) {
  Tensor& tensor = graph_.tensor(node_.outputs[i]);
  if (tensor.dtype != dtype) {
    FailFile("output tensor '", tensor.name, "' is declared ", integra::NameOf(tensor.dtype),
             ", but the node makes ", integra::NameOf(dtype));
  }
  if (tensor.shape.empty()) {
    tensor.shape = std::move(shape);
  } else if (tensor.shape != shape) {
    FailFile("output tensor '", tensor.name, "' is declared ", ToString(tensor.shape),
             ", but the node makes ", ToString(shape));
  }
}

void InferContext::RequireRank(size_t i, size_t rank) const {
  if (input(i).shape.size() != rank) {
    FailFile("input tensor '", input(i).name, "' has shape ", ToString(input(i).shape), ", but ",
             rank, " dimensions are needed");
  }
}

void InferContext::RequireSameType(size_t a, size_t b) const {
  if (input(a).dtype != input(b).dtype) {
    FailFile("inputs '", input(a).name, "' (", integra::NameOf(input(a).dtype), ") and '",
             input(b).name, "' (", integra::NameOf(input(b).dtype), ") differ in type");
  }
}

int64_t InferContext::ResolveAxis(int64_t axis, size_t rank) const {
  const auto dims = static_cast<int64_t>(rank);
  if (axis < -dims || axis >= dims) FailFile("axis ", axis, " is outside of ", dims, " dimensions");
  return axis < 0 ? axis + dims : axis;
}

bool InferContext::is_quantized(size_t i) const {
  return IsQuantizedStorage(input(i).dtype) && !input(i).quantization.empty();
}

void InferContext::ReportBound(const AccumulatorBound& bound) const {
  if (bound_ == nullptr) return;
  // Of several sums in one node (a recurrent layer's gates) the one with the least room counts.
  if (!*bound_ || bound.limit_bits() - bound.bits() < (*bound_)->limit_bits() - (*bound_)->bits()) {
    *bound_ = bound;
  }
}

std::vector<AttributeSchema> RequantizationAttributes() {
  return {
      {"activation",
       AttributeType::kText,
       "function applied to the result",
       false,
       std::string("none"),
       false,
       {"none", "relu", "relu6", "relu_n1_to_1"}},
      {"multiplier", AttributeType::kIntegers,
       "m of scale_in * scale_weights / scale_out = m / 2^(31+s), per output channel or one", false,
       false, true},
      {"shift", AttributeType::kIntegers, "s of the same", false, false, true},
      {"rounding",
       AttributeType::kText,
       "how the scaled accumulator is rounded",
       false,
       std::string("single"),
       false,
       {"single", "double"}},
      {"clamp", AttributeType::kIntegers, "smallest and largest output value, quantized", false,
       false, true},
  };
}

Requantization RequantizationOf(const Node& node) {
  Requantization r;
  const auto& multiplier = node.integers("multiplier");
  const auto& shift = node.integers("shift");
  r.multipliers.reserve(multiplier.size());
  for (size_t c = 0; c < multiplier.size(); ++c) {
    r.multipliers.push_back({static_cast<int32_t>(multiplier[c]), static_cast<int32_t>(shift[c])});
  }
  r.rounding = node.text("rounding") == "double" ? Rounding::kDouble : Rounding::kSingle;
  const auto& clamp = node.integers("clamp");
  r.clamp_min = static_cast<int32_t>(clamp[0]);
  r.clamp_max = static_cast<int32_t>(clamp[1]);
  return r;
}

}  // namespace integra::graph
