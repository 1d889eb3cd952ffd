// Integer vectors of 256 bits, for kernels that are written once for several widths. In an unnamed
// namespace: see channel_sums.h.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace integra::kernels {
namespace {

struct Vectors {
  using Vector = __m256i;
  static constexpr int64_t kBytes = 32;

  static Vector Load(const void* p) { return _mm256_loadu_si256(static_cast<const Vector*>(p)); }
  static void Store(void* p, Vector v) { _mm256_storeu_si256(static_cast<Vector*>(p), v); }
  static Vector Set8(int x) { return _mm256_set1_epi8(static_cast<char>(x)); }
  static Vector Set32(int32_t x) { return _mm256_set1_epi32(x); }
  static Vector Set64(int64_t x) { return _mm256_set1_epi64x(x); }
  // The same 16 bytes in every 128-bit lane.
  static Vector Load16Everywhere(const void* p) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128(static_cast<const __m128i*>(p)));
  }
  static Vector And(Vector a, Vector b) { return _mm256_and_si256(a, b); }
  static Vector Xor(Vector a, Vector b) { return _mm256_xor_si256(a, b); }

  // 8-bit lanes. Unpacking, shuffling and packing stay within 128-bit lanes.
  static Vector MinUnsigned8(Vector a, Vector b) { return _mm256_min_epu8(a, b); }
  static Vector MaxUnsigned8(Vector a, Vector b) { return _mm256_max_epu8(a, b); }
  static Vector SubtractSaturated8(Vector a, Vector b) { return _mm256_subs_epi8(a, b); }
  static Vector UnpackLow8(Vector a, Vector b) { return _mm256_unpacklo_epi8(a, b); }
  static Vector UnpackHigh8(Vector a, Vector b) { return _mm256_unpackhi_epi8(a, b); }
  static Vector Shuffle8(Vector table, Vector indices) {
    return _mm256_shuffle_epi8(table, indices);
  }

  // 16-bit lanes.
  static Vector Set16(int x) { return _mm256_set1_epi16(static_cast<int16_t>(x)); }
  // kBytes / 2 bytes.
  static Vector Widen16(const uint8_t* x) {
    return _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(x)));
  }
  static Vector Add16(Vector a, Vector b) { return _mm256_add_epi16(a, b); }
  static Vector Subtract16(Vector a, Vector b) { return _mm256_sub_epi16(a, b); }
  static Vector ShiftLeft16(Vector a, int count) { return _mm256_slli_epi16(a, count); }
  static Vector ShiftRight16(Vector a, int count) { return _mm256_srai_epi16(a, count); }
  static Vector MultiplyHighUnsigned16(Vector a, Vector b) { return _mm256_mulhi_epu16(a, b); }
  // Bytes in the order of a and b, saturated.
  static Vector Pack16InOrder(Vector a, Vector b) {
    return _mm256_permute4x64_epi64(_mm256_packus_epi16(a, b), 0xD8);
  }

  // 32-bit lanes.
  using Lanes = uint32_t __attribute__((vector_size(32)));  // sums wrap
  static Vector Add(Vector a, Vector b) { return _mm256_add_epi32(a, b); }
  static Vector Subtract(Vector a, Vector b) { return _mm256_sub_epi32(a, b); }
  static Vector Multiply(Vector a, Vector b) { return _mm256_mullo_epi32(a, b); }
  static Vector Min(Vector a, Vector b) { return _mm256_min_epi32(a, b); }
  static Vector Max(Vector a, Vector b) { return _mm256_max_epi32(a, b); }
  static Vector MinUnsigned(Vector a, Vector b) { return _mm256_min_epu32(a, b); }
  static Vector MaxUnsigned(Vector a, Vector b) { return _mm256_max_epu32(a, b); }
  // Of all lanes.
  static uint32_t LeastUnsigned(Vector a) {
    a = MinUnsigned(a, _mm256_permute2x128_si256(a, a, 1));
    a = MinUnsigned(a, _mm256_shuffle_epi32(a, 0x4E));
    a = MinUnsigned(a, _mm256_shuffle_epi32(a, 0xB1));
    return static_cast<uint32_t>(_mm_cvtsi128_si32(_mm256_castsi256_si128(a)));
  }
  static uint32_t MostUnsigned(Vector a) { return ~LeastUnsigned(Xor(a, Set32(-1))); }
  // Bit i: lane i of a is less than that of b.
  static unsigned MaskLess(Vector a, Vector b) {
    return static_cast<unsigned>(_mm256_movemask_ps((__m256)_mm256_cmpgt_epi32(b, a)));
  }
  static Vector ShiftLeft(Vector a, int count) { return _mm256_slli_epi32(a, count); }
  static Vector ShiftRight(Vector a, int count) { return _mm256_srai_epi32(a, count); }
  static Vector ShiftRightBy(Vector a, int count) {  // not a constant
    return _mm256_sra_epi32(a, _mm_cvtsi32_si128(count));
  }
  // Products of 16-bit lanes, each pair added.
  static Vector MultiplyPairs(Vector a, Vector b) { return _mm256_madd_epi16(a, b); }
  static void AddPairs(Vector a, Vector b, Lanes& sum) { sum += (Lanes)_mm256_madd_epi16(a, b); }
  // kBytes / 4 bytes.
  static Vector Widen(const uint8_t* x) {
    return _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(x)));
  }
  static Vector Pack8(Vector a, Vector b, Vector c, Vector d) {
    return _mm256_packus_epi16(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d));
  }
  // The same across 128-bit lanes: bytes in the order of a, b, c, d.
  static Vector Pack8InOrder(Vector a, Vector b, Vector c, Vector d) {
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    return _mm256_permutevar8x32_epi32(Pack8(a, b, c, d), order);
  }

  // 64-bit lanes.
  static Vector Add64(Vector a, Vector b) { return _mm256_add_epi64(a, b); }
  static Vector ShiftLeft64(Vector a, int count) { return _mm256_slli_epi64(a, count); }
  static Vector ShiftRight64(Vector a, int count) { return _mm256_srli_epi64(a, count); }
  // Of the even 32-bit lanes.
  static Vector MultiplyTo64(Vector a, Vector b) { return _mm256_mul_epi32(a, b); }
  // The 32-bit lanes in turns: the first of `even`, the second of `odd`, and so on.
  static Vector Alternate(Vector even, Vector odd) { return _mm256_blend_epi32(even, odd, 0xAA); }
};

}  // namespace
}  // namespace integra::kernels
