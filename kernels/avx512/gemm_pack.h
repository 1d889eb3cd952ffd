// Packing of weights for AVX512-VNNI. Included by its Gemm kernels.
#pragma once

#include <immintrin.h>

#include <algorithm>

#include "kernels/avx512/output_stage.h"
#include "kernels/gemm.h"

namespace integra::kernels {
namespace {

// Vectors of channels of the next panel, where so many are left: widest panels first, but evenly
// shared (5 = 3 + 2, not 4 + 1).
INTEGRA_INLINE int64_t NextPanelWidth(int64_t vectors, int64_t widest) {
  const int64_t panels = (vectors + widest - 1) / widest;
  return (vectors + panels - 1) / panels;
}

// Rows of 16 32-bit values become columns.
INTEGRA_INLINE void Transpose(__m512i (&rows)[16]) {
  __m512i pairs[16], fours[16];
#pragma GCC unroll 8
  for (int i = 0; i < 16; i += 2) {
    pairs[i] = _mm512_unpacklo_epi32(rows[i], rows[i + 1]);
    pairs[i + 1] = _mm512_unpackhi_epi32(rows[i], rows[i + 1]);
  }
  // fours[4 * i + j]: column j of each 128-bit lane, of rows 4 * i to 4 * i + 3.
#pragma GCC unroll 4
  for (int i = 0; i < 16; i += 4) {
    fours[i] = _mm512_unpacklo_epi64(pairs[i], pairs[i + 2]);
    fours[i + 1] = _mm512_unpackhi_epi64(pairs[i], pairs[i + 2]);
    fours[i + 2] = _mm512_unpacklo_epi64(pairs[i + 1], pairs[i + 3]);
    fours[i + 3] = _mm512_unpackhi_epi64(pairs[i + 1], pairs[i + 3]);
  }
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) {
    __m512i columns[4] = {fours[j], fours[4 + j], fours[8 + j], fours[12 + j]};
    avx512::TransposeLanes(columns);
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) rows[4 * i + j] = columns[i];
  }
}

// The weights of 16 channels (-1: none): a vector of four bytes of each for every step of a row,
// `pitch` bytes from one step to the next. Where segments end within a step zeros follow.
void PackVector(const GemmProblem& p, const int64_t* order, int64_t pitch, int8_t* to) {
  const int8_t* channels[16];
  __mmask64 exists[16];
  for (int64_t i = 0; i < 16; ++i) {
    channels[i] = p.weights + std::max<int64_t>(order[i], 0) * p.depth();
    exists[i] = order[i] < 0 ? 0 : ~uint64_t{0};
  }
  for (int64_t t = 0; t < p.segments; ++t) {
    for (int64_t k = 0; k < p.segment_length; k += 64) {
      const int64_t left = p.segment_length - k, from = t * p.segment_length + k;
      __m512i rows[16];
#pragma GCC unroll 16
      for (int i = 0; i < 16; ++i) {
        const __mmask64 mask = exists[i] & avx512::FirstBytes(left);
        rows[i] = _mm512_maskz_loadu_epi8(mask, channels[i] + from);
      }
      Transpose(rows);
      const int64_t steps = std::min<int64_t>(16, (left + 3) / 4);
      for (int64_t i = 0; i < steps; ++i, to += pitch) _mm512_store_si512(to, rows[i]);
    }
  }
}

}  // namespace
}  // namespace integra::kernels
