// The end of a GEMM of one row: from the sums of 32 channels to outputs.
#pragma once

#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "kernels/avx2/output_stage.h"

namespace integra::kernels::avx2 {

constexpr int kRowVectors = 4;  // of 8 channels
constexpr int64_t kRowChannels = 8 * kRowVectors;

// The sums of channels `channel` and following, of n, as outputs from dst + channel on.
INTEGRA_INLINE void StoreRow(const VectorOutputStage& stage, const Lanes (&sums)[kRowVectors],
                             int64_t channel, int64_t n, uint8_t* dst) {
  const int64_t valid = std::min(kRowChannels, n - channel);
  dst += channel;
  if (stage.form() == Form::kScalar) {
    alignas(32) int32_t values[kRowChannels];
    std::memcpy(values, sums, sizeof(values));
    for (int64_t i = 0; i < valid; ++i) {
      const int64_t lane = VectorOutputStage::Shuffled(i);
      dst[i] = stage.ApplyScalar(values[lane], channel + lane);
    }
    return;
  }
  const VectorOutputStage::Block* blocks = stage.blocks() + channel / 16;
  const Form form = stage.form();
  __m256i r[kRowVectors];
#pragma GCC unroll 4
  for (int v = 0; v < kRowVectors; ++v) {
    r[v] = Scale((__m256i)sums[v], LoadStage(blocks[v / 2], v % 2), form);
  }
  const __m256i bytes = NarrowRows(r[0], r[1], r[2], r[3], LoadClamp(stage));
  StoreChannels(dst, _mm256_castsi256_si128(bytes), std::min<int64_t>(16, valid));
  if (valid > 16) StoreChannels(dst + 16, _mm256_extracti128_si256(bytes, 1), valid - 16);
}

// The same without output stage.
INTEGRA_INLINE void StoreRow(const VectorOutputStage&, const Lanes (&sums)[kRowVectors],
                             int64_t channel, int64_t n, int32_t* dst) {
  Lanes in_order[kRowVectors];
  for (int v = 0; v < kRowVectors; ++v) in_order[v] = (Lanes)UnshuffleLanes((__m256i)sums[v]);
  StoreSums<kRowChannels>(dst + channel, in_order, std::min(kRowChannels, n - channel));
}

}  // namespace integra::kernels::avx2
