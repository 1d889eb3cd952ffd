// Two 8-bit operands next to each other as 16-bit lanes: one pmaddwd multiplies both and adds.
#include "kernels/linear_sum.h"

#include <immintrin.h>

namespace integra::kernels {
namespace {

struct Constants {
  __m128i high, low, c_high, c_low, min, max, shift;

  explicit Constants(const LinearSum& s)
      : high(Pair(s.a_high, s.b_high)),
        low(Pair(s.a_low, s.b_low)),
        c_high(_mm_set1_epi32(s.c_high)),
        c_low(_mm_set1_epi32(s.c_low)),
        min(_mm_set1_epi8(static_cast<char>(s.min))),
        max(_mm_set1_epi8(static_cast<char>(s.max))),
        shift(_mm_cvtsi32_si128(s.shift)) {}

  static __m128i Pair(int16_t a, int16_t b) {
    return _mm_set1_epi32(static_cast<uint16_t>(a) | b * (1 << 16));
  }

  __m128i Sum(__m128i pairs) const {
    const __m128i l = _mm_srai_epi32(_mm_add_epi32(_mm_madd_epi16(pairs, low), c_low), 15);
    const __m128i h = _mm_add_epi32(_mm_madd_epi16(pairs, high), c_high);
    return _mm_sra_epi32(_mm_add_epi32(h, l), shift);
  }

  __m128i Sums(__m128i bytes) const {  // 8 pairs to 8 sums in 16 bits
    return _mm_packs_epi32(Sum(_mm_cvtepu8_epi16(bytes)),
                           Sum(_mm_unpackhi_epi8(bytes, _mm_setzero_si128())));
  }

  void Block(const uint8_t* from_a, const uint8_t* from_b, uint8_t* to) const {
    const __m128i a = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from_a));
    const __m128i b = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from_b));
    const __m128i bytes =
        _mm_packus_epi16(Sums(_mm_unpacklo_epi8(a, b)), Sums(_mm_unpackhi_epi8(a, b)));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm_min_epu8(_mm_max_epu8(bytes, min), max));
  }
};

}  // namespace

void LinearSumRowSse41(const LinearSum& sum, const uint8_t* a, const uint8_t* b, uint8_t* y,
                       int64_t count) {
  const Constants constants(sum);
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) constants.Block(a + i, b + i, y + i);
  if (i < count) {
    const auto rest = static_cast<size_t>(count - i);
    uint8_t last_a[16] = {}, last_b[16] = {}, last_y[16];
    __builtin_memcpy(last_a, a + i, rest);
    __builtin_memcpy(last_b, b + i, rest);
    constants.Block(last_a, last_b, last_y);
    __builtin_memcpy(y + i, last_y, rest);
  }
}

}  // namespace integra::kernels
