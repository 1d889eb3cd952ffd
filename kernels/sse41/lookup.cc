// Table lookup with byte shuffles: each of the table's 16 rows answers for the indices in its row.
#include <immintrin.h>

#include "kernels/activation.h"

namespace integra::kernels {

void LookupSse41(const uint8_t* table, const uint8_t* src, int64_t count, uint8_t* dst) {
  // Rows 0 to 7 answer for indices below 128, the others for the rest: as signed bytes, indices
  // that are not, or no longer, a row's own are negative, and a shuffle gives 0 for them. Those of
  // later rows get an answer from each row up to theirs; rows are therefore held as differences.
  __m128i rows[16];
  for (int r = 0; r < 16; ++r) {
    rows[r] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(table + 16 * r));
  }
  for (const int r : {15, 14, 13, 12, 11, 10, 9, 7, 6, 5, 4, 3, 2, 1}) {
    rows[r] = _mm_xor_si128(rows[r], rows[r - 1]);
  }
  const __m128i row_size = _mm_set1_epi8(16);
  const __m128i sign = _mm_set1_epi8(-128);
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(src + i));
    __m128i high = _mm_xor_si128(low, sign);
    __m128i found = _mm_setzero_si128();
#pragma GCC unroll 8
    for (int r = 0; r < 8; ++r) {
      found = _mm_xor_si128(found, _mm_shuffle_epi8(rows[r], low));
      found = _mm_xor_si128(found, _mm_shuffle_epi8(rows[8 + r], high));
      low = _mm_subs_epi8(low, row_size);
      high = _mm_subs_epi8(high, row_size);
    }
    _mm_storeu_si128(reinterpret_cast<__m128i*>(dst + i), found);
  }
  for (; i < count; ++i) dst[i] = table[src[i]];
}

}  // namespace integra::kernels
