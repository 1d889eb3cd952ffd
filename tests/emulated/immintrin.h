// AVX-512 in plain C++, so that its kernels can be tested on processors without it: the build
// option INTEGRA_EMULATE_AVX512 puts this header before the compiler's own. Nearly all of it is
// SIMD Everywhere (https://github.com/simd-everywhere/simde, MIT); here is what Debian 12's version
// of it lacks.
#pragma once

#include_next <immintrin.h>

#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>

#include <cstdint>
#include <cstring>

namespace integra::emulated {

struct Lanes32 {
  int32_t of[16];
};
struct Bytes {
  uint8_t of[64];
};

template <typename To, typename From>
To Cast(const From& from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  std::memcpy(&to, &from, sizeof(to));
  return to;
}

inline simde__m512i ShiftRight(simde__m512i a, simde__m512i counts) {
  auto lanes = Cast<Lanes32>(a);
  const auto by = Cast<Lanes32>(counts);
  for (int i = 0; i < 16; ++i) {
    const auto count = static_cast<uint32_t>(by.of[i]);
    lanes.of[i] >>= count > 31 ? 31 : count;
  }
  return Cast<simde__m512i>(lanes);
}

inline simde__m512i ShiftRight(simde__m512i a, unsigned count) {
  Lanes32 counts;
  for (int32_t& c : counts.of) c = static_cast<int32_t>(count > 31 ? 31 : count);
  return ShiftRight(a, Cast<simde__m512i>(counts));
}

inline simde__m512i ShiftRight(simde__m512i a, __m128i count) {
  uint64_t low;
  std::memcpy(&low, &count, sizeof(low));
  return ShiftRight(a, static_cast<unsigned>(low > 31 ? 31 : low));
}

// Pairs of 16-bit products, added.
inline simde__m512i MultiplyPairs(simde__m512i a, simde__m512i b) {
  struct Words {
    int16_t of[32];
  };
  const auto left = Cast<Words>(a), right = Cast<Words>(b);
  Lanes32 lanes;
  for (int i = 0; i < 16; ++i) {
    lanes.of[i] = left.of[2 * i] * right.of[2 * i] + left.of[2 * i + 1] * right.of[2 * i + 1];
  }
  return Cast<simde__m512i>(lanes);
}

struct Words {
  uint16_t of[32];
};

inline simde__m512i MultiplyHigh(simde__m512i a, simde__m512i b) {
  auto words = Cast<Words>(a);
  const auto right = Cast<Words>(b);
  for (int i = 0; i < 32; ++i) {
    words.of[i] = static_cast<uint16_t>(uint32_t{words.of[i]} * right.of[i] >> 16);
  }
  return Cast<simde__m512i>(words);
}

inline simde__m512i WidenBytesToWords(__m256i a) {
  uint8_t bytes[32];
  std::memcpy(bytes, &a, sizeof(bytes));
  Words words;
  for (int i = 0; i < 32; ++i) words.of[i] = bytes[i];
  return Cast<simde__m512i>(words);
}

// Masked-off elements are neither read nor written.
inline simde__m512i LoadBytes(uint64_t mask, const void* from) {
  Bytes bytes = {};
  for (int i = 0; i < 64; ++i) {
    if (mask >> i & 1) bytes.of[i] = static_cast<const uint8_t*>(from)[i];
  }
  return Cast<simde__m512i>(bytes);
}

template <typename Vector>
void StoreBytes(void* to, uint64_t mask, Vector a) {
  uint8_t bytes[sizeof(Vector)];
  std::memcpy(bytes, &a, sizeof(bytes));
  for (size_t i = 0; i < sizeof(bytes); ++i) {
    if (mask >> i & 1) static_cast<uint8_t*>(to)[i] = bytes[i];
  }
}

inline void StoreLanes(void* to, uint16_t mask, simde__m512i a) {
  const auto lanes = Cast<Lanes32>(a);
  for (int i = 0; i < 16; ++i) {
    if (mask >> i & 1) std::memcpy(static_cast<char*>(to) + 4 * i, &lanes.of[i], 4);
  }
}

inline simde__m512i LoadLanes(uint16_t mask, const void* from) {
  Lanes32 lanes = {};
  for (int i = 0; i < 16; ++i) {
    if (mask >> i & 1) std::memcpy(&lanes.of[i], static_cast<const char*>(from) + 4 * i, 4);
  }
  return Cast<simde__m512i>(lanes);
}

inline int32_t Sum(simde__m512i a) {
  uint32_t sum = 0;
  for (const int32_t lane : Cast<Lanes32>(a).of) sum += static_cast<uint32_t>(lane);
  return static_cast<int32_t>(sum);
}

inline uint32_t Least(simde__m512i a) {
  uint32_t least = UINT32_MAX;
  for (const int32_t lane : Cast<Lanes32>(a).of) {
    least = static_cast<uint32_t>(lane) < least ? static_cast<uint32_t>(lane) : least;
  }
  return least;
}

inline uint32_t Most(simde__m512i a) {
  uint32_t most = 0;
  for (const int32_t lane : Cast<Lanes32>(a).of) {
    most = static_cast<uint32_t>(lane) > most ? static_cast<uint32_t>(lane) : most;
  }
  return most;
}

inline simde__m512i WidenBytes(__m128i a) {
  uint8_t bytes[16];
  std::memcpy(bytes, &a, sizeof(bytes));
  Lanes32 lanes;
  for (int i = 0; i < 16; ++i) lanes.of[i] = bytes[i];
  return Cast<simde__m512i>(lanes);
}

inline uint16_t Less(simde__m512i a, simde__m512i b) {
  const auto left = Cast<Lanes32>(a), right = Cast<Lanes32>(b);
  unsigned mask = 0;
  for (int i = 0; i < 16; ++i) mask |= unsigned{left.of[i] < right.of[i]} << i;
  return static_cast<uint16_t>(mask);
}

inline simde__m512i ShuffleLanes(simde__m512i a, int order) {
  const auto from = Cast<Lanes32>(a);
  Lanes32 to;
  for (int i = 0; i < 16; ++i) to.of[i] = from.of[i / 4 * 4 + (order >> i % 4 * 2 & 3)];
  return Cast<simde__m512i>(to);
}

}  // namespace integra::emulated

#define _mm512_srav_epi32 integra::emulated::ShiftRight
#define _mm512_srai_epi32 integra::emulated::ShiftRight
#define _mm512_sra_epi32 integra::emulated::ShiftRight
#define _mm512_maskz_loadu_epi8 integra::emulated::LoadBytes
#define _mm512_mask_storeu_epi8 integra::emulated::StoreBytes
#define _mm256_mask_storeu_epi8 integra::emulated::StoreBytes
#define _mm_mask_storeu_epi8 integra::emulated::StoreBytes
#define _mm512_mask_storeu_epi32 integra::emulated::StoreLanes
#undef _mm512_madd_epi16
#define _mm512_madd_epi16 integra::emulated::MultiplyPairs
#define _mm512_maskz_loadu_epi32 integra::emulated::LoadLanes
#define _mm512_reduce_add_epi32 integra::emulated::Sum
#define _mm512_reduce_min_epu32 integra::emulated::Least
#define _mm512_reduce_max_epu32 integra::emulated::Most
#define _mm512_cvtepu8_epi32 integra::emulated::WidenBytes
#define _mm512_cmplt_epi32_mask integra::emulated::Less
#define _mm512_mulhi_epu16 integra::emulated::MultiplyHigh
#define _mm512_cvtepu8_epi16 integra::emulated::WidenBytesToWords
#define _mm512_shuffle_epi32 integra::emulated::ShuffleLanes
