#include <immintrin.h>

#include "kernels/winograd.h"
#include "kernels/winograd_tiles.h"

namespace integra::kernels {
namespace {

struct Vectors {
  using Vector = __m512i;
  using Lanes = uint32_t __attribute__((vector_size(64)));  // sums wrap
  static constexpr int64_t kBytes = 64;

  static Vector Load(const void* p) { return _mm512_loadu_si512(p); }
  static void Store(void* p, Vector v) { _mm512_storeu_si512(p, v); }

  // 16-bit lanes.
  static Vector Set16(int x) { return _mm512_set1_epi16(static_cast<int16_t>(x)); }
  static Vector Widen16(const uint8_t* x) {
    return _mm512_cvtepu8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(x)));
  }
  static Vector Add16(Vector a, Vector b) { return _mm512_add_epi16(a, b); }
  static Vector Subtract16(Vector a, Vector b) { return _mm512_sub_epi16(a, b); }
  static Vector ShiftLeft16(Vector a, unsigned count) { return _mm512_slli_epi16(a, count); }

  // 32-bit lanes.
  static Vector Set32(int32_t x) { return _mm512_set1_epi32(x); }
  static Vector Add(Vector a, Vector b) { return _mm512_add_epi32(a, b); }
  static Vector Subtract(Vector a, Vector b) { return _mm512_sub_epi32(a, b); }
  static Vector Multiply(Vector a, Vector b) { return _mm512_mullo_epi32(a, b); }
  static Vector ShiftLeft(Vector a, unsigned count) { return _mm512_slli_epi32(a, count); }
  static Vector ShiftRight(Vector a, unsigned count) { return _mm512_srai_epi32(a, count); }
  // Products of 16-bit lanes, each pair added.
  static void AddPairs(Vector a, Vector b, Lanes& sum) {
    sum = (Lanes)_mm512_dpwssd_epi32((__m512i)sum, a, b);
  }
};

}  // namespace

std::unique_ptr<const Winograd> MakeAvx512VnniWinograd(const GemmProblem& problem) {
  return std::make_unique<WinogradTiles<Vectors, 2, 8>>(problem, "own avx512_vnni winograd",
                                                        avx512::Requantize);
}

}  // namespace integra::kernels
