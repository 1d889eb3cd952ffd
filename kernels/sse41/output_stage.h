// The output stage on vectors of 4 accumulators (see VectorOutputStage).
#pragma once

#include <immintrin.h>

#include "kernels/output_stage.h"
#include "kernels/vector_store.h"

namespace integra::kernels::sse41 {

using Form = VectorOutputStage::Form;

// Always inlined: this header is compiled with SSE4.1 flags and must leave no shared symbol.
#define INTEGRA_INLINE __attribute__((always_inline)) static inline

// A vector of sums. (Signed: GCC adds what may wrap around in any order.)
using Lanes = int __attribute__((vector_size(16)));

struct StageVectors {
  __m128i m[2], c[2], right[2];  // even, odd channels
  __m128i left, half[2];         // for kTwoStep alone
};

// `part` 0 to 3: channels 4 * part to 4 * part + 3 of a block.
INTEGRA_INLINE StageVectors LoadStage(const VectorOutputStage::Block& b, int64_t part) {
  const auto wide = [part](const int64_t* from) __attribute__((always_inline)) {
    return _mm_load_si128(reinterpret_cast<const __m128i*>(from + 2 * part));
  };
  const auto narrow = [part](const int32_t* from) __attribute__((always_inline)) {
    return _mm_load_si128(reinterpret_cast<const __m128i*>(from + 4 * part));
  };
  const __m128i half = narrow(b.half);
  return {{wide(b.m[0]), wide(b.m[1])},
          {wide(b.c[0]), wide(b.c[1])},
          {wide(b.right[0]), wide(b.right[1])},
          narrow(b.left),
          {half, _mm_srli_epi64(half, 32)}};
}

// The even or odd ones of 4 accumulators, as lower halves of 64-bit lanes. Out come their scaled
// values with 30 fraction bits.
INTEGRA_INLINE __m128i ScaleTwo(__m128i acc, const StageVectors& v, int odd, Form form) {
  // Below, upper halves are whatever they are: a product reads lower ones.
  __m128i h = _mm_srli_epi64(_mm_add_epi64(_mm_mul_epi32(acc, v.m[odd]), v.c[odd]), 32);
  if (form == Form::kTwoStep) h = _mm_add_epi32(h, _mm_cmpgt_epi32(v.half[odd], h));
  return _mm_mul_epi32(h, v.right[odd]);
}

// 4 scaled and rounded accumulators, without zero point and clamp. Lanes cannot be shifted by
// different counts: h >> shift is the middle of the product h * 2^(30 - shift).
INTEGRA_INLINE __m128i Scale(__m128i acc, const StageVectors& v, Form form) {
  if (form == Form::kTwoStep) acc = _mm_mullo_epi32(acc, v.left);
  const __m128i even = ScaleTwo(acc, v, 0, form);
  const __m128i odd = ScaleTwo(_mm_srli_epi64(acc, 32), v, 1, form);
  return _mm_blend_epi16(_mm_srli_epi64(even, 30), _mm_slli_epi64(odd, 2), 0xCC);
}

struct ClampVectors {
  __m128i zero_point;  // 16-bit lanes
  __m128i min, max;    // 8-bit lanes
};

INTEGRA_INLINE ClampVectors LoadClamp(const VectorOutputStage& stage) {
  return {_mm_set1_epi16(stage.zero_point()), _mm_set1_epi8(static_cast<char>(stage.min())),
          _mm_set1_epi8(static_cast<char>(stage.max()))};
}

// Zero point, clamp and narrowing of four vectors, in order.
INTEGRA_INLINE __m128i Narrow(__m128i r0, __m128i r1, __m128i r2, __m128i r3,
                              const ClampVectors& clamp) {
  const __m128i low = _mm_adds_epi16(_mm_packs_epi32(r0, r1), clamp.zero_point);
  const __m128i high = _mm_adds_epi16(_mm_packs_epi32(r2, r3), clamp.zero_point);
  return _mm_min_epu8(_mm_max_epu8(_mm_packus_epi16(low, high), clamp.min), clamp.max);
}

// All of a block: 16 sums to 16 bytes.
INTEGRA_INLINE __m128i ScaleBlock(const __m128i* sums, const VectorOutputStage::Block& block,
                                  const ClampVectors& clamp, Form form) {
  return Narrow(
      Scale(sums[0], LoadStage(block, 0), form), Scale(sums[1], LoadStage(block, 1), form),
      Scale(sums[2], LoadStage(block, 2), form), Scale(sums[3], LoadStage(block, 3), form), clamp);
}

}  // namespace integra::kernels::sse41
