// Lowering of depthwise_conv_2d: stripes of output rows.
#include <algorithm>

#include "kernels/depthwise.h"
#include "runtime/ops/dense.h"
#include "runtime/ops/dynamic_layer.h"
#include "runtime/ops/padded_rows.h"

namespace integra::runtime {
namespace {

// Input bytes of a stripe: half of a usual first-level cache.
constexpr int64_t kStripeBytes = 16 << 10;

}  // namespace

void LowerDepthwiseConv2d(Lowering& l) {
  const kernels::Conv2dParams p = Conv2dParamsOf(l);
  const int64_t out_elements = ElementCount(l.output(0).shape);
  l.multiply_accumulates = static_cast<uint64_t>(out_elements * p.y.kernel * p.x.kernel);
  if (l.input(0).dtype == DataType::kInt16) {
    EmitInt16(l, p);
    return;
  }
  const PaddedRows input(p, p.out_channels / p.in_channels, p.x.stride);
  const Int8Weights weights = Int8WeightsOf(l.input(1));
  kernels::DepthwiseProblem problem;
  problem.channels = p.out_channels;
  problem.out_width = p.x.output;
  problem.kernel_y = p.y.kernel;
  problem.kernel_x = p.x.kernel;
  problem.stride_y = p.y.stride;
  problem.stride_x = p.x.stride;
  problem.dilation_y = p.y.dilation;
  problem.dilation_x = p.x.dilation;
  problem.pitch = input.pitch;
  problem.plane = input.plane;
  problem.weights = weights.data;
  problem.weight_zero_point = weights.zero_point;
  problem.src_zero_point = p.src_zero_point;
  problem.bias = BiasOf(l);
  problem.stage = OutputStageOf(l);
  const auto kernel = l.cache.Get<kernels::Depthwise>(
      StrCat("depthwise/", l.node.outputs[0], "/", NameOf(l.isa)), [&] {
        return std::shared_ptr<const kernels::Depthwise>(kernels::MakeDepthwise(problem, l.isa));
      });

  const int64_t per_row = std::max<int64_t>(1, input.pitch * p.y.stride);
  const int64_t most =
      std::clamp<int64_t>(kStripeBytes / per_row, std::min<int64_t>(4, p.y.output), p.y.output);
  const int64_t rows = RowsPerStripe(p.y.output, most, l.options.threads, 1);
  const int64_t stripes = (p.y.output + rows - 1) / rows;
  l.scratch_bytes = input.copy_bytes(rows);
  const auto in = l.node.inputs[0], out = l.node.outputs[0];
  const auto run = [=](const StepContext& c, auto* outputs) {
    c.pool->ParallelFor(p.batch * stripes, [&](int64_t part, int thread) {
      const int64_t image = part / stripes;
      const int64_t first = part % stripes * rows;
      const int64_t count = std::min(rows, p.y.output - first);
      const uint8_t* src = c.in<uint8_t>(in) + image * p.y.input * p.x.input * p.in_channels;
      auto* dst = outputs + (image * p.y.output + first) * p.x.output * p.out_channels;
      kernel->Run(input.Prepare(src, first, count, c.scratch[thread]), count, dst);
    });
  };
  if (l.has_dynamic_range()) {
    problem.bias = nullptr;
    EmitDynamic(l, kernel->name(),
                DynamicLayerOf(l, kernels::DepthwiseAddends(problem), kernels::LargestSum(problem)),
                run);
  } else {
    l.Emit(kernel->name(), [=](const StepContext& c) { run(c, c.out<uint8_t>(out)); });
  }
}

}  // namespace integra::runtime
