// The output stages of winograd_quads.cc: outputs of four tiles, from sums that were transformed in
// one direction. Vectors have a lane of four output channels for each tile.
#pragma once

#include "kernels/avx512/winograd_stage.h"

namespace integra::kernels::avx512 {

constexpr int64_t kQuadTiles = 4;
constexpr int64_t kGroups = 4;  // of four output channels

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
    for (int j = 0; j < 4; ++j) sums[j] = ScaleSums<kForm>(sums[j], v);
  }
  __attribute__((always_inline)) __m512i Narrow(__m512i low, __m512i high) const {
    return NarrowPacked(low, high, stage_.clamp);
  }

 private:
  const WinogradStage& stage_;
};

// Where kLess is false, `less` is 0 everywhere.
template <bool kLess>
class QuadFold {
 public:
  using Channels = FoldedWinogradStage;
  static const int32_t* Start(const Channels& stage) { return stage.start; }
  explicit QuadFold(const FoldedWinogradStage& stage) : stage_(stage) {}

  __attribute__((always_inline)) void Scale(int group, const __m512i* half,
                                            __m512i (&sums)[4]) const {
    FoldVectors v = {{FourTimes(stage_.m[0] + 2 * group), FourTimes(stage_.m[1] + 2 * group)},
                     FourTimes(stage_.shift + 4 * group),
                     {},
                     {}};
    if constexpr (kLess) {
      v.half = FourTimes(stage_.half + 4 * group);
      v.less = FourTimes(stage_.less + 4 * group);
    }
    FourPixels(half, sums);
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) sums[j] = ScaleSums<kLess>(sums[j], v);
  }
  __attribute__((always_inline)) __m512i Narrow(__m512i low, __m512i high) const {
    return _mm512_packus_epi16(_mm512_adds_epi16(low, FourTimes(stage_.offset)),
                               _mm512_adds_epi16(high, FourTimes(stage_.offset + 8)));
  }

 private:
  const FoldedWinogradStage& stage_;
};

}  // namespace integra::kernels::avx512
