#include "runtime/ops/dense.h"

#include "base/error.h"
#include "graph/ops/window.h"

namespace integra::runtime {

kernels::OutputStage OutputStageOf(const Lowering& l) {
  const graph::Requantization r = l.RequantizationInStoredDomain();
  return {r.multipliers, r.rounding, Lowering::ActivationOf(l.output(0)).zero_point, r.clamp_min,
          r.clamp_max};
}

kernels::Conv2dParams Conv2dParamsOf(const Lowering& l) {
  const Shape& in = l.input(0).shape;
  const Shape& weights = l.input(1).shape;
  const Shape& out = l.output(0).shape;
  const auto [rows, columns] = graph::WindowsOf(l.node, weights[1], weights[2]);
  kernels::Conv2dParams p;
  p.batch = in[0];
  p.y = {in[1], out[1], rows.size, rows.stride, rows.dilation, rows.pad_before};
  p.x = {in[2], out[2], columns.size, columns.stride, columns.dilation, columns.pad_before};
  p.in_channels = in[3];
  p.out_channels = out[3];
  p.depthwise = l.node.type == graph::OpType::kDepthwiseConv2d;
  p.groups = p.depthwise ? 1 : in[3] / weights[3];
  p.src_zero_point = Lowering::ActivationOf(l.input(0)).zero_point;
  return p;
}

Int8Weights Int8WeightsOf(const graph::Tensor& weights) {
  Int8Weights w;
  const auto& zero_point = weights.quantization.zero_point;
  w.zero_point = zero_point.empty() ? 0 : zero_point[0];
  if (weights.dtype == DataType::kInt8) {
    w.data = weights.data.as<int8_t>();
    return w;
  }
  w.zero_point -= 128;
  w.copy.resize(weights.data.size());
  for (size_t i = 0; i < w.copy.size(); ++i) {
    w.copy[i] = static_cast<int8_t>(weights.data.as<uint8_t>()[i] - 128);
  }
  w.data = w.copy.data();
  return w;
}

const int32_t* BiasOf(const Lowering& l) {
  return l.has_input(2) ? l.input(2).data.as<int32_t>() : nullptr;
}

kernels::GemmKind GemmKindOf(const Lowering& l) {
  if (l.candidate == Candidate::kOneDnn) return kernels::GemmKind::kOneDnn;
  if (l.options.gemm == "onednn") return kernels::GemmKind::kOneDnn;
  if (l.options.gemm == "own") return kernels::GemmKind::kOwn;
  if (l.options.gemm == "reference") return kernels::GemmKind::kReference;
  return kernels::GemmKind::kBest;
}

std::shared_ptr<const kernels::Gemm> CachedGemm(const Lowering& l, int64_t part,
                                                const kernels::GemmProblem& problem) {
  const kernels::GemmKind kind = GemmKindOf(l);
  const std::string key = StrCat("gemm/", l.node.outputs[0], "/", part, "/", NameOf(l.isa), "/",
                                 static_cast<int>(kind), "/", problem.max_rows);
  return l.cache.Get<kernels::Gemm>(key, [&]() -> std::shared_ptr<const kernels::Gemm> {
    return kernels::MakeGemm(problem, l.isa, kind);
  });
}

kernels::GemmProblem ChannelsOf(const kernels::GemmProblem& problem, int64_t first, int64_t count) {
  kernels::GemmProblem part = problem;
  part.n = count;
  part.weights += first * problem.depth();
  if (problem.bias != nullptr) part.bias += first;
  if (problem.stage.multipliers.size() > 1) {
    const auto begin = problem.stage.multipliers.begin() + first;
    part.stage.multipliers.assign(begin, begin + count);
  }
  return part;
}

void EmitInt16(Lowering& l, const kernels::Conv2dParams& p) {
  const kernels::OutputStage stage = OutputStageOf(l);
  const auto in = l.node.inputs[0], out = l.node.outputs[0];
  const int8_t* weights = l.input(1).data.as<int8_t>();
  const graph::Tensor* bias = l.has_input(2) ? &l.input(2) : nullptr;
  l.Emit("reference int16", [=](const StepContext& c) {
    const auto* src = c.in<int16_t>(in);
    auto* dst = c.out<int16_t>(out);
    if (bias != nullptr && bias->dtype == DataType::kInt64) {
      kernels::ReferenceConv2d(p, src, weights, bias->data.as<int64_t>(), stage, dst);
    } else {
      const int32_t* b = bias != nullptr ? bias->data.as<int32_t>() : nullptr;
      kernels::ReferenceConv2d(p, src, weights, b, stage, dst);
    }
  });
}

}  // namespace integra::runtime
