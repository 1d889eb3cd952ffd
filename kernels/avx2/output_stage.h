// The output stage on vectors of 8 accumulators (see VectorOutputStage).
#pragma once

#include <immintrin.h>

#include "kernels/output_stage.h"

namespace integra::kernels::avx2 {

using Form = VectorOutputStage::Form;

// Always inlined: this header is compiled with AVX2 flags and must leave no shared symbol.
#define INTEGRA_INLINE __attribute__((always_inline)) static inline

// AVX2 has no arithmetic shift of 64-bit lanes. With 2^62 added, the sum is not negative, and a
// logical shift by k makes 2^(62-k) too much: it comes off again from the 32-bit result.
// |acc * m| < 2^62 and the rounding terms are not negative, so the sum fits in 64 bits unsigned.
struct StageVectors {
  __m256i m[2], c[2], shift[2];  // even, odd channels
  __m256i excess;                // 2^(31-s), 32-bit lanes
};

// `half` 0 or 1: channels 0-7 or 8-15 of a block.
INTEGRA_INLINE StageVectors LoadStage(const VectorOutputStage::Block& b, int half, Form form) {
  StageVectors v;
  __m256i excess[2];
  const __m256i bias = _mm256_set1_epi64x(int64_t{1} << 62);
  for (int odd = 0; odd < 2; ++odd) {
    const auto load = [&](const int64_t* from) __attribute__((always_inline)) {
      return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + 4 * half));
    };
    v.m[odd] = load(b.m[odd]);
    v.c[odd] = _mm256_add_epi64(load(b.c[odd]), bias);
    v.shift[odd] = load(b.shift[odd]);
    // kFloor leaves odd results in the upper halves: their shift is s-1 instead of 31+s.
    const int64_t whole = form == Form::kFloor && odd ? 62 - 32 : 62;
    const __m256i count = _mm256_sub_epi64(_mm256_set1_epi64x(whole), v.shift[odd]);
    excess[odd] = _mm256_sllv_epi64(_mm256_set1_epi64x(1), count);
  }
  v.excess = _mm256_blend_epi32(excess[0], _mm256_slli_epi64(excess[1], 32), 0xAA);
  return v;
}

INTEGRA_INLINE __m256i Scale(__m256i acc, const StageVectors& v, const VectorOutputStage::Block& b,
                             int half, Form form) {
  __m256i even = _mm256_add_epi64(_mm256_mul_epi32(acc, v.m[0]), v.c[0]);
  __m256i odd = _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(acc, 32), v.m[1]), v.c[1]);
  if (form == Form::kBracket) {
    const auto second = [&](__m256i t, int i) __attribute__((always_inline)) {
      const auto load = [&](const int64_t* from) __attribute__((always_inline)) {
        return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + 4 * half));
      };
      // Below 2^62 as it stands means that acc*m + c is negative.
      const __m256i negative = _mm256_cmpgt_epi64(_mm256_set1_epi64x(int64_t{1} << 62), t);
      return _mm256_add_epi64(
          t, _mm256_blendv_epi8(load(b.second_positive[i]), load(b.second_negative[i]), negative));
    };
    even = second(even, 0);
    odd = second(odd, 1);
  }
  even = _mm256_srlv_epi64(even, v.shift[0]);
  odd = _mm256_srlv_epi64(odd, v.shift[1]);
  if (form == Form::kBracket) odd = _mm256_slli_epi64(odd, 32);
  return _mm256_sub_epi32(_mm256_blend_epi32(even, odd, 0xAA), v.excess);
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
