// Two 8-bit operands next to each other as 16-bit lanes: one vpmaddwd multiplies both and adds.
#include <immintrin.h>

#include "kernels/linear_sum.h"

namespace integra::kernels {
namespace {

struct Constants {
  __m256i high, low, c_high, c_low, min, max;
  __m128i shift;

  explicit Constants(const LinearSum& s)
      : high(Pair(s.a_high, s.b_high)),
        low(Pair(s.a_low, s.b_low)),
        c_high(_mm256_set1_epi32(s.c_high)),
        c_low(_mm256_set1_epi32(s.c_low)),
        min(_mm256_set1_epi8(static_cast<char>(s.min))),
        max(_mm256_set1_epi8(static_cast<char>(s.max))),
        shift(_mm_cvtsi32_si128(s.shift)) {}

  static __m256i Pair(int16_t a, int16_t b) {
    return _mm256_set1_epi32(static_cast<uint16_t>(a) | b * (1 << 16));
  }

  __m256i Sum(__m256i pairs) const {
    const __m256i l = _mm256_srai_epi32(_mm256_add_epi32(_mm256_madd_epi16(pairs, low), c_low), 15);
    const __m256i h = _mm256_add_epi32(_mm256_madd_epi16(pairs, high), c_high);
    return _mm256_sra_epi32(_mm256_add_epi32(h, l), shift);
  }

  __m256i Block(__m256i a, __m256i b) const {
    const __m256i zero = _mm256_setzero_si256();
    const __m256i first = _mm256_unpacklo_epi8(a, b), second = _mm256_unpackhi_epi8(a, b);
    const __m256i sums_01 = _mm256_packs_epi32(Sum(_mm256_unpacklo_epi8(first, zero)),
                                               Sum(_mm256_unpackhi_epi8(first, zero)));
    const __m256i sums_23 = _mm256_packs_epi32(Sum(_mm256_unpacklo_epi8(second, zero)),
                                               Sum(_mm256_unpackhi_epi8(second, zero)));
    const __m256i bytes = _mm256_packus_epi16(sums_01, sums_23);
    return _mm256_min_epu8(_mm256_max_epu8(bytes, min), max);
  }
};

}  // namespace

void LinearSumRowAvx2(const LinearSum& sum, const uint8_t* a, const uint8_t* b, uint8_t* y,
                      int64_t count) {
  const Constants constants(sum);
  const auto block = [&](const uint8_t* from_a, const uint8_t* from_b, uint8_t* to) {
    const __m256i bytes =
        constants.Block(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from_a)),
                        _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from_b)));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), bytes);
  };
  int64_t i = 0;
  for (; i + 32 <= count; i += 32) block(a + i, b + i, y + i);
  if (i < count) {
    const auto rest = static_cast<size_t>(count - i);
    uint8_t last_a[32] = {}, last_b[32] = {}, last_y[32];
    __builtin_memcpy(last_a, a + i, rest);
    __builtin_memcpy(last_b, b + i, rest);
    block(last_a, last_b, last_y);
    __builtin_memcpy(y + i, last_y, rest);
  }
}

}  // namespace integra::kernels
