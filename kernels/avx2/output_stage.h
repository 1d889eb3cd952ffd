// The output stage on vectors of 8 accumulators (see VectorOutputStage).
#pragma once

#include <immintrin.h>

#include "kernels/avx2/folded_stage.h"
#include "kernels/output_stage.h"
#include "kernels/vector_store.h"

namespace integra::kernels::avx2 {

using Form = VectorOutputStage::Form;

// Always inlined: this header is compiled with AVX2 flags and must leave no shared symbol.
#define INTEGRA_INLINE __attribute__((always_inline)) static inline
#define INTEGRA_MEMBER __attribute__((always_inline)) inline

// The type that integer instructions work on inside: as __m256i, GCC 12 copies and spills sums.
using Lanes = int __attribute__((vector_size(32)));

struct StageVectors {
  __m256i m[2], c[2];        // even, odd channels
  __m256i shift, pre, half;  // the last two for kTwoStep alone
};

// Of a stage for Join::kShuffle. `part` 0 or 1: channels 0-7 or 8-15 of a block.
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

// A load that stays in a register: GCC would rather read memory at each use.
INTEGRA_INLINE __m256i Hold(const void* p) {
  __m256i v = _mm256_load_si256(static_cast<const __m256i*>(p));
  asm("" : "+x"(v));
  return v;
}

INTEGRA_INLINE StageVectors HoldStage(const VectorOutputStage::Block& b, int part) {
  StageVectors v = LoadStage(b, part);
  asm("" : "+x"(v.m[0]), "+x"(v.m[1]), "+x"(v.c[0]), "+x"(v.c[1]), "+x"(v.shift));
  return v;
}

// The upper halves of 64-bit lanes, those of even and of odd channels: lane i of the channels in
// VectorOutputStage::Shuffled(i).
INTEGRA_INLINE __m256i JoinUpper(__m256i even, __m256i odd) {
  // (The instruction is one of floating point by its name alone: it moves 32-bit lanes.)
  return (__m256i)_mm256_shuffle_ps((__m256)even, (__m256)odd, _MM_SHUFFLE(3, 1, 3, 1));
}

// Each odd lane in the even one before it, for _mm256_mul_epi32. (Again an instruction that moves
// 32-bit lanes. It is a shift by 32 bits that can read memory.)
INTEGRA_INLINE __m256i OddLanes(__m256i v) { return (__m256i)_mm256_movehdup_ps((__m256)v); }

// The second of two roundings: half away from zero.
INTEGRA_INLINE __m256i ShiftTwoStep(__m256i h, __m256i half, __m256i shift) {
  return _mm256_srav_epi32(_mm256_add_epi32(h, _mm256_cmpgt_epi32(half, h)), shift);
}

// 8 scaled and rounded accumulators, shuffled, without zero point and clamp.
INTEGRA_INLINE __m256i Scale(__m256i acc, const StageVectors& v, Form form) {
  if (form == Form::kTwoStep) acc = _mm256_sllv_epi32(acc, v.pre);
  const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(acc, v.m[0]), v.c[0]);
  const __m256i odd = _mm256_add_epi64(_mm256_mul_epi32(OddLanes(acc), v.m[1]), v.c[1]);
  const __m256i h = JoinUpper(even, odd);
  return form == Form::kTwoStep ? ShiftTwoStep(h, v.half, v.shift) : _mm256_srav_epi32(h, v.shift);
}

struct ClampVectors {
  __m256i zero_point;  // 16-bit lanes
  __m256i min, max;    // 8-bit lanes
};

INTEGRA_INLINE ClampVectors LoadClamp(const VectorOutputStage& stage) {
  return {_mm256_set1_epi16(stage.zero_point()), _mm256_set1_epi8(static_cast<char>(stage.min())),
          _mm256_set1_epi8(static_cast<char>(stage.max()))};
}

// Zero point, clamp and narrowing of four vectors. Bytes come out interleaved by 128-bit lane: byte
// 16*L + 4*v + i is element 4*L + i of vector v.
INTEGRA_INLINE __m256i NarrowInterleaved(__m256i r0, __m256i r1, __m256i r2, __m256i r3,
                                         const ClampVectors& clamp) {
  const __m256i low = _mm256_adds_epi16(_mm256_packs_epi32(r0, r1), clamp.zero_point);
  const __m256i high = _mm256_adds_epi16(_mm256_packs_epi32(r2, r3), clamp.zero_point);
  const __m256i bytes = _mm256_packus_epi16(low, high);
  return _mm256_min_epu8(_mm256_max_epu8(bytes, clamp.min), clamp.max);
}

// Interleaved bytes so that 8*v + i is element i of vector v.
INTEGRA_INLINE __m256i InOrder(__m256i bytes) {
  return _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

// The same of two rows of 16, with the bytes in order: those of row a, then those of row b.
INTEGRA_INLINE __m256i NarrowRows(__m256i a0, __m256i a1, __m256i b0, __m256i b1,
                                  const ClampVectors& clamp) {
  return InOrder(NarrowInterleaved(a0, a1, b0, b1, clamp));
}

// What follows the sums: a form of VectorOutputStage, or of a folded one.
enum class Finish { kFloor, kTwoStep, kScalar, kFoldedFloor, kFoldedTwoStep };

constexpr bool IsFolded(Finish finish) {
  return finish == Finish::kFoldedFloor || finish == Finish::kFoldedTwoStep;
}
constexpr Form FormOf(Finish finish) {
  if (finish == Finish::kScalar) return Form::kScalar;
  return finish == Finish::kFloor || finish == Finish::kFoldedFloor ? Form::kFloor : Form::kTwoStep;
}
INTEGRA_INLINE Finish FinishOf(Form form, bool folded) {
  if (form == Form::kScalar) return Finish::kScalar;
  if (form == Form::kFloor) return folded ? Finish::kFoldedFloor : Finish::kFloor;
  return folded ? Finish::kFoldedTwoStep : Finish::kTwoStep;
}

struct FoldedVectors {
  __m256i m[2], shift, half;  // the latter for kTwoStep alone
};

INTEGRA_INLINE FoldedVectors HoldFolded(const FoldedStage::Block::Vector& from) {
  return {{Hold(from.m[0]), Hold(from.m[1])},
          Hold(from.shift),
          _mm256_load_si256(reinterpret_cast<const __m256i*>(from.half))};
}

INTEGRA_INLINE FoldedVectors LoadFolded(const FoldedStage::Block::Vector& from) {
  const auto load = [](const void* p) __attribute__((always_inline)) {
    return _mm256_load_si256(static_cast<const __m256i*>(p));
  };
  return {{load(from.m[0]), load(from.m[1])}, load(from.shift), load(from.half)};
}

// 8 sums that began with a FoldedStage's: scaled and shuffled.
INTEGRA_INLINE __m256i ScaleFolded(__m256i acc, const FoldedVectors& v, Form form) {
  if (form == Form::kFloor) {
    const __m256i even = _mm256_mul_epi32(acc, v.m[0]);
    const __m256i odd = _mm256_mul_epi32(OddLanes(acc), v.m[1]);
    return _mm256_srav_epi32(JoinUpper(even, odd), v.shift);
  }
  const __m256i even = _mm256_mul_epu32(acc, v.m[0]);
  const __m256i odd = _mm256_mul_epu32(OddLanes(acc), v.m[1]);
  return ShiftTwoStep(JoinUpper(even, odd), v.half, v.shift);
}

// NarrowInterleaved of such ones, with the offsets of r0 and r1, and of r2 and r3.
INTEGRA_INLINE __m256i NarrowFolded(__m256i r0, __m256i r1, __m256i r2, __m256i r3,
                                    __m256i offset01, __m256i offset23) {
  return _mm256_packus_epi16(_mm256_adds_epi16(_mm256_packs_epi32(r0, r1), offset01),
                             _mm256_adds_epi16(_mm256_packs_epi32(r2, r3), offset23));
}

// Lane i where it was after JoinUpper.
INTEGRA_INLINE __m256i UnshuffleLanes(__m256i v) {
  return _mm256_shuffle_epi32(v, _MM_SHUFFLE(3, 1, 2, 0));
}

// Of a stage for Join::kBlend.
INTEGRA_INLINE StageVectors LoadAndShuffleStage(const VectorOutputStage::Block& b, int part) {
  StageVectors v = LoadStage(b, part);
  v.shift = UnshuffleLanes(v.shift);  // (twice is back)
  v.half = UnshuffleLanes(v.half);
  return v;
}

// Puts bytes in order whose lanes were shuffled.
INTEGRA_INLINE __m256i Unshuffle(__m256i bytes) {
  const __m256i order = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15));
  return _mm256_shuffle_epi8(bytes, order);
}

}  // namespace integra::kernels::avx2
