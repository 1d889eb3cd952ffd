// What weights with a zero point add to the sums of rows. Included by gemm_vnni.cc alone.
#pragma once

#include <immintrin.h>

#include <algorithm>

#include "kernels/avx512/output_stage.h"
#include "kernels/gemm.h"

namespace integra::kernels {
namespace {

constexpr int64_t kTermRows = 16;  // rows that are summed at a time

// Lane i of the result: the sum of all lanes of v[i].
INTEGRA_INLINE __m512i SumsOfLanes(const __m512i (&v)[kTermRows]) {
  __m512i fours[4];  // in each 128-bit lane, partial sums of four rows
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    const auto pair = [&](int first) __attribute__((always_inline)) {
      return _mm512_add_epi32(_mm512_unpacklo_epi32(v[first], v[first + 1]),
                              _mm512_unpackhi_epi32(v[first], v[first + 1]));
    };
    const __m512i a = pair(4 * i), b = pair(4 * i + 2);
    fours[i] = _mm512_add_epi32(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
  }
  avx512::TransposeLanes(fours);
  return _mm512_add_epi32(_mm512_add_epi32(fours[0], fours[1]),
                          _mm512_add_epi32(fours[2], fours[3]));
}

// terms[r] = factor * (the sum of row r's values), for rows rounded up to kTermRows. Up to
// kReadPadding bytes past the end of a run may be read.
void FindRowTerms(const GemmSource& src, int64_t segments, int64_t segment_length, int64_t rows,
                  int32_t factor, int32_t* terms) {
  const __m512i ones = _mm512_set1_epi8(1), factors = _mm512_set1_epi32(factor);
  const int64_t whole = (segment_length - 1) / 64 * 64;  // bytes before the last vector's
  const __mmask64 last = avx512::FirstBytes(segment_length - whole);
  for (int64_t r = 0; r < rows; r += kTermRows) {
    __m512i sums[kTermRows];
#pragma GCC unroll 16
    for (int64_t i = 0; i < kTermRows; ++i) {
      const uint8_t* const row = src.base + src.row_offsets[std::min(r + i, rows - 1)];
      sums[i] = _mm512_setzero_si512();
      for (int64_t t = 0; t < segments; ++t) {
        const uint8_t* const run = row + src.segment_offsets[t];
        for (int64_t k = 0; k < whole; k += 64) {
          sums[i] = _mm512_dpbusd_epi32(sums[i], _mm512_loadu_si512(run + k), ones);
        }
        sums[i] = _mm512_dpbusd_epi32(sums[i], _mm512_maskz_loadu_epi8(last, run + whole), ones);
      }
    }
    _mm512_storeu_si512(terms + r, _mm512_mullo_epi32(SumsOfLanes(sums), factors));
  }
}

}  // namespace
}  // namespace integra::kernels
