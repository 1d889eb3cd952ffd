// The output stage on vectors of 16 accumulators (see VectorOutputStage).
#pragma once

#include <immintrin.h>

#include <algorithm>

#include "kernels/avx512/folded_stage.h"
#include "kernels/output_stage.h"

namespace integra::kernels::avx512 {

using Form = VectorOutputStage::Form;

// Always inlined: this header is compiled with AVX-512 flags and must leave no shared symbol.
#define INTEGRA_INLINE __attribute__((always_inline)) static inline

struct StageVectors {
  __m512i m[2], c[2];
  __m512i shift, pre, half;  // the last two for kTwoStep alone
};

// Of a stage for Join::kShuffle.
INTEGRA_INLINE StageVectors LoadStage(const VectorOutputStage::Block& b) {
  return {{_mm512_load_si512(b.m[0]), _mm512_load_si512(b.m[1])},
          {_mm512_load_si512(b.c[0]), _mm512_load_si512(b.c[1])},
          _mm512_load_si512(b.shift),
          _mm512_load_si512(b.pre),
          _mm512_load_si512(b.half)};
}

// v, which is in a register at this place: GCC may neither put it off nor read it from memory.
template <typename Vector>
INTEGRA_INLINE Vector Pinned(Vector v) {
#ifndef INTEGRA_EMULATE_AVX512  // there are no such registers then
  asm volatile("" : "+v"(v));
#endif
  return v;
}

// A load that stays in a register: GCC would rather read memory at each use.
INTEGRA_INLINE __m512i Hold(const void* p) { return Pinned(_mm512_load_si512(p)); }

// LoadStage, with all that kFloor needs in registers.
INTEGRA_INLINE StageVectors HoldStage(const VectorOutputStage::Block& b) {
  return {{Hold(b.m[0]), Hold(b.m[1])},
          {Hold(b.c[0]), Hold(b.c[1])},
          Hold(b.shift),
          _mm512_load_si512(b.pre),
          _mm512_load_si512(b.half)};
}

// Of a stage for Join::kBlend.
INTEGRA_INLINE StageVectors LoadAndShuffleStage(const VectorOutputStage::Block& b) {
  StageVectors v = LoadStage(b);
  v.shift = _mm512_shuffle_epi32(v.shift, _MM_PERM_DBCA);
  v.half = _mm512_shuffle_epi32(v.half, _MM_PERM_DBCA);
  return v;
}

// The upper halves of 64-bit lanes, those of even and of odd channels: lane i of the channels in
// VectorOutputStage::Shuffled(i).
INTEGRA_INLINE __m512i JoinUpper(__m512i even, __m512i odd) {
  // (The instruction is one of floating point by its name alone: it moves 32-bit lanes.)
  return (__m512i)_mm512_shuffle_ps((__m512)even, (__m512)odd, _MM_SHUFFLE(3, 1, 3, 1));
}

// The upper halves of 64-bit lanes, in the lower ones. (A shuffle within 128-bit lanes goes to more
// ports than a shift.)
INTEGRA_INLINE __m512i UpperToLower(__m512i v) { return _mm512_shuffle_epi32(v, _MM_PERM_DDBB); }

// Lanes of (acc * m) >> 32, joined.
INTEGRA_INLINE __m512i MultiplyHigh(__m512i acc, const __m512i (&m)[2]) {
  return JoinUpper(_mm512_mul_epi32(acc, m[0]), _mm512_mul_epi32(UpperToLower(acc), m[1]));
}

// Lanes of (acc * m + c) >> 32, joined.
INTEGRA_INLINE __m512i MultiplyHigh(__m512i acc, const StageVectors& v) {
  const __m512i even = _mm512_add_epi64(_mm512_mul_epi32(acc, v.m[0]), v.c[0]);
  const __m512i odd = _mm512_add_epi64(_mm512_mul_epi32(UpperToLower(acc), v.m[1]), v.c[1]);
  return JoinUpper(even, odd);
}

// 16 scaled and rounded accumulators, shuffled, without zero point and clamp.
INTEGRA_INLINE __m512i ScaleFloor(__m512i acc, const StageVectors& v) {
  return _mm512_srav_epi32(MultiplyHigh(acc, v), v.shift);
}

// The second of two roundings: half away from zero.
INTEGRA_INLINE __m512i ShiftTwoStep(__m512i h, __m512i half, __m512i shift) {
  const __mmask16 negative = _mm512_cmplt_epi32_mask(h, half);
  const __m512i away = _mm512_mask_add_epi32(h, negative, h, _mm512_set1_epi32(-1));
  return _mm512_srav_epi32(away, shift);
}

INTEGRA_INLINE __m512i ScaleTwoStep(__m512i acc, const StageVectors& v) {
  return ShiftTwoStep(MultiplyHigh(_mm512_sllv_epi32(acc, v.pre), v), v.half, v.shift);
}

// What a FoldedStage's 16 sums are scaled by.
struct FoldedVectors {
  __m512i m[2];
  __m512i shift, half;  // the latter for kTwoStep alone
};

INTEGRA_INLINE FoldedVectors HoldFolded(const FoldedStage::Block::Vector& b) {
  return {{Hold(b.m[0]), Hold(b.m[1])}, Hold(b.shift), _mm512_load_si512(b.half)};
}

// Scaled and shuffled.
INTEGRA_INLINE __m512i ScaleFolded(__m512i acc, const FoldedVectors& v, Form form) {
  if (form == Form::kFloor) return _mm512_srav_epi32(MultiplyHigh(acc, v.m), v.shift);
  const __m512i even = _mm512_mul_epu32(acc, v.m[0]);
  const __m512i odd = _mm512_mul_epu32(UpperToLower(acc), v.m[1]);
  return ShiftTwoStep(JoinUpper(even, odd), v.half, v.shift);
}

struct ClampVectors {
  __m512i zero_point;  // 16-bit lanes
  __m512i min, max;    // 8-bit lanes
};

INTEGRA_INLINE ClampVectors LoadClamp(const VectorOutputStage& stage) {
  return {_mm512_set1_epi16(stage.zero_point()), _mm512_set1_epi8(static_cast<char>(stage.min())),
          _mm512_set1_epi8(static_cast<char>(stage.max()))};
}

// Zero point, clamp and narrowing of vectors 0 and 1 and vectors 2 and 3, which were packed to 16
// bits. Bytes come out interleaved by 128-bit lane: byte 16*L + 4*v + i is element 4*L + i of
// vector v.
INTEGRA_INLINE __m512i NarrowPacked(__m512i low, __m512i high, const ClampVectors& clamp) {
  const __m512i bytes = _mm512_packus_epi16(_mm512_adds_epi16(low, clamp.zero_point),
                                            _mm512_adds_epi16(high, clamp.zero_point));
  return _mm512_min_epu8(_mm512_max_epu8(bytes, clamp.min), clamp.max);
}

// The same of four vectors.
INTEGRA_INLINE __m512i NarrowInterleaved(__m512i r0, __m512i r1, __m512i r2, __m512i r3,
                                         const ClampVectors& clamp) {
  return NarrowPacked(_mm512_packs_epi32(r0, r1), _mm512_packs_epi32(r2, r3), clamp);
}

// Interleaved bytes so that 16*v + i is element i of vector v.
INTEGRA_INLINE __m512i InOrder(__m512i bytes) {
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return _mm512_permutexvar_epi32(order, bytes);
}

INTEGRA_INLINE __m512i Narrow(__m512i r0, __m512i r1, __m512i r2, __m512i r3,
                              const ClampVectors& clamp) {
  return InOrder(NarrowInterleaved(r0, r1, r2, r3, clamp));
}

// Puts bytes in order whose lanes were shuffled.
INTEGRA_INLINE __m512i Unshuffle(__m512i bytes) {
  const __m512i order =
      _mm512_broadcast_i32x4(_mm_setr_epi8(0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15));
  return _mm512_shuffle_epi8(bytes, order);
}

// 128-bit lane i of vector j goes to lane j of vector i.
INTEGRA_INLINE void TransposeLanes(__m512i (&v)[4]) {
  const __m512i low01 = _mm512_shuffle_i32x4(v[0], v[1], 0b01000100);
  const __m512i high01 = _mm512_shuffle_i32x4(v[0], v[1], 0b11101110);
  const __m512i low23 = _mm512_shuffle_i32x4(v[2], v[3], 0b01000100);
  const __m512i high23 = _mm512_shuffle_i32x4(v[2], v[3], 0b11101110);
  v[0] = _mm512_shuffle_i32x4(low01, low23, 0b10001000);
  v[1] = _mm512_shuffle_i32x4(low01, low23, 0b11011101);
  v[2] = _mm512_shuffle_i32x4(high01, high23, 0b10001000);
  v[3] = _mm512_shuffle_i32x4(high01, high23, 0b11011101);
}

// A mask of the first `count` of 64 bytes.
INTEGRA_INLINE __mmask64 FirstBytes(int64_t count) {
  return count <= 0 ? 0 : ~uint64_t{0} >> (64 - std::min<int64_t>(count, 64));
}

}  // namespace integra::kernels::avx512
