// Depthwise convolution on AVX2: two taps of a channel side by side, widened to 16 bits, one
// vpmaddwd for both.
#include <immintrin.h>

#include <vector>

#include "kernels/avx2/depthwise_rows.h"

namespace integra::kernels {
namespace {

class TapPairs {
 public:
  TapPairs(const DepthwiseProblem& p, const std::vector<int64_t>& order)
      : pairs_((p.taps() + 1) / 2), row_pitch_(p.stride_y * p.pitch) {
    for (int64_t t = 0; t < 2 * pairs_; ++t) {
      const int64_t tap = t < p.taps() ? t : t - 1;  // an odd last pair reads one tap twice
      offsets_.push_back(static_cast<int32_t>(p.tap_offset(tap / p.kernel_x, tap % p.kernel_x)));
    }
    weights_ = AlignedBuffer(order.size() * static_cast<size_t>(pairs_) * 2 * sizeof(int16_t));
    for (size_t i = 0; i < order.size(); ++i) {
      if (order[i] < 0) continue;
      const auto phase = static_cast<int64_t>(i) / kBlock, lane = static_cast<int64_t>(i) % kBlock;
      for (int64_t t = 0; t < p.taps(); ++t) {
        weights_.data<int16_t>()[((phase * pairs_ + t / 2) * kBlock + lane) * 2 + t % 2] =
            static_cast<int16_t>(p.weights[t * p.channels + order[i]] - p.weight_zero_point);
      }
    }
  }

  size_t bytes() const { return weights_.size(); }

  // (Loads and unpacks are what this is made of.)
  template <int kRows, bool kIs3x3>
  INTEGRA_MEMBER void Add(int64_t phase, const uint8_t* x, __m256i (&acc)[kRows][kVectors]) const {
    const int32_t* offsets = offsets_.data();
    const int16_t* w = weights_.data<int16_t>() + phase * pairs_ * kBlock * 2;
    // Unrolled, GCC 12 would compute the address of every pair of weights ahead, and spill it.
    asm("" : "+r"(w));
    const int64_t pairs = kIs3x3 ? 5 : pairs_;
#pragma GCC unroll 5
    for (int64_t k = 0; k < pairs; ++k) {
      AddPair<kRows>(x + offsets[2 * k], x + offsets[2 * k + 1], w + k * kBlock * 2, acc);
    }
  }

 private:
  template <int kRows>
  INTEGRA_MEMBER void AddPair(const uint8_t* first, const uint8_t* second, const int16_t* w,
                              __m256i (&acc)[kRows][kVectors]) const {
    const __m256i zero = _mm256_setzero_si256();
    __m256i taps[kRows][2];
#pragma GCC unroll 2
    for (int row = 0; row < kRows; ++row) {
      const __m256i a = LoadTap(first + row * row_pitch_), b = LoadTap(second + row * row_pitch_);
      taps[row][0] = _mm256_unpacklo_epi8(a, b);
      taps[row][1] = _mm256_unpackhi_epi8(a, b);
    }
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      const __m256i weights = avx2::Hold(w + 16 * v);
#pragma GCC unroll 2
      for (int row = 0; row < kRows; ++row) {
        const __m256i pair = v % 2 == 0 ? _mm256_unpacklo_epi8(taps[row][v / 2], zero)
                                        : _mm256_unpackhi_epi8(taps[row][v / 2], zero);
        acc[row][v] = _mm256_add_epi32(acc[row][v], _mm256_madd_epi16(pair, weights));
      }
    }
    // Keeps the pairs apart: mixed, there are more values alive than registers.
#pragma GCC unroll 2
    for (int row = 0; row < kRows; ++row) {
      asm("" : "+x"(acc[row][0]), "+x"(acc[row][1]), "+x"(acc[row][2]), "+x"(acc[row][3]));
    }
  }

  const int64_t pairs_;
  const int64_t row_pitch_;
  std::vector<int32_t> offsets_;
  AlignedBuffer weights_;
};

}  // namespace

std::unique_ptr<const Depthwise> MakeAvx2Depthwise(const DepthwiseProblem& problem) {
  return std::make_unique<DepthwiseRows<TapPairs>>(problem, "own avx2");
}

}  // namespace integra::kernels
