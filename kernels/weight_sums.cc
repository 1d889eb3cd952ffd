#include "kernels/weight_sums.h"

#include <cstdlib>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace integra::kernels {

WeightSums SumsOf(const int8_t* weights, int64_t count) {
  WeightSums sums;
  int64_t i = 0;
#ifdef __SSE2__
  // Of every x86-64: sums of |u - 0| and |u - 128| for u = w + 128, in 64-bit lanes.
  const __m128i half = _mm_set1_epi8(-128);
  __m128i values = _mm_setzero_si128(), magnitudes = values;
  for (; i + 16 <= count; i += 16) {
    const auto* const from = reinterpret_cast<const __m128i*>(weights + i);
    const __m128i u = _mm_xor_si128(_mm_loadu_si128(from), half);
    values = _mm_add_epi64(values, _mm_sad_epu8(u, _mm_setzero_si128()));
    magnitudes = _mm_add_epi64(magnitudes, _mm_sad_epu8(u, half));
  }
  alignas(16) int64_t lanes[2];
  _mm_store_si128(reinterpret_cast<__m128i*>(lanes), values);
  sums.sum = lanes[0] + lanes[1] - 128 * i;
  _mm_store_si128(reinterpret_cast<__m128i*>(lanes), magnitudes);
  sums.magnitude = lanes[0] + lanes[1];
#endif
  for (; i < count; ++i) {
    sums.sum += weights[i];
    sums.magnitude += std::abs(int{weights[i]});
  }
  return sums;
}

}  // namespace integra::kernels
