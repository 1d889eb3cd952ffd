// Writes of vectors whose last channels may not be written. For one instruction set of x86: see
// channel_sums.h about how it is included.
#pragma once

#include <immintrin.h>

#include <cstdint>
#include <cstring>

namespace integra::kernels {
namespace {

// Writes the first `valid` of 16 bytes. (Not by memcpy: a call would have every vector register
// saved.)
inline __attribute__((always_inline)) void StoreChannels(uint8_t* dst, __m128i bytes,
                                                         int64_t valid) {
  if (valid == 16) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(dst), bytes);
    return;
  }
  if (valid & 8) {
    _mm_storel_epi64(reinterpret_cast<__m128i*>(dst), bytes);
    bytes = _mm_unpackhi_epi64(bytes, bytes);
    dst += 8;
  }
  if (valid & 4) {
    _mm_storeu_si32(dst, bytes);
    bytes = _mm_srli_si128(bytes, 4);
    dst += 4;
  }
  if (valid & 2) {
    _mm_storeu_si16(dst, bytes);
    bytes = _mm_srli_si128(bytes, 2);
    dst += 2;
  }
  if (valid & 1) *dst = static_cast<uint8_t>(_mm_cvtsi128_si32(bytes));
}

// Writes the first `valid` of kCount sums. (A constant number is copied without a call.)
template <int64_t kCount>
inline __attribute__((always_inline)) void StoreSums(int32_t* dst, const void* sums,
                                                     int64_t valid) {
  if (valid == kCount) {
    std::memcpy(dst, sums, kCount * sizeof(int32_t));
  } else {
    std::memcpy(dst, sums, static_cast<size_t>(valid) * sizeof(int32_t));
  }
}

}  // namespace
}  // namespace integra::kernels
