// Quantized 8-bit add, 32 outputs at a time.
//
// With u = x - zero in [-255, 255], m = 2^11 * h + l and a left shift of 20, the input's scaling is
//   v = (u * 2^20 * m + 2^30) >> 31 = u * h + ((u * l + 2^10) >> 11)
//   t = (v + 2^(s-1) - [u < 0]) >> s     (half away from zero; for s = 0 just v)
// in 32 bits. As a 32-bit lane, u's upper half is -[u < 0], so one vpmaddwd gives u * l and, times
// 2^11, the bracket. The output needs 64-bit products; there the bracket is the sum's sign:
//   y = ((sum * m + 2^30 >> 31) + 2^(s-1) - [sum < 0] + zero * 2^s) >> s
// Where the inner rounding turns a negative sum into 0 the bracket changes nothing, as s >= 1.
#include <immintrin.h>

#include "kernels/elementwise.h"

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

__m256i Widen(const uint8_t* x) {
  return _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(x)));
}

template <bool kSubtract, bool kWholeA, bool kWholeB>
void Run(const AddParams& p, const uint8_t* a, const uint8_t* b, uint8_t* y, int64_t count) {
  const Input in_a(p.zero[0], p.input[0]), in_b(p.zero[1], p.input[1]);
  const Output out(p);
  const __m256i one_a = in_a.Scale(_mm256_set1_epi32(*a));
  const __m256i one_b = in_b.Scale(_mm256_set1_epi32(*b));
  const auto block = [&](const uint8_t* xa, const uint8_t* xb, uint8_t* to) {
    __m256i r[4];
    for (int k = 0; k < 4; ++k) {
      const __m256i ta = kWholeA ? in_a.Scale(Widen(xa + 8 * k)) : one_a;
      const __m256i tb = kWholeB ? in_b.Scale(Widen(xb + 8 * k)) : one_b;
      r[k] = out.Scale(kSubtract ? _mm256_sub_epi32(ta, tb) : _mm256_add_epi32(ta, tb));
    }
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), out.Pack(r));
  };
  int64_t i = 0;
  for (; i + 32 <= count; i += 32) {
    block(a + (kWholeA ? i : 0), b + (kWholeB ? i : 0), y + i);
  }
  if (i < count) {
    const auto rest = static_cast<size_t>(count - i);
    uint8_t xa[32] = {}, xb[32] = {}, to[32];
    __builtin_memcpy(xa, a + (kWholeA ? i : 0), kWholeA ? rest : 1);
    __builtin_memcpy(xb, b + (kWholeB ? i : 0), kWholeB ? rest : 1);
    block(xa, xb, to);
    __builtin_memcpy(y + i, to, rest);
  }
}

template <bool kSubtract>
void Dispatch(const AddParams& p, const uint8_t* a, int64_t a_step, const uint8_t* b,
              int64_t b_step, uint8_t* y, int64_t count) {
  if (a_step != 0 && b_step != 0) return Run<kSubtract, true, true>(p, a, b, y, count);
  if (a_step != 0) return Run<kSubtract, true, false>(p, a, b, y, count);
  if (b_step != 0) return Run<kSubtract, false, true>(p, a, b, y, count);
  Run<kSubtract, false, false>(p, a, b, y, count);
}

}  // namespace

void AddRowAvx2(const AddParams& p, const uint8_t* a, int64_t a_step, const uint8_t* b,
                int64_t b_step, uint8_t* y, int64_t count) {
  if (count <= 0) return;
  if (p.subtract) {
    Dispatch<true>(p, a, a_step, b, b_step, y, count);
  } else {
    Dispatch<false>(p, a, a_step, b, b_step, y, count);
  }
}

}  // namespace integra::kernels
