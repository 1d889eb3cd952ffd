#include "kernels/dynamic_stage.h"

#include <immintrin.h>

#include <algorithm>
#include <cstring>

namespace integra::kernels {

void ChannelExtremesSse41(const int32_t* sums, int64_t rows, int64_t n, int32_t* lowest,
                          int32_t* highest) {
  constexpr int kVectors = 4;  // of 4 channels: a cache line
  for (int64_t j = 0; j < n; j += 4 * kVectors) {
    const auto load = [&](int64_t r, int v) __attribute__((always_inline)) {
      return _mm_loadu_si128(reinterpret_cast<const __m128i*>(sums + r * n + j + 4 * v));
    };
    __m128i low[kVectors], high[kVectors];
    for (int v = 0; v < kVectors; ++v) low[v] = high[v] = load(0, v);
    for (int64_t r = 1; r < rows; ++r) {
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) {
        const __m128i x = load(r, v);
        low[v] = _mm_min_epi32(low[v], x);
        high[v] = _mm_max_epi32(high[v], x);
      }
    }
    const auto bytes = static_cast<size_t>(std::min<int64_t>(4 * kVectors, n - j)) * 4;
    std::memcpy(lowest + j, low, bytes);
    std::memcpy(highest + j, high, bytes);
  }
}

}  // namespace integra::kernels
