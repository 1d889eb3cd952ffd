// Depthwise convolution with VNNI in 256-bit registers: four taps of a channel side by side, one
// vpdpbusd for all. A 3 x 3 kernel takes the three taps of one input row at a time, so that a row
// serves both output rows that read it; other kernels take their taps in any order.
#include <immintrin.h>

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
    weights_ = AlignedBuffer(order.size() * taps.size());
    for (size_t i = 0; i < order.size(); ++i) {
      if (order[i] < 0) continue;
      const size_t phase = i / kBlock, lane = i % kBlock;
      for (size_t t = 0; t < taps.size(); ++t) {
        if (taps[t] < 0) continue;
        weights_.data<int8_t>()[((phase * taps.size() / 4 + t / 4) * kBlock + lane) * 4 + t % 4] =
            p.weights[taps[t] * p.channels + order[i]];
      }
    }
  }

  size_t bytes() const { return weights_.size(); }

  template <int kRows, bool kIs3x3>
  INTEGRA_MEMBER void Add(int64_t phase, const uint8_t* x, __m256i (&acc)[kRows][kVectors]) const {
    const int8_t* w = weights_.data<int8_t>() + phase * static_cast<int64_t>(weight_bytes());
    if constexpr (kIs3x3) {
      if (stride_ == 1) return AddRows<kRows, 1>(x, w, acc);
      if (stride_ == 2) return AddRows<kRows, 2>(x, w, acc);
    }
    for (size_t t = 0; t < offsets_.size(); t += 4, w += 4 * kBlock) {
#pragma GCC unroll 2
      for (int row = 0; row < kRows; ++row) {
        const uint8_t* const from = x + row * stride_ * pitch_;
        const Quad taps =
            Interleave(LoadTap(from + offsets_[t]), LoadTap(from + offsets_[t + 1]),
                       LoadTap(from + offsets_[t + 2]), LoadTap(from + offsets_[t + 3]));
        AddQuad(taps, w, acc[row]);
      }
    }
  }

 private:
  struct Quad {
    __m256i v[kVectors];
  };

  size_t weight_bytes() const { return offsets_.size() * kBlock; }  // of a phase

  // Four taps of 32 channels, [channel][tap], channels in interleaved order.
  INTEGRA_MEMBER static Quad Interleave(__m256i a, __m256i b, __m256i c, __m256i d) {
    const __m256i ab_low = _mm256_unpacklo_epi8(a, b), ab_high = _mm256_unpackhi_epi8(a, b);
    const __m256i cd_low = _mm256_unpacklo_epi8(c, d), cd_high = _mm256_unpackhi_epi8(c, d);
    return {{_mm256_unpacklo_epi16(ab_low, cd_low), _mm256_unpackhi_epi16(ab_low, cd_low),
             _mm256_unpacklo_epi16(ab_high, cd_high), _mm256_unpackhi_epi16(ab_high, cd_high)}};
  }

  INTEGRA_MEMBER static void AddQuad(const Quad& taps, const int8_t* w, __m256i (&acc)[kVectors]) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      const auto weights = _mm256_load_si256(reinterpret_cast<const __m256i*>(w) + v);
      acc[v] = (__m256i)MultiplyAdd((Lanes)acc[v], taps.v[v], weights);
    }
  }

  // 3 x 3, dilated or not across a row alone: input rows one by one, each for the output rows that
  // read it.
  template <int kRows, int kStride>
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
        if (tap_row >= 0 && tap_row < 3) AddQuad(taps, w + tap_row * 4 * kBlock, acc[row]);
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
  AlignedBuffer weights_;  // [phase][quad][kBlock][4]
};

}  // namespace

std::unique_ptr<const Depthwise> INTEGRA_ENCODING::MakeDepthwise(const DepthwiseProblem& p) {
  // Weights less a zero point may need nine bits; rows that are not neighbours are not shared.
  if (p.weight_zero_point != 0 || p.dilation_y != 1) return nullptr;
  return std::make_unique<DepthwiseRows<TapQuads>>(p, "own avx2_vnni");
}

}  // namespace integra::kernels
