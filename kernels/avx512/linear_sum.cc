// Two 8-bit operands next to each other as 16-bit lanes: one vpmaddwd multiplies both and adds.
#include <immintrin.h>

#include "kernels/linear_sum.h"

namespace integra::kernels {
namespace {

struct Constants {
  __m512i high, low, c_high, c_low, min, max;
  __m128i shift;

  explicit Constants(const LinearSum& s)
      : high(Pair(s.a_high, s.b_high)),
        low(Pair(s.a_low, s.b_low)),
        c_high(_mm512_set1_epi32(s.c_high)),
        c_low(_mm512_set1_epi32(s.c_low)),
        min(_mm512_set1_epi8(static_cast<char>(s.min))),
        max(_mm512_set1_epi8(static_cast<char>(s.max))),
        shift(_mm_cvtsi32_si128(s.shift)) {}

  static __m512i Pair(int16_t a, int16_t b) {
    return _mm512_set1_epi32(static_cast<uint16_t>(a) | b * (1 << 16));
  }

  __m512i Sum(__m512i pairs) const {
    const __m512i l = _mm512_srai_epi32(_mm512_add_epi32(_mm512_madd_epi16(pairs, low), c_low), 15);
    const __m512i h = _mm512_add_epi32(_mm512_madd_epi16(pairs, high), c_high);
    return _mm512_sra_epi32(_mm512_add_epi32(h, l), shift);
  }

  __m512i Block(__m512i a, __m512i b) const {
    const __m512i zero = _mm512_setzero_si512();
    const __m512i first = _mm512_unpacklo_epi8(a, b), second = _mm512_unpackhi_epi8(a, b);
    const __m512i sums_01 = _mm512_packs_epi32(Sum(_mm512_unpacklo_epi8(first, zero)),
                                               Sum(_mm512_unpackhi_epi8(first, zero)));
    const __m512i sums_23 = _mm512_packs_epi32(Sum(_mm512_unpacklo_epi8(second, zero)),
                                               Sum(_mm512_unpackhi_epi8(second, zero)));
    const __m512i bytes = _mm512_packus_epi16(sums_01, sums_23);
    return _mm512_min_epu8(_mm512_max_epu8(bytes, min), max);
  }
};

}  // namespace

void LinearSumRowAvx512(const LinearSum& sum, const uint8_t* a, const uint8_t* b, uint8_t* y,
                        int64_t count) {
  const Constants constants(sum);
  int64_t i = 0;
  for (; i + 64 <= count; i += 64) {
    _mm512_storeu_si512(y + i,
                        constants.Block(_mm512_loadu_si512(a + i), _mm512_loadu_si512(b + i)));
  }
  if (i < count) {
    const __mmask64 rest = ~__mmask64{0} >> (64 - (count - i));
    _mm512_mask_storeu_epi8(y + i, rest,
                            constants.Block(_mm512_maskz_loadu_epi8(rest, a + i),
                                            _mm512_maskz_loadu_epi8(rest, b + i)));
  }
}

}  // namespace integra::kernels
