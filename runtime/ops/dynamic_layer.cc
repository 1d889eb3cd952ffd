#include "runtime/ops/dynamic_layer.h"

#include <algorithm>

#include "graph/dynamic_range.h"
#include "runtime/ops/dense.h"

namespace integra::runtime {
namespace {

constexpr int64_t kSumsPerPart = 16384;

kernels::DynamicLayer WithRange(const Lowering& l, kernels::DynamicLayer layer) {
  layer.finds_range = l.range_of(l.node.outputs[0]) != graph::kNoTensor;
  const auto [low, high] = graph::ActivationSteps(l.graph, l.node);
  layer.low = low;
  layer.high = high;
  if (layer.stage.multipliers.size() == 1) {
    layer.stage.multipliers.resize(layer.addends.size(), layer.stage.multipliers[0]);
  }
  return layer;
}

}  // namespace

DynamicLayerStep::DynamicLayerStep(Lowering& l, kernels::DynamicLayer layer)
    : layer_(WithRange(l, std::move(layer))),
      rows_(ElementCount(l.output(0).shape) / layer_.channels()),
      input_(l.range_of(l.node.inputs[0])),
      output_(l.range_of(l.node.outputs[0])),
      out_(l.node.outputs[0]),
      channel_extremes_(kernels::ChooseChannelExtremes(l.isa)),
      requantize_(kernels::ChooseRequantize(l.isa)),
      run_{layer_.stage.multipliers, layer_.addends, 0, 255, {}},
      stage_(layer_.stage, layer_.addends, kernels::PlainOrder(layer_.channels(), 16),
             layer_.largest_sum) {
  const auto threads = static_cast<size_t>(l.options.threads);
  lowest_.resize(threads * layer_.addends.size());
  highest_.resize(lowest_.size());
  l.workspace_bytes =
      static_cast<size_t>(rows_ * layer_.channels()) * sizeof(int32_t) + kReadPadding;
}

void DynamicLayerStep::Finish(const StepContext& c, const DynamicRange& x) {
  const int64_t n = layer_.channels();
  const int32_t* sums = Sums(c);
  const int64_t parts =
      std::clamp<int64_t>(rows_ * n / kSumsPerPart, 1, std::min<int64_t>(c.pool->threads(), rows_));
  kernels::TakeInputRange(layer_, x, run_);
  if (layer_.finds_range) {
    c.pool->ParallelFor(parts, [&](int64_t part, int) {
      const int64_t first = rows_ * part / parts, end = rows_ * (part + 1) / parts;
      channel_extremes_(sums + first * n, end - first, n, lowest_.data() + part * n,
                        highest_.data() + part * n);
    });
    for (int64_t i = n; i < parts * n; ++i) {
      int32_t& low = lowest_[static_cast<size_t>(i % n)];
      int32_t& high = highest_[static_cast<size_t>(i % n)];
      low = std::min(low, lowest_[static_cast<size_t>(i)]);
      high = std::max(high, highest_[static_cast<size_t>(i)]);
    }
    kernels::FindOutputRange(layer_, lowest_.data(), highest_.data(), run_);
    c.ranges[output_] = run_.range;
  }
  stage_.Update(run_.multipliers, run_.addends, run_.min, run_.max);
  c.pool->ParallelFor(parts, [&](int64_t part, int) {
    const int64_t first = rows_ * part / parts, end = rows_ * (part + 1) / parts;
    requantize_(stage_, 0, sums + first * n, n, end - first, n, nullptr,
                c.out<uint8_t>(out_) + first * n, n);
  });
}

kernels::DynamicLayer DynamicLayerOf(const Lowering& l, std::vector<int32_t> addends,
                                     int64_t largest_sum) {
  kernels::DynamicLayer layer;
  layer.stage = OutputStageOf(l);
  layer.addends = std::move(addends);
  if (const int32_t* bias = BiasOf(l)) layer.bias.assign(bias, bias + layer.channels());
  layer.largest_sum = largest_sum;
  return layer;
}

}  // namespace integra::runtime
