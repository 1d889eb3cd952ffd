// The end of Winograd's convolution on AVX-512: four pixels of 16 output channels, from products
// that were transformed in one direction.
#pragma once

#include "kernels/avx512/output_stage.h"
#include "kernels/avx512/vectors.h"
#include "kernels/gemm.h"
#include "kernels/winograd_fold.h"
#include "kernels/winograd_tiles.h"

namespace integra::kernels::avx512 {

// The output stage of 16 channels for sums times 64: instead of them, c and what follows the
// product are shifted, by 6 less what `pre` would shift them (see VectorOutputStage).
struct WinogradStage {
  StageVectors v;  // `half` is shifted, too, and `pre` is the shifted unit to subtract below it
  ClampVectors clamp;
  __m512i inverse;  // of 9
};

// |addend| <= 2^24 and s in [-5, 24], so that products of 64 * (sum + addend), whose sum is less
// than 2^25, and all that is added to them fit in 64 bits.
INTEGRA_INLINE bool HasWinogradStage(const VectorOutputStage& stage) {
  if (stage.form() == Form::kScalar) return false;
  for (const int32_t a : stage.addends()) {
    if (a < -(1 << 24) || a > 1 << 24) return false;
  }
  for (const Multiplier& f : stage.stage().multipliers) {
    if (f.m != 0 && (f.s < -5 || f.s > 24)) return false;
  }
  return true;
}

INTEGRA_INLINE WinogradStage MakeWinogradStage(const VectorOutputStage& stage, int64_t block) {
  StageVectors v = LoadAndShuffleStage(stage.blocks()[block]);
  const __m512i left = _mm512_sub_epi32(_mm512_set1_epi32(6), v.pre);
  const __m512i joined = _mm512_shuffle_epi32(left, _MM_PERM_DBCA);
  v.c[0] = _mm512_sllv_epi64(v.c[0], _mm512_maskz_mov_epi32(0x5555, left));
  v.c[1] = _mm512_sllv_epi64(v.c[1], _mm512_srli_epi64(left, 32));
  v.shift = _mm512_add_epi32(v.shift, joined);
  const __mmask16 some = _mm512_cmpgt_epi32_mask(v.half, _mm512_set1_epi32(INT32_MIN));
  v.half = _mm512_mask_mov_epi32(v.half, some, _mm512_sllv_epi32(v.half, joined));
  v.pre = _mm512_sllv_epi32(_mm512_set1_epi32(1), joined);
  return {v, LoadClamp(stage), _mm512_set1_epi32(kInverseOfNine)};
}

// 576 times the sums of four pixels, from six vectors.
INTEGRA_INLINE void FourPixels(const __m512i* half, __m512i (&sums)[4]) {
  const __m512i row[6] = {Vectors::Load(half),     Vectors::Load(half + 1),
                          Vectors::Load(half + 2), Vectors::Load(half + 3),
                          Vectors::Load(half + 4), Vectors::Load(half + 5)};
  TransformSums<Vectors>(row, sums);
}

// 64 times the sums.
INTEGRA_INLINE void FourPixels(const __m512i* half, __m512i inverse, __m512i (&sums)[4]) {
  FourPixels(half, sums);
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) sums[j] = Vectors::Multiply(sums[j], inverse);
}

// 16 bytes of each of four pixels.
template <Form kForm>
INTEGRA_INLINE __m512i FinishFour(const __m512i* half, const WinogradStage& s) {
  __m512i sums[4];
  FourPixels(half, s.inverse, sums);
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) {
    __m512i h = MultiplyHigh(sums[j], s.v);
    if (kForm == Form::kTwoStep) {
      h = _mm512_mask_sub_epi32(h, _mm512_cmplt_epi32_mask(h, s.v.half), h, s.v.pre);
    }
    sums[j] = _mm512_srav_epi32(h, s.v.shift);
  }
  return Unshuffle(Narrow(sums[0], sums[1], sums[2], sums[3], s.clamp));
}

// WinogradFold of 16 channels, of joined lanes but for m and start.
struct FoldedWinogradStage {
  int64_t m[2][8];  // of even channels, then odd ones
  int32_t start[16];
  int32_t shift[16], half[16], less[16];
  int16_t offset[32];  // of two pixels, to be added
};

INTEGRA_INLINE void SetFold(const WinogradFold& fold, int64_t lane, FoldedWinogradStage& to) {
  const int64_t joined = VectorOutputStage::Shuffled(lane);
  to.m[lane % 2][lane / 2] = fold.m;
  to.start[lane] = fold.start;
  to.shift[joined] = fold.shift;
  to.half[joined] = fold.half;
  to.less[joined] = fold.less;
  for (const int64_t pixel : {0, 4}) {
    to.offset[joined / 4 * 8 + pixel + joined % 4] = static_cast<int16_t>(-fold.offset);
  }
}

// Where kLess is false, `less` is 0 everywhere.
template <bool kLess>
class FoldVectors {
 public:
  // In registers.
  __attribute__((always_inline)) explicit FoldVectors(const FoldedWinogradStage& stage)
      : stage_(stage), m_{Hold(stage.m[0]), Hold(stage.m[1])}, shift_(Hold(stage.shift)) {
    if (!kLess) return;
    half_ = Hold(stage.half);
    less_ = Hold(stage.less);
  }

  // Two pixels, narrowed to 16 bits.
  __attribute__((always_inline)) __m512i Two(__m512i a, __m512i b) const {
    return _mm512_adds_epi16(_mm512_packs_epi32(Scale(a), Scale(b)),
                             _mm512_load_si512(stage_.offset));
  }
  // 16 bytes of each of four.
  __attribute__((always_inline)) static __m512i Four(__m512i low, __m512i high) {
    return Unshuffle(InOrder(_mm512_packus_epi16(low, high)));
  }

 private:
  __attribute__((always_inline)) __m512i Scale(__m512i sums) const {
    __m512i h = MultiplyHigh(sums, m_);
    if constexpr (kLess) {
      const __mmask16 below = _mm512_cmplt_epi32_mask(h, half_);
      h = _mm512_mask_sub_epi32(h, below, h, less_);
    }
    return _mm512_srav_epi32(h, shift_);
  }

  const FoldedWinogradStage& stage_;
  const __m512i m_[2], shift_;
  __m512i half_ = {}, less_ = {};
};

// `columns` of four pixels, `stride` bytes apart, and their first `channels`.
INTEGRA_INLINE void StoreFour(__m512i bytes, int64_t columns, int64_t channels, int64_t stride,
                              uint8_t* to) {
  const __m128i pixels[4] = {_mm512_castsi512_si128(bytes), _mm512_extracti32x4_epi32(bytes, 1),
                             _mm512_extracti32x4_epi32(bytes, 2),
                             _mm512_extracti32x4_epi32(bytes, 3)};
  if (columns == 4 && stride == 16) {
    _mm512_storeu_si512(to, bytes);
  } else if (columns == 4 && channels == 16) {
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to + j * stride), pixels[j]);
    }
  } else {
    const unsigned all = (1u << channels) - 1;
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) {
      _mm_mask_storeu_epi8(to + j * stride, static_cast<__mmask16>(j < columns ? all : 0),
                           pixels[j]);
    }
  }
}

}  // namespace integra::kernels::avx512
