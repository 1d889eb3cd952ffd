// Depthwise convolution with VNNI in 256-bit registers: four taps of a channel side by side, one
// vpdpbusd for all. A 3 x 3 kernel takes the three taps of one input row at a time, so that a row
// serves both output rows that read it; other kernels take their taps in any order.
#include <immintrin.h>

#include <algorithm>
#include <vector>

#include "kernels/avx2/depthwise_rows.h"
#include "kernels/vnni256.h"
#include "kernels/vnni256/products.h"

namespace integra::kernels {
namespace {

class TapQuads {
 public:
  TapQuads(const DepthwiseProblem& p, const std::vector<int64_t>& order)
      : stride_(p.stride_y), pitch_(p.pitch) {
    std::vector<int64_t> taps;  // -1: none
    const bool is_3x3 = p.kernel_y == 3 && p.kernel_x == 3;
    for (int64_t t = 0; t < p.taps(); ++t) {
      taps.push_back(t);
      if (is_3x3 && t % 3 == 2) taps.push_back(-1);
    }
    while (taps.size() % 4 != 0) taps.push_back(-1);
    for (const int64_t t : taps) {
      const int64_t tap = std::max<int64_t>(t, 0);
      offsets_.push_back(static_cast<int32_t>(p.tap_offset(tap / p.kernel_x, tap % p.kernel_x)));
    }
    // Weights less their zero point, saturated to 8 bits, and what saturation took away.
    const auto each = [&](const auto& use) {
      for (size_t i = 0; i < order.size(); ++i) {
        for (size_t t = 0; t < taps.size() && order[i] >= 0; ++t) {
          if (taps[t] < 0) continue;
          const int w = p.weights[taps[t] * p.channels + order[i]] - p.weight_zero_point;
          const int saturated = std::clamp(w, -128, 127);
          use(i, t, static_cast<int8_t>(saturated), static_cast<int8_t>(w - saturated));
        }
      }
    };
    each([&](size_t, size_t, int8_t, int8_t rest) { wide_ |= rest != 0; });
    weights_ = AlignedBuffer(order.size() * static_cast<size_t>(weight_bytes()) / kBlock);
    each([&](size_t i, size_t t, int8_t saturated, int8_t rest) {
      int8_t* const to =
          weights_.data<int8_t>() + static_cast<int64_t>(i / kBlock) * weight_bytes() +
          static_cast<int64_t>(t / 4) * quad_bytes() + static_cast<int64_t>(i % kBlock * 4 + t % 4);
      to[0] = saturated;
      if (wide_) to[kRestBytes] = rest;
    });
  }

  size_t bytes() const { return weights_.size(); }

  template <int kRows, bool kIs3x3>
  INTEGRA_MEMBER void Add(int64_t phase, const uint8_t* x, __m256i (&acc)[kRows][kVectors]) const {
    const int8_t* const w = weights_.data<int8_t>() + phase * weight_bytes();
    if (wide_) {
      AddTaps<kRows, kIs3x3, true>(x, w, acc);
    } else {
      AddTaps<kRows, kIs3x3, false>(x, w, acc);
    }
  }

 private:
  struct Quad {
    __m256i v[kVectors];
  };

  static constexpr int64_t kRestBytes = 4 * kBlock;  // from a quad of weights to its rest
  int64_t quad_bytes() const { return wide_ ? 2 * kRestBytes : kRestBytes; }
  int64_t weight_bytes() const {  // of a phase
    return static_cast<int64_t>(offsets_.size()) / 4 * quad_bytes();
  }

  template <int kRows, bool kIs3x3, bool kWide>
  INTEGRA_MEMBER void AddTaps(const uint8_t* x, const int8_t* w,
                              __m256i (&acc)[kRows][kVectors]) const {
    if constexpr (kIs3x3) {
      if (stride_ == 1) return AddRows<kRows, 1, kWide>(x, w, acc);
      if (stride_ == 2) return AddRows<kRows, 2, kWide>(x, w, acc);
    }
    for (size_t t = 0; t < offsets_.size(); t += 4, w += quad_bytes()) {
#pragma GCC unroll 2
      for (int row = 0; row < kRows; ++row) {
        const uint8_t* const from = x + row * stride_ * pitch_;
        const Quad taps =
            Interleave(LoadTap(from + offsets_[t]), LoadTap(from + offsets_[t + 1]),
                       LoadTap(from + offsets_[t + 2]), LoadTap(from + offsets_[t + 3]));
        AddQuad<kWide>(taps, w, acc[row]);
      }
    }
  }

  // Four taps of 32 channels, [channel][tap], channels in interleaved order.
  INTEGRA_MEMBER static Quad Interleave(__m256i a, __m256i b, __m256i c, __m256i d) {
    const __m256i ab_low = _mm256_unpacklo_epi8(a, b), ab_high = _mm256_unpackhi_epi8(a, b);
    const __m256i cd_low = _mm256_unpacklo_epi8(c, d), cd_high = _mm256_unpackhi_epi8(c, d);
    return {{_mm256_unpacklo_epi16(ab_low, cd_low), _mm256_unpackhi_epi16(ab_low, cd_low),
             _mm256_unpacklo_epi16(ab_high, cd_high), _mm256_unpackhi_epi16(ab_high, cd_high)}};
  }

  template <bool kWide>
  INTEGRA_MEMBER static void AddQuad(const Quad& taps, const int8_t* w, __m256i (&acc)[kVectors]) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      const auto* const from = reinterpret_cast<const __m256i*>(w) + v;
      acc[v] = (__m256i)MultiplyAdd((Lanes)acc[v], taps.v[v], _mm256_load_si256(from));
      if constexpr (kWide) {
        const __m256i rest = _mm256_load_si256(from + kVectors);
        acc[v] = (__m256i)MultiplyAdd((Lanes)acc[v], taps.v[v], rest);
      }
    }
  }

  // 3 x 3, dilated or not across a row alone: input rows one by one, each for the output rows that
  // read it.
  template <int kRows, int kStride, bool kWide>
  INTEGRA_MEMBER void AddRows(const uint8_t* x, const int8_t* w,
                              __m256i (&acc)[kRows][kVectors]) const {
    const int64_t second = offsets_[1], third = offsets_[2];
#pragma GCC unroll 5
    for (int i = 0; i < 3 + (kRows - 1) * kStride; ++i, x += pitch_) {
      const Quad taps =
          Interleave(LoadTap(x), LoadTap(x + second), LoadTap(x + third), _mm256_setzero_si256());
#pragma GCC unroll 2
      for (int row = 0; row < kRows; ++row) {
        const int tap_row = i - row * kStride;
        if (tap_row < 0 || tap_row >= 3) continue;
        AddQuad<kWide>(taps, w + tap_row * (kWide ? 2 : 1) * kRestBytes, acc[row]);
      }
      // Keeps the rows apart: mixed, there are more values alive than registers.
#pragma GCC unroll 2
      for (int row = 0; row < kRows; ++row) {
        asm("" : "+x"(acc[row][0]), "+x"(acc[row][1]), "+x"(acc[row][2]), "+x"(acc[row][3]));
      }
    }
  }

  const int64_t stride_;
  const int64_t pitch_;
  std::vector<int32_t> offsets_;
  bool wide_ = false;      // some weight less its zero point needs nine bits
  AlignedBuffer weights_;  // [phase][quad][1 or, where wide, 2][kBlock][4]
};

}  // namespace

std::unique_ptr<const Depthwise> INTEGRA_ENCODING::MakeDepthwise(const DepthwiseProblem& p) {
  // (The sum of two bytes is 254 at most.)
  const auto is_255 = [&](int8_t w) { return w - p.weight_zero_point == 255; };
  const bool fits = std::none_of(p.weights, p.weights + p.taps() * p.channels, is_255);
  if (!fits || p.dilation_y != 1) return nullptr;  // rows that are not neighbours are not shared
  return std::make_unique<DepthwiseRows<TapQuads>>(p, "own avx2_vnni");
}

}  // namespace integra::kernels
