// Integer vectors of 512 bits, for kernels that are written once for several widths. In an unnamed
// namespace: see channel_sums.h.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace integra::kernels {
namespace {

struct Vectors {
  using Vector = __m512i;
  static constexpr int64_t kBytes = 64;

  static Vector Load(const void* p) { return _mm512_loadu_si512(p); }
  static void Store(void* p, Vector v) { _mm512_storeu_si512(p, v); }
  static Vector Set8(int x) { return _mm512_set1_epi8(static_cast<char>(x)); }
  static Vector Set32(int32_t x) { return _mm512_set1_epi32(x); }
  static Vector Set64(int64_t x) { return _mm512_set1_epi64(x); }
  static Vector And(Vector a, Vector b) { return _mm512_and_si512(a, b); }
  static Vector Xor(Vector a, Vector b) { return _mm512_xor_si512(a, b); }

  // 8-bit lanes. Unpacking and packing stay within 128-bit lanes.
  static Vector MinUnsigned8(Vector a, Vector b) { return _mm512_min_epu8(a, b); }
  static Vector MaxUnsigned8(Vector a, Vector b) { return _mm512_max_epu8(a, b); }
  static Vector UnpackLow8(Vector a, Vector b) { return _mm512_unpacklo_epi8(a, b); }
  static Vector UnpackHigh8(Vector a, Vector b) { return _mm512_unpackhi_epi8(a, b); }

  // 16-bit lanes.
  static Vector Set16(int x) { return _mm512_set1_epi16(static_cast<int16_t>(x)); }
  // kBytes / 2 bytes.
  static Vector Widen16(const uint8_t* x) {
    return _mm512_cvtepu8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(x)));
  }
  static Vector Add16(Vector a, Vector b) { return _mm512_add_epi16(a, b); }
  static Vector Subtract16(Vector a, Vector b) { return _mm512_sub_epi16(a, b); }
  static Vector ShiftLeft16(Vector a, unsigned count) { return _mm512_slli_epi16(a, count); }
  static Vector ShiftRight16(Vector a, unsigned count) { return _mm512_srai_epi16(a, count); }
  static Vector MultiplyHighUnsigned16(Vector a, Vector b) { return _mm512_mulhi_epu16(a, b); }
  // Bytes in the order of a and b, saturated.
  static Vector Pack16InOrder(Vector a, Vector b) {
    const __m512i order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
    return _mm512_permutexvar_epi64(order, _mm512_packus_epi16(a, b));
  }

  // 32-bit lanes.
  using Lanes = uint32_t __attribute__((vector_size(64)));  // sums wrap
  static Vector Add(Vector a, Vector b) { return _mm512_add_epi32(a, b); }
  static Vector Subtract(Vector a, Vector b) { return _mm512_sub_epi32(a, b); }
  static Vector Multiply(Vector a, Vector b) { return _mm512_mullo_epi32(a, b); }
  static Vector MinUnsigned(Vector a, Vector b) { return _mm512_min_epu32(a, b); }
  static Vector MaxUnsigned(Vector a, Vector b) { return _mm512_max_epu32(a, b); }
  // Of all lanes.
  static uint32_t LeastUnsigned(Vector a) { return _mm512_reduce_min_epu32(a); }
  static uint32_t MostUnsigned(Vector a) { return _mm512_reduce_max_epu32(a); }
  // Bit i: lane i of a is less than that of b.
  static unsigned MaskLess(Vector a, Vector b) { return _mm512_cmplt_epi32_mask(a, b); }
  static Vector ShiftLeft(Vector a, unsigned count) { return _mm512_slli_epi32(a, count); }
  static Vector ShiftRight(Vector a, unsigned count) { return _mm512_srai_epi32(a, count); }
  static Vector ShiftRightBy(Vector a, int count) {  // not a constant
    return _mm512_sra_epi32(a, _mm_cvtsi32_si128(count));
  }
  // Products of 16-bit lanes, each pair added.
  static Vector MultiplyPairs(Vector a, Vector b) { return _mm512_madd_epi16(a, b); }
  static void AddPairs(Vector a, Vector b, Lanes& sum) {
    sum = (Lanes)_mm512_dpwssd_epi32((__m512i)sum, a, b);
  }
  // kBytes / 4 bytes.
  static Vector Widen(const uint8_t* x) {
    return _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(x)));
  }
  static Vector Pack8(Vector a, Vector b, Vector c, Vector d) {
    return _mm512_packus_epi16(_mm512_packs_epi32(a, b), _mm512_packs_epi32(c, d));
  }
  // The same across 128-bit lanes: bytes in the order of a, b, c, d.
  static Vector Pack8InOrder(Vector a, Vector b, Vector c, Vector d) {
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    return _mm512_permutexvar_epi32(order, Pack8(a, b, c, d));
  }

  // 64-bit lanes.
  static Vector Add64(Vector a, Vector b) { return _mm512_add_epi64(a, b); }
  static Vector ShiftLeft64(Vector a, unsigned count) { return _mm512_slli_epi64(a, count); }
  static Vector ShiftRight64(Vector a, unsigned count) { return _mm512_srli_epi64(a, count); }
  // Of the even 32-bit lanes.
  static Vector MultiplyTo64(Vector a, Vector b) { return _mm512_mul_epi32(a, b); }
  // The 32-bit lanes in turns: the first of `even`, the second of `odd`, and so on.
  static Vector Alternate(Vector even, Vector odd) {
    return _mm512_mask_blend_epi32(0xAAAA, even, odd);
  }
};

// Of 256 bits, 16-bit lanes alone: where there are 16 channels.
struct HalfVectors {
  using Vector = __m256i;
  static constexpr int64_t kBytes = 32;

  static Vector Load(const void* p) { return _mm256_loadu_si256(static_cast<const Vector*>(p)); }
  static void Store(void* p, Vector v) { _mm256_storeu_si256(static_cast<Vector*>(p), v); }
  static Vector Set16(int x) { return _mm256_set1_epi16(static_cast<int16_t>(x)); }
  // kBytes / 2 bytes.
  static Vector Widen16(const uint8_t* x) {
    return _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(x)));
  }
  static Vector Add16(Vector a, Vector b) { return _mm256_add_epi16(a, b); }
  static Vector Subtract16(Vector a, Vector b) { return _mm256_sub_epi16(a, b); }
  static Vector ShiftLeft16(Vector a, unsigned count) {
    return _mm256_slli_epi16(a, static_cast<int>(count));
  }
};

}  // namespace
}  // namespace integra::kernels
