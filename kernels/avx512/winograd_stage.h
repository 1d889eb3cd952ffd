// The end of Winograd's convolution on AVX-512: outputs of four tiles, from sums that were
// transformed in one direction. Vectors have a lane of four output channels for each tile.
#pragma once

#include "kernels/avx512/output_stage.h"
#include "kernels/avx512/vectors.h"
#include "kernels/gemm.h"
#include "kernels/winograd_fold.h"
#include "kernels/winograd_transforms.h"

namespace integra::kernels::avx512 {

constexpr int64_t kQuadTiles = 4;
constexpr int64_t kGroups = 4;                       // of four output channels
constexpr int64_t kHalfVectors = kWinogradTile * 6;  // of a group

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

// 16 bytes in each 128-bit lane.
INTEGRA_INLINE __m512i FourTimes(const void* p) {
  return _mm512_broadcast_i32x4(_mm_loadu_si128(static_cast<const __m128i*>(p)));
}

// 32 bytes, twice.
INTEGRA_INLINE __m512i Twice(const void* p) {
  return _mm512_broadcast_i64x4(_mm256_loadu_si256(static_cast<const __m256i*>(p)));
}

// A row of four pixels of each tile: half + g * kHalfVectors has the six vectors of group g. To
// four pixels of 16 bytes for each tile.
//
// Stage: of Channels, Start() is where sums begin, Scale(group, half, pixels) scales four pixels,
// Narrow(low, high) those of groups 0 and 1 and of groups 2 and 3, which were packed to 16 bits.
template <typename Stage>
INTEGRA_INLINE void FinishRow(const Stage& stage, const __m512i* half,
                              __m512i (&tiles)[kQuadTiles]) {
  __m512i words[2][4];
#pragma GCC unroll 2
  for (int k = 0; k < 2; ++k) {
    __m512i a[4], b[4];
    stage.Scale(2 * k, half + 2 * k * kHalfVectors, a);
    stage.Scale(2 * k + 1, half + (2 * k + 1) * kHalfVectors, b);
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) words[k][i] = _mm512_packs_epi32(a[i], b[i]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) tiles[i] = Unshuffle(stage.Narrow(words[0][i], words[1][i]));
  TransposeLanes(tiles);
}

// The sums of a row of four pixels of each tile, 16 channels in order.
INTEGRA_INLINE void SumsOfRow(const __m512i* half, __m512i (&pixels)[4][kQuadTiles]) {
  for (int64_t g = 0; g < kGroups; ++g) {
    __m512i sums[4];
    FourPixels(half + g * kHalfVectors, Vectors::Set32(kInverseOfNine), sums);
    for (int j = 0; j < 4; ++j) pixels[j][g] = Vectors::ShiftRight(sums[j], 6);
  }
  for (auto& pixel : pixels) TransposeLanes(pixel);
}

template <Form kForm>
class QuadScale {
 public:
  using Channels = WinogradStage;
  static const int32_t* Start(const Channels&) { return nullptr; }
  explicit QuadScale(const WinogradStage& stage) : stage_(stage) {}

  __attribute__((always_inline)) void Scale(int group, const __m512i* half,
                                            __m512i (&sums)[4]) const {
    const StageVectors& from = stage_.v;
    const auto of = [&](const __m512i& v) __attribute__((always_inline)) {
      return FourTimes(reinterpret_cast<const __m128i*>(&v) + group);
    };
    const StageVectors v = {{of(from.m[0]), of(from.m[1])},
                            {of(from.c[0]), of(from.c[1])},
                            of(from.shift),
                            of(from.pre),
                            of(from.half)};
    FourPixels(half, stage_.inverse, sums);
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) {
      __m512i h = MultiplyHigh(sums[j], v);
      if (kForm == Form::kTwoStep) {
        h = _mm512_mask_sub_epi32(h, _mm512_cmplt_epi32_mask(h, v.half), h, v.pre);
      }
      sums[j] = _mm512_srav_epi32(h, v.shift);
    }
  }
  __attribute__((always_inline)) __m512i Narrow(__m512i low, __m512i high) const {
    return NarrowPacked(low, high, stage_.clamp);
  }

 private:
  const WinogradStage& stage_;
};

// WinogradFold of 16 channels, of joined lanes but for m and start.
struct FoldedWinogradStage {
  int64_t m[2][8];  // of even channels, then odd ones
  int32_t start[16];
  int32_t shift[16], half[16], less[16];
  int16_t offset[16];  // to be added
};

INTEGRA_INLINE void SetFold(const WinogradFold& fold, int64_t lane, FoldedWinogradStage& to) {
  const int64_t joined = VectorOutputStage::Shuffled(lane);
  to.m[lane % 2][lane / 2] = fold.m;
  to.start[lane] = fold.start;
  to.shift[joined] = fold.shift;
  to.half[joined] = fold.half;
  to.less[joined] = fold.less;
  to.offset[joined] = static_cast<int16_t>(-fold.offset);
}

// Where kLess is false, `less` is 0 everywhere.
template <bool kLess>
class QuadFold {
 public:
  using Channels = FoldedWinogradStage;
  static const int32_t* Start(const Channels& stage) { return stage.start; }
  explicit QuadFold(const FoldedWinogradStage& stage) : stage_(stage) {}

  __attribute__((always_inline)) void Scale(int group, const __m512i* half,
                                            __m512i (&sums)[4]) const {
    const __m512i m[2] = {FourTimes(stage_.m[0] + 2 * group), FourTimes(stage_.m[1] + 2 * group)};
    const __m512i shift = FourTimes(stage_.shift + 4 * group);
    FourPixels(half, sums);
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) {
      __m512i h = MultiplyHigh(sums[j], m);
      if constexpr (kLess) {
        const __mmask16 below = _mm512_cmplt_epi32_mask(h, FourTimes(stage_.half + 4 * group));
        h = _mm512_mask_sub_epi32(h, below, h, FourTimes(stage_.less + 4 * group));
      }
      sums[j] = _mm512_srav_epi32(h, shift);
    }
  }
  __attribute__((always_inline)) __m512i Narrow(__m512i low, __m512i high) const {
    return _mm512_packus_epi16(_mm512_adds_epi16(low, FourTimes(stage_.offset)),
                               _mm512_adds_epi16(high, FourTimes(stage_.offset + 8)));
  }

 private:
  const FoldedWinogradStage& stage_;
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
