#include "graph/ops/operand_checks.h"

namespace integra::graph {

void RequireOneScale(const InferContext& c, const Tensor& tensor) {
  if (!IsQuantizedStorage(tensor.dtype)) {
    c.FailUnsupported("tensor '", tensor.name, "' is ", integra::NameOf(tensor.dtype));
  }
  if (tensor.quantization.empty()) {
    c.FailFile("tensor '", tensor.name, "' is ", integra::NameOf(tensor.dtype),
               " but has no scale");
  }
  if (tensor.quantization.per_channel()) {
    c.FailUnsupported("tensor '", tensor.name, "' has a scale per channel");
  }
}

void RequireSameQuantization(const InferContext& c, size_t input, size_t output) {
  if (!(c.input(input).quantization == c.output(output).quantization)) {
    c.FailFile("'", c.input(input).name, "' and '", c.output(output).name,
               "' differ in scale, zero point or range, which this operator does not change");
  }
}

void RequireSymmetric16(const InferContext& c, const Tensor& tensor) {
  if (tensor.dtype == DataType::kInt16 && tensor.quantization.zero_point.at(0) != 0) {
    c.FailUnsupported("int16 tensor '", tensor.name, "' has zero point ",
                      tensor.quantization.zero_point[0], "; only 0 is supported");
  }
}

void CheckMultipliers(const InferContext& c, const char* multiplier, const char* shift,
                      size_t count) {
  for (const char* name : {multiplier, shift}) {
    if (!c.node().has(name)) c.FailFile("attribute '", name, "' is missing");
    if (c.node().integers(name).size() != count) {
      c.FailFile("attribute '", name, "' needs ", count, " values");
    }
  }
  for (size_t i = 0; i < count; ++i) {
    const int64_t m = c.node().integers(multiplier)[i];
    const int64_t s = c.node().integers(shift)[i];
    if (m != 0 && (m < (int64_t{1} << 30) || m >= (int64_t{1} << 31))) {
      c.FailFile("attribute '", multiplier, "' holds ", m, ", outside of [2^30, 2^31)");
    }
    if (s < kMinShift || s > kMaxShift) {
      c.FailFile("attribute '", shift, "' holds ", s, ", outside of [", kMinShift, ", ", kMaxShift,
                 "]");
    }
  }
}

AttributeSchema ActivationAttribute() {
  return {"activation",
          AttributeType::kText,
          "function applied to the result",
          false,
          std::string("none"),
          false,
          {"none", "relu", "relu6", "relu_n1_to_1"}};
}

AttributeSchema DerivedIntegers(const char* name, const char* doc) {
  return {name, AttributeType::kIntegers, doc, false, false, true};
}

}  // namespace integra::graph
