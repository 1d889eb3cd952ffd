// Products that are added to sums at once.
#pragma once

#include <immintrin.h>

#include "kernels/avx2/output_stage.h"

namespace integra::kernels {

using avx2::Lanes;

// sum + the products of four unsigned bytes of x and four signed ones of w, of each lane.
INTEGRA_INLINE Lanes MultiplyAdd(Lanes sum, __m256i x, __m256i w) {
#ifdef __AVXVNNI__
  return (Lanes)_mm256_dpbusd_avx_epi32((__m256i)sum, x, w);
#else
  return (Lanes)_mm256_dpbusd_epi32((__m256i)sum, x, w);
#endif
}

// sum + the products of two 16-bit values of a and b, of each lane.
template <typename Sum>
INTEGRA_INLINE Sum MultiplyAddPairs(Sum sum, __m256i a, __m256i b) {
#ifdef __AVXVNNI__
  return (Sum)_mm256_dpwssd_avx_epi32((__m256i)sum, a, b);
#else
  return (Sum)_mm256_dpwssd_epi32((__m256i)sum, a, b);
#endif
}

INTEGRA_INLINE __m256i Broadcast4(const uint8_t* p) {
  int32_t four;
  __builtin_memcpy(&four, p, sizeof(four));
  return _mm256_set1_epi32(four);
}

}  // namespace integra::kernels
