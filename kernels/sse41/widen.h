// Rows of a GEMM's left matrix, widened to 16 bits for pmaddwd.
#pragma once

#include <immintrin.h>

#include "kernels/gemm.h"
#include "kernels/sse41/output_stage.h"

namespace integra::kernels::sse41 {

// Room for `values` of them: a run is stored 8 at a time.
INTEGRA_INLINE size_t WidenedBytes(int64_t values) {
  return static_cast<size_t>(values + 8) * sizeof(int16_t);
}

// Row `row`, in runs of `segment_length`, and a 0 after it: an odd depth is followed by a weight
// of 0.
INTEGRA_INLINE void Widen(const GemmSource& src, int64_t segments, int64_t segment_length,
                          int64_t row, int16_t* to) {
  for (int64_t t = 0; t < segments; ++t, to += segment_length) {
    const uint8_t* from = src.base + src.row_offsets[row] + src.segment_offsets[t];
    for (int64_t k = 0; k < segment_length; k += 8) {
      const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from + k));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to + k), _mm_cvtepu8_epi16(bytes));
    }
  }
  *to = 0;
}

// Pair kPair of the four in `x`, in all lanes.
template <int kPair>
INTEGRA_INLINE __m128i Broadcast(__m128i x) {
  return _mm_shuffle_epi32(x, kPair * 0x55);
}

}  // namespace integra::kernels::sse41
