// Quantized 8-bit add, 32 outputs at a time: see add_rows.h for the derivation.
#include <immintrin.h>

#include "kernels/add_rows.h"

namespace integra::kernels {
namespace {

struct Input {
  __m256i zero, high, low_and_sign, round;
  __m128i shift;

  Input(int32_t zero_point, Multiplier f)
      : zero(_mm256_set1_epi32(zero_point)),
        high(_mm256_set1_epi32(f.m >> 11)),
        low_and_sign(_mm256_set1_epi32((f.m & 2047) | (f.s > 0 ? 2048 << 16 : 0))),
        round(_mm256_set1_epi32(1024 + (f.s > 0 ? 1 << (f.s + 10) : 0))),
        shift(_mm_cvtsi32_si128(f.s)) {}

  __m256i Scale(__m256i x) const {
    const __m256i u = _mm256_sub_epi32(x, zero);
    const __m256i low = _mm256_add_epi32(_mm256_madd_epi16(u, low_and_sign), round);
    const __m256i v = _mm256_add_epi32(_mm256_mullo_epi32(u, high), _mm256_srai_epi32(low, 11));
    return _mm256_sra_epi32(v, shift);
  }
};

struct Output {
  __m256i multiplier, round, min, max, order;
  __m128i shift;

  explicit Output(const AddParams& p)
      : multiplier(_mm256_set1_epi64x(p.output.m)),
        round(_mm256_set1_epi64x(
            (int64_t{1} << 30) +
            (((int64_t{1} << (p.output.s - 1)) + int64_t{p.output_zero} * (1 << p.output.s)) *
             (int64_t{1} << 31)))),
        min(_mm256_set1_epi8(static_cast<char>(p.clamp_min))),
        max(_mm256_set1_epi8(static_cast<char>(p.clamp_max))),
        order(_mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7)),
        shift(_mm_cvtsi32_si128(p.output.s)) {}

  __m256i Scale(__m256i sum) const {
    const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(sum, multiplier), round);
    const __m256i odd =
        _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(sum, 32), multiplier), round);
    const __m256i v =
        _mm256_blend_epi32(_mm256_srli_epi64(even, 31), _mm256_slli_epi64(odd, 1), 0xAA);
    return _mm256_sra_epi32(_mm256_add_epi32(v, _mm256_srai_epi32(sum, 31)), shift);
  }

  __m256i Pack(const __m256i (&r)[4]) const {
    const __m256i packed =
        _mm256_packus_epi16(_mm256_packs_epi32(r[0], r[1]), _mm256_packs_epi32(r[2], r[3]));
    const __m256i ordered = _mm256_permutevar8x32_epi32(packed, order);
    return _mm256_min_epu8(_mm256_max_epu8(ordered, min), max);
  }
};

struct Vectors {
  using Vector = __m256i;
  static constexpr int64_t kLanes = 8;
  using Input = kernels::Input;
  using Output = kernels::Output;

  static Vector Set(int32_t x) { return _mm256_set1_epi32(x); }
  static Vector Widen(const uint8_t* x) {
    return _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(x)));
  }
  static Vector Sum(Vector a, Vector b) { return _mm256_add_epi32(a, b); }
  static Vector Difference(Vector a, Vector b) { return _mm256_sub_epi32(a, b); }
  static void Store(uint8_t* to, Vector bytes) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), bytes);
  }
};

}  // namespace

void AddRowAvx2(const AddParams& p, const uint8_t* a, int64_t a_step, const uint8_t* b,
                int64_t b_step, uint8_t* y, int64_t count) {
  AddRowOf<Vectors>(p, a, a_step, b, b_step, y, count);
}

}  // namespace integra::kernels
