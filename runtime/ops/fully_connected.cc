// Lowering of fully_connected.
#include <algorithm>

#include "runtime/ops/dense.h"
#include "runtime/ops/dynamic_layer.h"

namespace integra::runtime {
namespace {

constexpr int64_t kRowsPerPart = 192;

}  // namespace

void LowerFullyConnected(Lowering& l) {
  const int64_t depth = l.input(1).shape[1];
  const int64_t n = l.input(1).shape[0];
  const int64_t rows = ElementCount(l.input(0).shape) / depth;
  l.multiply_accumulates = static_cast<uint64_t>(rows * n * depth);
  if (l.input(0).dtype == DataType::kInt16) {
    kernels::Conv2dParams p;
    p.batch = rows;
    p.in_channels = depth;
    p.out_channels = n;
    p.src_zero_point = Lowering::ActivationOf(l.input(0)).zero_point;
    EmitInt16(l, p);
    return;
  }
  const Int8Weights weights = Int8WeightsOf(l.input(1));
  kernels::GemmProblem problem;
  problem.n = n;
  problem.segment_length = depth;
  problem.weights = weights.data;
  problem.weight_zero_point = weights.zero_point;
  problem.src_zero_point = Lowering::ActivationOf(l.input(0)).zero_point;
  problem.bias = BiasOf(l);
  problem.stage = OutputStageOf(l);
  problem.max_rows = std::min(rows, kRowsPerPart);
  const auto gemm = CachedGemm(l, 0, problem);

  std::vector<int32_t> offsets(static_cast<size_t>(problem.max_rows));
  for (size_t r = 0; r < offsets.size(); ++r) offsets[r] = static_cast<int32_t>(r * depth);
  l.scratch_bytes = gemm->scratch_bytes();
  const auto in = l.node.inputs[0], out = l.node.outputs[0];
  const int64_t parts = (rows + kRowsPerPart - 1) / kRowsPerPart;
  const auto run = [=, offsets = std::move(offsets)](const StepContext& c, auto* dst) {
    const uint8_t* src = c.in<uint8_t>(in);
    static constexpr int32_t kOneSegment = 0;
    c.pool->ParallelFor(parts, [&](int64_t part, int thread) {
      const int64_t first = part * kRowsPerPart;
      gemm->Run({src + first * depth, offsets.data(), &kOneSegment},
                std::min(kRowsPerPart, rows - first), dst + first * n, n, c.scratch[thread]);
    });
  };
  if (l.has_dynamic_range()) {
    problem.bias = nullptr;
    EmitDynamic(l, gemm->name(),
                DynamicLayerOf(l, kernels::GemmAddends(problem), kernels::LargestSum(problem)),
                run);
  } else {
    l.Emit(gemm->name(), [=](const StepContext& c) { run(c, c.out<uint8_t>(out)); });
  }
}

}  // namespace integra::runtime
