// The output stages of winograd_tiles.cc: four pixels of a tile, from sums that were transformed in
// one direction. Vectors are 16 output channels of one tile.
#pragma once

#include "kernels/avx512/winograd_stage.h"

namespace integra::kernels::avx512 {

// 16 bytes of each of four pixels.
template <Form kForm>
INTEGRA_INLINE __m512i FinishFour(const __m512i* half, const WinogradStage& s) {
  __m512i sums[4];
  FourPixels(half, s.inverse, sums);
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) sums[j] = ScaleSums<kForm>(sums[j], s.v);
  return Unshuffle(Narrow(sums[0], sums[1], sums[2], sums[3], s.clamp));
}

// Where kLess is false, `less` is 0 everywhere.
template <bool kLess>
class TileFold {
 public:
  // In registers.
  __attribute__((always_inline)) explicit TileFold(const FoldedWinogradStage& stage)
      : stage_(stage), v_{{Hold(stage.m[0]), Hold(stage.m[1])}, Hold(stage.shift), {}, {}} {
    if (!kLess) return;
    v_.half = Hold(stage.half);
    v_.less = Hold(stage.less);
  }

  // Two pixels, narrowed to 16 bits.
  __attribute__((always_inline)) __m512i Two(__m512i a, __m512i b) const {
    return _mm512_adds_epi16(_mm512_packs_epi32(ScaleSums<kLess>(a, v_), ScaleSums<kLess>(b, v_)),
                             _mm512_load_si512(stage_.offset_of_two));
  }
  // 16 bytes of each of four.
  __attribute__((always_inline)) static __m512i Four(__m512i low, __m512i high) {
    return Unshuffle(InOrder(_mm512_packus_epi16(low, high)));
  }

 private:
  const FoldedWinogradStage& stage_;
  FoldVectors v_;
};

}  // namespace integra::kernels::avx512
