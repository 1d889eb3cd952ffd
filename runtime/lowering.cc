#include "runtime/lowering.h"

#include <algorithm>

#include "runtime/ops/row_source.h"

namespace integra::runtime {

#define OPERATOR(Name, text) void Lower##Name(Lowering&);
#include "graph/operators.inc"
#undef OPERATOR

LowerFunction LowerFunctionOf(graph::OpType type) {
  static constexpr LowerFunction kFunctions[] = {
#define OPERATOR(Name, text) Lower##Name,
#include "graph/operators.inc"
#undef OPERATOR
  };
  return kFunctions[static_cast<size_t>(type)];
}

bool Lowering::has_dynamic_range() const {
  const auto dynamic = [&](graph::TensorId id) { return range_of(id) != graph::kNoTensor; };
  return std::ranges::any_of(node.inputs, dynamic) || std::ranges::any_of(node.outputs, dynamic);
}

Activation Lowering::ActivationOf(const graph::Tensor& tensor) {
  const int32_t offset = tensor.dtype == DataType::kInt8 ? 128 : 0;
  const auto& zero_point = tensor.quantization.zero_point;
  return {(zero_point.empty() ? 0 : zero_point[0]) + offset, offset};
}

graph::Requantization Lowering::RequantizationInStoredDomain() const {
  graph::Requantization r = graph::RequantizationOf(node);
  const int32_t offset = ActivationOf(output(0)).offset;
  r.clamp_min += offset;
  r.clamp_max += offset;
  return r;
}

void Lowering::Emit(std::string kernel_name, Step run) {
  kernel = std::move(kernel_name);
  step = std::move(run);
}

void Lowering::AliasOutput(size_t i, size_t j) {
  kernel = "shares memory";
  aliases.push_back({node.outputs[i], node.inputs[j]});
}

void Lowering::TakeInputRows() { takes_input_rows = true; }

void Lowering::OfferRowSteps(std::vector<std::shared_ptr<const kernels::Gemm>> gemms,
                             int64_t channels) {
  for (const auto& gemm : gemms) {
    if (gemm->row_steps().empty()) return;
  }
  row_layer = {std::move(gemms), channels, node.inputs[0], node.outputs[0]};
}

void Lowering::OfferRows(RowSource source) {
  rows = std::make_shared<const RowSource>(std::move(source));
}

}  // namespace integra::runtime
