// Rows of a GEMM's left matrix, widened to 16 bits for vpmaddwd.
#pragma once

#include <immintrin.h>

#include "kernels/avx2/output_stage.h"
#include "kernels/gemm.h"

namespace integra::kernels::avx2 {

// Room for `values` of them: a run is stored 16 at a time.
INTEGRA_INLINE size_t WidenedBytes(int64_t values) {
  return static_cast<size_t>(values + 16) * sizeof(int16_t);
}

// `count` values, and up to 15 more.
INTEGRA_INLINE void WidenRun(const uint8_t* from, int64_t count, int16_t* to) {
  for (int64_t k = 0; k < count; k += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + k));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + k), _mm256_cvtepu8_epi16(bytes));
  }
}

// Row `row`, in runs of `segment_length`, and a 0 after it: an odd depth is followed by a weight
// of 0.
INTEGRA_INLINE void Widen(const GemmSource& src, int64_t segments, int64_t segment_length,
                          int64_t row, int16_t* to) {
  for (int64_t t = 0; t < segments; ++t, to += segment_length) {
    WidenRun(src.base + src.row_offsets[row] + src.segment_offsets[t], segment_length, to);
  }
  *to = 0;
}

// How many of `count` rows, the first of them at offsets[0], follow each other in memory.
INTEGRA_INLINE int64_t FollowingRows(const int32_t* offsets, int64_t count, int64_t row_length) {
  const auto load = [](const int32_t* from) __attribute__((always_inline)) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  };
  const __m256i length = _mm256_set1_epi32(static_cast<int32_t>(row_length));
  int64_t run = 1;
  for (; run + 8 <= count; run += 8) {
    const __m256i steps = _mm256_sub_epi32(load(offsets + run), load(offsets + run - 1));
    if (_mm256_movemask_epi8(_mm256_cmpeq_epi32(steps, length)) != -1) break;
  }
  while (run < count && offsets[run] == offsets[run - 1] + row_length) ++run;
  return run;
}

}  // namespace integra::kernels::avx2
