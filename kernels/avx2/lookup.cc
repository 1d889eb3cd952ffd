// Table lookup with byte shuffles: each of the table's 16 rows answers for the indices in its row.
#include <immintrin.h>

#include "kernels/activation.h"

namespace integra::kernels {

void LookupAvx2(const uint8_t* table, const uint8_t* src, int64_t count, uint8_t* dst) {
  __m256i rows[16];
  for (int r = 0; r < 16; ++r) {
    rows[r] = _mm256_broadcastsi128_si256(
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(table + 16 * r)));
  }
  const __m256i row_size = _mm256_set1_epi8(16);
  const __m256i to_top = _mm256_set1_epi8(0x70);  // leaves bit 7 clear for indices 0..15 only
  int64_t i = 0;
  for (; i + 32 <= count; i += 32) {
    __m256i index = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(src + i));
    __m256i found = _mm256_setzero_si256();
    for (int r = 0; r < 16; ++r) {
      const __m256i in_row = _mm256_adds_epu8(index, to_top);
      found = _mm256_or_si256(found, _mm256_shuffle_epi8(rows[r], in_row));
      index = _mm256_sub_epi8(index, row_size);
    }
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(dst + i), found);
  }
  for (; i < count; ++i) dst[i] = table[src[i]];
}

}  // namespace integra::kernels
