#include "kernels/dynamic_stage.h"

#include <immintrin.h>

#include <algorithm>
#include <cstring>

namespace integra::kernels {

void ChannelExtremesAvx2(const int32_t* sums, int64_t rows, int64_t n, int32_t* lowest,
                         int32_t* highest) {
  constexpr int kVectors = 2;  // of 8 channels: a cache line
  for (int64_t j = 0; j < n; j += 8 * kVectors) {
    const auto load = [&](int64_t r, int v) __attribute__((always_inline)) {
      return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(sums + r * n + j + 8 * v));
    };
    __m256i low[kVectors] = {load(0, 0), load(0, 1)};
    __m256i high[kVectors] = {low[0], low[1]};
    for (int64_t r = 1; r < rows; ++r) {
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) {
        const __m256i x = load(r, v);
        low[v] = _mm256_min_epi32(low[v], x);
        high[v] = _mm256_max_epi32(high[v], x);
      }
    }
    const auto bytes = static_cast<size_t>(std::min<int64_t>(8 * kVectors, n - j)) * 4;
    std::memcpy(lowest + j, low, bytes);
    std::memcpy(highest + j, high, bytes);
  }
}

}  // namespace integra::kernels
