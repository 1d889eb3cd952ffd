// Sums of columns, scaled, for one instruction set: see channel_sums.h about how it is included.
#pragma once

#include "kernels/channel_sums.h"
#include "kernels/reduce.h"

namespace integra::kernels {
namespace {

inline void ScaleSums(const SumParams& p, const uint32_t* sums, int64_t count, uint8_t* dst) {
  // MultiplyDouble (base/fixed_point.h), its cases taken out of the loop.
  const bool twice = p.scale.s > 0;
  const int64_t round = twice ? (int64_t{1} << 30) : int64_t{1} << (30 + p.scale.s);
  const int64_t round_again = twice ? int64_t{1} << (30 + p.scale.s) : 0;
  const int64_t away_from_zero = twice ? int64_t{1} << 31 : 0;
  const int shift = 31 + p.scale.s;
  const int64_t m = p.scale.m;
  for (int64_t c = 0; c < count; ++c) {
    // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): ChannelSums has set it
    const int32_t sum = static_cast<int32_t>(sums[c]) - p.zero_sum;
    const int64_t t = sum * m + round;
    int64_t y = (t + round_again - (t < 0 ? away_from_zero : 0)) >> shift;
    y += p.output_zero;
    y = y < p.clamp_min ? p.clamp_min : y;
    dst[c] = static_cast<uint8_t>(y > p.clamp_max ? p.clamp_max : y);
  }
}

inline void ScaledColumnSums(const SumParams& p, const uint8_t* src, int64_t count, int64_t inner,
                             uint8_t* dst) {
  for (int64_t first = 0; first < inner; first += kBlock) {
    const int64_t rest = inner - first;
    const int64_t channels = rest < kBlock ? rest : kBlock;
    ChannelSums sums(channels);
    for (int64_t i = 0; i < count; ++i) sums.Add(src + i * inner + first);
    ScaleSums(p, sums.Finish(), channels, dst + first);
  }
}

}  // namespace
}  // namespace integra::kernels
