// Table lookup with 16-bit permutations: the table is 128 words in four registers; bit 0 of an
// index chooses the byte of its word.
#include <immintrin.h>

#include "kernels/activation.h"

namespace integra::kernels {
namespace {

struct Words {
  __m512i quarter[4];
};

// `index`: one table index in each 16-bit lane. The result has the table's byte in the low half.
inline __attribute__((always_inline)) __m512i Find(const Words& t, __m512i index) {
  const __m512i word = _mm512_srli_epi16(index, 1);
  const __m512i low = _mm512_permutex2var_epi16(t.quarter[0], word, t.quarter[1]);
  const __m512i high = _mm512_permutex2var_epi16(t.quarter[2], word, t.quarter[3]);
  const __mmask32 upper_half = _mm512_test_epi16_mask(index, _mm512_set1_epi16(0x80));
  const __m512i both = _mm512_mask_mov_epi16(low, upper_half, high);
  const __m512i odd = _mm512_slli_epi16(_mm512_and_si512(index, _mm512_set1_epi16(1)), 3);
  return _mm512_and_si512(_mm512_srlv_epi16(both, odd), _mm512_set1_epi16(0xff));
}

}  // namespace

void LookupAvx512(const uint8_t* table, const uint8_t* src, int64_t count, uint8_t* dst) {
  Words t;
  for (int q = 0; q < 4; ++q) t.quarter[q] = _mm512_loadu_si512(table + 64 * q);
  for (int64_t i = 0; i < count; i += 64) {
    const int64_t rest = count - i;
    const __mmask64 mask = rest >= 64 ? ~__mmask64{0} : (__mmask64{1} << rest) - 1;
    const __m512i x = _mm512_maskz_loadu_epi8(mask, src + i);
    const __m512i even = Find(t, _mm512_and_si512(x, _mm512_set1_epi16(0xff)));
    const __m512i odd = Find(t, _mm512_srli_epi16(x, 8));
    _mm512_mask_storeu_epi8(dst + i, mask, _mm512_or_si512(even, _mm512_slli_epi16(odd, 8)));
  }
}

}  // namespace integra::kernels
