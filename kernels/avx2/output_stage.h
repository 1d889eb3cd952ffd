// The output stage on vectors of 8 accumulators (see VectorOutputStage).
#pragma once

#include <immintrin.h>

#include "kernels/output_stage.h"

namespace integra::kernels::avx2 {

using Form = VectorOutputStage::Form;

// Always inlined: this header is compiled with AVX2 flags and must leave no shared symbol.
#define INTEGRA_INLINE __attribute__((always_inline)) static inline

struct StageVectors {
  __m256i m[2], c[2];        // even, odd channels
  __m256i shift, pre, half;  // the last two for kTwoStep alone
};

// `part` 0 or 1: channels 0-7 or 8-15 of a block.
INTEGRA_INLINE StageVectors LoadStage(const VectorOutputStage::Block& b, int part) {
  const auto wide = [part](const int64_t* from) __attribute__((always_inline)) {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(from + 4 * part));
  };
  const auto narrow = [part](const int32_t* from) __attribute__((always_inline)) {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(from + 8 * part));
  };
  return {{wide(b.m[0]), wide(b.m[1])},
          {wide(b.c[0]), wide(b.c[1])},
          narrow(b.shift),
          narrow(b.pre),
          narrow(b.half)};
}

// 8 scaled and rounded accumulators, without zero point and clamp.
INTEGRA_INLINE __m256i Scale(__m256i acc, const StageVectors& v, Form form) {
  if (form == Form::kTwoStep) acc = _mm256_sllv_epi32(acc, v.pre);
  const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(acc, v.m[0]), v.c[0]);
  const __m256i odd =
      _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(acc, 32), v.m[1]), v.c[1]);
  __m256i h = _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xAA);
  if (form == Form::kTwoStep) h = _mm256_add_epi32(h, _mm256_cmpgt_epi32(v.half, h));
  return _mm256_srav_epi32(h, v.shift);
}

// Zero point, clamp and narrowing of 16 scaled accumulators, in order.
INTEGRA_INLINE __m128i Narrow(__m256i r0, __m256i r1, const VectorOutputStage& stage) {
  const __m256i words =
      _mm256_permute4x64_epi64(_mm256_packs_epi32(r0, r1), _MM_SHUFFLE(3, 1, 2, 0));
  const __m256i moved = _mm256_adds_epi16(words, _mm256_set1_epi16(stage.zero_point()));
  const __m128i bytes =
      _mm_packus_epi16(_mm256_castsi256_si128(moved), _mm256_extracti128_si256(moved, 1));
  return _mm_min_epu8(_mm_max_epu8(bytes, _mm_set1_epi8(static_cast<char>(stage.min()))),
                      _mm_set1_epi8(static_cast<char>(stage.max())));
}

}  // namespace integra::kernels::avx2
