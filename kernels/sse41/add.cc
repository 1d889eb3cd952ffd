// Quantized 8-bit add, 16 outputs at a time: see add_rows.h for the derivation.
#include <immintrin.h>

#include "kernels/add_rows.h"

namespace integra::kernels {
namespace {

struct Input {
  __m128i zero, high, low_and_sign, round, shift;

  Input(int32_t zero_point, Multiplier f)
      : zero(_mm_set1_epi32(zero_point)),
        high(_mm_set1_epi32(f.m >> 11)),
        low_and_sign(_mm_set1_epi32((f.m & 2047) | (f.s > 0 ? 2048 << 16 : 0))),
        round(_mm_set1_epi32(1024 + (f.s > 0 ? 1 << (f.s + 10) : 0))),
        shift(_mm_cvtsi32_si128(f.s)) {}

  __m128i Scale(__m128i x) const {
    const __m128i u = _mm_sub_epi32(x, zero);
    const __m128i low = _mm_add_epi32(_mm_madd_epi16(u, low_and_sign), round);
    const __m128i v = _mm_add_epi32(_mm_mullo_epi32(u, high), _mm_srai_epi32(low, 11));
    return _mm_sra_epi32(v, shift);
  }
};

struct Output {
  __m128i multiplier, round, min, max, shift;

  explicit Output(const AddParams& p)
      : multiplier(_mm_set1_epi64x(p.output.m)),
        round(_mm_set1_epi64x((int64_t{1} << 30) + (((int64_t{1} << (p.output.s - 1)) +
                                                     int64_t{p.output_zero} * (1 << p.output.s)) *
                                                    (int64_t{1} << 31)))),
        min(_mm_set1_epi8(static_cast<char>(p.clamp_min))),
        max(_mm_set1_epi8(static_cast<char>(p.clamp_max))),
        shift(_mm_cvtsi32_si128(p.output.s)) {}

  __m128i Scale(__m128i sum) const {
    const __m128i even = _mm_add_epi64(_mm_mul_epi32(sum, multiplier), round);
    const __m128i odd = _mm_add_epi64(_mm_mul_epi32(_mm_srli_epi64(sum, 32), multiplier), round);
    const __m128i v = _mm_blend_epi16(_mm_srli_epi64(even, 31), _mm_slli_epi64(odd, 1), 0xCC);
    return _mm_sra_epi32(_mm_add_epi32(v, _mm_srai_epi32(sum, 31)), shift);
  }

  __m128i Pack(const __m128i (&r)[4]) const {
    const __m128i packed =
        _mm_packus_epi16(_mm_packs_epi32(r[0], r[1]), _mm_packs_epi32(r[2], r[3]));
    return _mm_min_epu8(_mm_max_epu8(packed, min), max);
  }
};

struct Vectors {
  using Vector = __m128i;
  static constexpr int64_t kLanes = 4;
  using Input = kernels::Input;
  using Output = kernels::Output;

  static Vector Set(int32_t x) { return _mm_set1_epi32(x); }
  static Vector Widen(const uint8_t* x) { return _mm_cvtepu8_epi32(_mm_loadu_si32(x)); }
  static Vector Sum(Vector a, Vector b) { return _mm_add_epi32(a, b); }
  static Vector Difference(Vector a, Vector b) { return _mm_sub_epi32(a, b); }
  static void Store(uint8_t* to, Vector bytes) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), bytes);
  }
};

}  // namespace

void AddRowSse41(const AddParams& p, const uint8_t* a, int64_t a_step, const uint8_t* b,
                 int64_t b_step, uint8_t* y, int64_t count) {
  AddRowOf<Vectors>(p, a, a_step, b, b_step, y, count);
}

}  // namespace integra::kernels
