// Lowering of fully_connected, and of convolutions that are one product of whole samples.
#include <algorithm>

#include "runtime/ops/dense.h"
#include "runtime/ops/dynamic_layer.h"

namespace integra::runtime {
namespace {

using kernels::Gemm;
using kernels::GemmProblem;

constexpr int64_t kRowsPerPart = 192;

// Output channels of a part. One row takes as long as reading its weights: so many of them that
// other threads are worth waking, evenly shared. (Not by the number of threads: sessions share
// packed weights.)
int64_t ChannelsPerPart(int64_t rows, int64_t depth, int64_t n) {
  constexpr int64_t kWeightsPerPart = 64 << 10;
  constexpr int64_t kWidestRow = 128;  // kernels take so many channels at once
  if (rows > 1) return n;
  const int64_t parts = std::max<int64_t>(1, n * depth / kWeightsPerPart);
  const int64_t blocks = (n + kWidestRow - 1) / kWidestRow;
  return std::min(n, (blocks + parts - 1) / parts * kWidestRow);
}

}  // namespace

void EmitDense(Lowering& l, int64_t rows, int64_t depth) {
  const int64_t n = l.output(0).shape.back();
  const Int8Weights weights = Int8WeightsOf(l.input(1));
  GemmProblem problem;
  problem.n = n;
  problem.segment_length = depth;
  problem.weights = weights.data;
  problem.weight_zero_point = weights.zero_point;
  problem.src_zero_point = Lowering::ActivationOf(l.input(0)).zero_point;
  problem.bias = BiasOf(l);
  problem.stage = OutputStageOf(l);
  problem.max_rows = std::min(rows, kRowsPerPart);
  const int64_t channels = ChannelsPerPart(rows, depth, n);
  std::vector<std::shared_ptr<const Gemm>> gemms;
  for (int64_t c = 0; c < n; c += channels) {
    gemms.push_back(CachedGemm(l, c / channels, ChannelsOf(problem, c, std::min(channels, n - c))));
    l.scratch_bytes = std::max(l.scratch_bytes, gemms.back()->scratch_bytes());
  }

  std::vector<int32_t> offsets(static_cast<size_t>(problem.max_rows));
  for (size_t r = 0; r < offsets.size(); ++r) offsets[r] = static_cast<int32_t>(r * depth);
  const std::string name = gemms[0]->name();
  const auto in = l.node.inputs[0], out = l.node.outputs[0];
  // Of rows or, where there is but one, of channels.
  const int64_t parts =
      std::max((rows + kRowsPerPart - 1) / kRowsPerPart, static_cast<int64_t>(gemms.size()));
  const auto run = [=, offsets = std::move(offsets)](const StepContext& c, auto* dst) {
    const uint8_t* src = c.in<uint8_t>(in);
    static constexpr int32_t kOneSegment = 0;
    c.pool->ParallelFor(parts, [&](int64_t part, int thread) {
      const int64_t first = rows > 1 ? part * kRowsPerPart : 0, g = rows > 1 ? 0 : part;
      gemms[static_cast<size_t>(g)]->Run({src + first * depth, offsets.data(), &kOneSegment},
                                         std::min(kRowsPerPart, rows - first),
                                         dst + first * n + g * channels, n, c.scratch[thread]);
    });
  };
  if (l.has_dynamic_range()) {
    problem.bias = nullptr;
    EmitDynamic(l, name,
                DynamicLayerOf(l, kernels::GemmAddends(problem), kernels::LargestSum(problem)),
                run);
  } else {
    l.Emit(name, [=](const StepContext& c) { run(c, c.out<uint8_t>(out)); });
    // Where no other thread takes a part.
    if (rows == 1 && (parts == 1 || l.options.threads == 1)) l.OfferRowSteps(gemms, channels);
  }
}

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
  EmitDense(l, rows, depth);
}

}  // namespace integra::runtime
