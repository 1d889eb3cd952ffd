// Quantized 8-bit add, 64 outputs at a time. The derivation is in kernels/add_rows.h.
#include <immintrin.h>

#include "kernels/elementwise.h"

namespace integra::kernels {
namespace {

struct Input {
  __m512i zero, high, low_and_sign, round;
  __m128i shift;

  Input(int32_t zero_point, Multiplier f)
      : zero(_mm512_set1_epi32(zero_point)),
        high(_mm512_set1_epi32(f.m >> 11)),
        low_and_sign(_mm512_set1_epi32((f.m & 2047) | (f.s > 0 ? 2048 << 16 : 0))),
        round(_mm512_set1_epi32(1024 + (f.s > 0 ? 1 << (f.s + 10) : 0))),
        shift(_mm_cvtsi32_si128(f.s)) {}

  __m512i Scale(__m512i x) const {
    const __m512i u = _mm512_sub_epi32(x, zero);
    const __m512i low = _mm512_add_epi32(_mm512_madd_epi16(u, low_and_sign), round);
    const __m512i v = _mm512_add_epi32(_mm512_mullo_epi32(u, high), _mm512_srai_epi32(low, 11));
    return _mm512_sra_epi32(v, shift);
  }
};

struct Output {
  __m512i multiplier, round, min, max, order;
  __m128i shift;

  explicit Output(const AddParams& p)
      : multiplier(_mm512_set1_epi64(p.output.m)),
        round(_mm512_set1_epi64((int64_t{1} << 30) + (((int64_t{1} << (p.output.s - 1)) +
                                                       int64_t{p.output_zero} * (1 << p.output.s)) *
                                                      (int64_t{1} << 31)))),
        min(_mm512_set1_epi8(static_cast<char>(p.clamp_min))),
        max(_mm512_set1_epi8(static_cast<char>(p.clamp_max))),
        order(_mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15)),
        shift(_mm_cvtsi32_si128(p.output.s)) {}

  __m512i Scale(__m512i sum) const {
    const __m512i even = _mm512_add_epi64(_mm512_mul_epi32(sum, multiplier), round);
    const __m512i odd =
        _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(sum, 32), multiplier), round);
    const __m512i v =
        _mm512_mask_blend_epi32(0xAAAA, _mm512_srli_epi64(even, 31), _mm512_slli_epi64(odd, 1));
    return _mm512_sra_epi32(_mm512_add_epi32(v, _mm512_srai_epi32(sum, 31)), shift);
  }

  __m512i Pack(const __m512i (&r)[4]) const {
    const __m512i packed =
        _mm512_packus_epi16(_mm512_packs_epi32(r[0], r[1]), _mm512_packs_epi32(r[2], r[3]));
    const __m512i ordered = _mm512_permutexvar_epi32(order, packed);
    return _mm512_min_epu8(_mm512_max_epu8(ordered, min), max);
  }
};

__m512i Widen(const uint8_t* x) {
  return _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(x)));
}

template <bool kSubtract, bool kWholeA, bool kWholeB>
void Run(const AddParams& p, const uint8_t* a, const uint8_t* b, uint8_t* y, int64_t count) {
  const Input in_a(p.zero[0], p.input[0]), in_b(p.zero[1], p.input[1]);
  const Output out(p);
  const __m512i one_a = in_a.Scale(_mm512_set1_epi32(*a));
  const __m512i one_b = in_b.Scale(_mm512_set1_epi32(*b));
  const auto block = [&](const uint8_t* xa, const uint8_t* xb) {
    __m512i r[4];
    for (int k = 0; k < 4; ++k) {
      const __m512i ta = kWholeA ? in_a.Scale(Widen(xa + 16 * k)) : one_a;
      const __m512i tb = kWholeB ? in_b.Scale(Widen(xb + 16 * k)) : one_b;
      r[k] = out.Scale(kSubtract ? _mm512_sub_epi32(ta, tb) : _mm512_add_epi32(ta, tb));
    }
    return out.Pack(r);
  };
  int64_t i = 0;
  for (; i + 64 <= count; i += 64) {
    _mm512_storeu_si512(y + i, block(a + (kWholeA ? i : 0), b + (kWholeB ? i : 0)));
  }
  if (i < count) {
    const __mmask64 rest = ~__mmask64{0} >> (64 - (count - i));
    alignas(64) uint8_t xa[64], xb[64];
    _mm512_store_si512(xa, _mm512_maskz_loadu_epi8(kWholeA ? rest : 1, a + (kWholeA ? i : 0)));
    _mm512_store_si512(xb, _mm512_maskz_loadu_epi8(kWholeB ? rest : 1, b + (kWholeB ? i : 0)));
    _mm512_mask_storeu_epi8(y + i, rest, block(xa, xb));
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

void AddRowAvx512(const AddParams& p, const uint8_t* a, int64_t a_step, const uint8_t* b,
                  int64_t b_step, uint8_t* y, int64_t count) {
  if (count <= 0) return;
  if (p.subtract) {
    Dispatch<true>(p, a, a_step, b, b_step, y, count);
  } else {
    Dispatch<false>(p, a, a_step, b, b_step, y, count);
  }
}

}  // namespace integra::kernels
