// Taps of depthwise convolutions on AVX512-VNNI, four side by side: of sources and of weights.
// Included by depthwise_vnni.cc alone.
#pragma once

#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "kernels/avx512/output_stage.h"
#include "kernels/depthwise.h"

namespace integra::kernels {
namespace {

constexpr int64_t kBlock = 64;
constexpr int kVectors = 4;  // of 16 channels

struct Quad {
  __m512i v[kVectors];
};

// Each is unpacked twice: GCC would read it from memory as often.
INTEGRA_INLINE __m512i Load(const uint8_t* p) { return avx512::Pinned(_mm512_loadu_si512(p)); }

// Four taps of 64 channels, [channel][tap], channels in interleaved order.
INTEGRA_INLINE Quad Interleave(__m512i a, __m512i b, __m512i c, __m512i d) {
  const __m512i ab_low = _mm512_unpacklo_epi8(a, b), ab_high = _mm512_unpackhi_epi8(a, b);
  const __m512i cd_low = _mm512_unpacklo_epi8(c, d), cd_high = _mm512_unpackhi_epi8(c, d);
  return {{_mm512_unpacklo_epi16(ab_low, cd_low), _mm512_unpackhi_epi16(ab_low, cd_low),
           _mm512_unpacklo_epi16(ab_high, cd_high), _mm512_unpackhi_epi16(ab_high, cd_high)}};
}

// A tap's weights of the channels of a phase: less their zero point, saturated to 8 bits, and what
// saturation took away.
struct TapWeights {
  __m512i saturated, rest;
};

// `tap` may be -1, for none.
INTEGRA_INLINE TapWeights TapWeightsOf(const DepthwiseProblem& p, const DepthwiseBlocks& cut,
                                       int64_t phase, int64_t tap) {
  if (tap < 0) return {_mm512_setzero_si512(), _mm512_setzero_si512()};
  const int8_t* const row = p.weights + tap * p.channels;
  alignas(64) int8_t block[kBlock] = {};
  int64_t filled = 0, channel = cut.phases[static_cast<size_t>(phase)];
  while (filled < kBlock && channel < p.channels) {
    const int64_t count = std::min(kBlock - filled, p.channels - channel);
    std::memcpy(block + filled, row + channel, static_cast<size_t>(count));
    filled += count;
    channel = cut.wraps ? 0 : p.channels;
  }
  const __m512i weights = _mm512_load_si512(block);
  const __m512i zero = _mm512_set1_epi8(static_cast<char>(p.weight_zero_point));
  const __mmask64 exists = avx512::FirstBytes(filled);
  const __m512i saturated = _mm512_maskz_subs_epi8(exists, weights, zero);
  const __m512i less = _mm512_sub_epi8(weights, zero);
  return {saturated, _mm512_maskz_sub_epi8(exists, less, saturated)};
}

}  // namespace
}  // namespace integra::kernels
