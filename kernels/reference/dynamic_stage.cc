#include "kernels/dynamic_stage.h"

#include <algorithm>

namespace integra::kernels {

void TakeInputRange(const DynamicLayer& layer, const DynamicRange& x, DynamicStage& run) {
  for (size_t c = 0; c < layer.addends.size(); ++c) {
    run.multipliers[c] = Product(layer.stage.multiplier(static_cast<int64_t>(c)), x.ratio);
    const int64_t bias = layer.bias.empty() ? 0 : MultiplySingle(layer.bias[c], x.inverse);
    // Modulo 2^32; the whole accumulator fits (graph::CheckAccumulators).
    run.addends[c] =
        static_cast<int32_t>(static_cast<uint32_t>(layer.addends[c]) + static_cast<uint32_t>(bias));
  }
  run.min = layer.stage.min;
  run.max = layer.stage.max;
  run.range = {};
}

void FindOutputRange(const DynamicLayer& layer, const int32_t* lowest, const int32_t* highest,
                     DynamicStage& run) {
  int64_t low = 0, high = 0;  // 0 belongs to every range
  for (size_t c = 0; c < layer.addends.size(); ++c) {
    const auto steps = [&](int32_t sum) {
      const uint32_t acc = static_cast<uint32_t>(sum) + static_cast<uint32_t>(run.addends[c]);
      return Steps(static_cast<int32_t>(acc), run.multipliers[c]);
    };
    low = std::min(low, steps(lowest[c]));
    high = std::max(high, steps(highest[c]));
  }
  const int32_t zero = layer.stage.zero_point;
  run.range = RangeFor(std::max(low, layer.low), std::min(high, layer.high), zero);
  for (Multiplier& f : run.multipliers) f = Product(f, run.range.inverse);
  // Where the activation function ends inside of the grid.
  const auto limit = [&](int64_t steps) {
    constexpr int64_t kFar = int64_t{1} << 31;  // 2^15 steps, at the smallest ratio 2^23
    const int64_t scaled = MultiplySingle(Clamp(steps, -kFar, kFar - 1), run.range.inverse);
    const int64_t q = ((scaled + (int64_t{1} << (kStepFractionBits - 1))) >> kStepFractionBits);
    return static_cast<int32_t>(Clamp<int64_t>(q + zero, 0, 255));
  };
  run.min = limit(layer.low);
  run.max = limit(layer.high);
}

void ChannelExtremesReference(const int32_t* sums, int64_t rows, int64_t n, int32_t* lowest,
                              int32_t* highest) {
  std::copy_n(sums, n, lowest);
  std::copy_n(sums, n, highest);
  for (int64_t r = 1; r < rows; ++r) {
    const int32_t* row = sums + r * n;
    for (int64_t j = 0; j < n; ++j) {
      lowest[j] = std::min(lowest[j], row[j]);
      highest[j] = std::max(highest[j], row[j]);
    }
  }
}

DynamicRange ReferenceDynamicLayer(const DynamicLayer& layer, const DynamicRange& x,
                                   const int32_t* sums, int64_t rows, uint8_t* dst) {
  const auto n = layer.channels();
  const auto count = static_cast<size_t>(n);
  DynamicStage run{std::vector<Multiplier>(count), std::vector<int32_t>(count), 0, 255, {}};
  TakeInputRange(layer, x, run);
  if (layer.finds_range) {
    std::vector<int32_t> lowest(count), highest(count);
    ChannelExtremesReference(sums, rows, n, lowest.data(), highest.data());
    FindOutputRange(layer, lowest.data(), highest.data(), run);
  }
  const OutputStage stage{run.multipliers, layer.stage.rounding, layer.stage.zero_point, run.min,
                          run.max};
  for (int64_t i = 0; i < rows * n; ++i) {
    const uint32_t addend = static_cast<uint32_t>(run.addends[static_cast<size_t>(i % n)]);
    const auto acc = static_cast<int32_t>(static_cast<uint32_t>(sums[i]) + addend);
    dst[i] = static_cast<uint8_t>(stage.Apply(acc, i % n));
  }
  return run.range;
}

}  // namespace integra::kernels
