// What weights with a zero point add to the sums of rows. Included by gemm.cc alone.
#pragma once

#include <immintrin.h>

#include <algorithm>

#include "kernels/gemm.h"
#include "kernels/vnni256/products.h"

namespace integra::kernels {
namespace {

constexpr int64_t kTermRows = 8;  // rows that are summed at a time

// Lane i of the result: the sum of all lanes of v[i].
INTEGRA_INLINE __m256i SumsOfLanes(const Lanes (&v)[kTermRows]) {
  const auto four = [&](int first) __attribute__((always_inline)) {
    const __m256i a = _mm256_hadd_epi32((__m256i)v[first], (__m256i)v[first + 1]);
    const __m256i b = _mm256_hadd_epi32((__m256i)v[first + 2], (__m256i)v[first + 3]);
    return _mm256_hadd_epi32(a, b);  // of four rows, in each 128-bit lane
  };
  const __m256i low = four(0), high = four(4);
  return _mm256_add_epi32(_mm256_permute2x128_si256(low, high, 0x20),
                          _mm256_permute2x128_si256(low, high, 0x31));
}

// terms[r] = factor * (the sum of row r's values), for rows rounded up to kTermRows. Up to 31 bytes
// past the end of a run are read.
void FindRowTerms(const GemmSource& src, int64_t segments, int64_t segment_length, int64_t rows,
                  int32_t factor, int32_t* terms) {
  const __m256i lanes =
      _mm256_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                       22, 23, 24, 25, 26, 27, 28, 29, 30, 31);
  const __m256i ones = _mm256_set1_epi8(1), factors = _mm256_set1_epi32(factor);
  const int64_t whole = (segment_length - 1) / 32 * 32;  // bytes before the last vector's
  const __m256i last =
      _mm256_cmpgt_epi8(_mm256_set1_epi8(static_cast<char>(segment_length - whole)), lanes);
  const auto load = [](const uint8_t* p) __attribute__((always_inline)) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  };
  for (int64_t r = 0; r < rows; r += kTermRows) {
    Lanes sums[kTermRows];
#pragma GCC unroll 8
    for (int64_t i = 0; i < kTermRows; ++i) {
      const uint8_t* const row = src.base + src.row_offsets[std::min(r + i, rows - 1)];
      sums[i] = Lanes{};
      for (int64_t t = 0; t < segments; ++t) {
        const uint8_t* const run = row + src.segment_offsets[t];
        for (int64_t k = 0; k < whole; k += 32) sums[i] = MultiplyAdd(sums[i], load(run + k), ones);
        sums[i] = MultiplyAdd(sums[i], _mm256_and_si256(load(run + whole), last), ones);
      }
    }
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(terms + r),
                        _mm256_mullo_epi32(SumsOfLanes(sums), factors));
  }
}

}  // namespace
}  // namespace integra::kernels
