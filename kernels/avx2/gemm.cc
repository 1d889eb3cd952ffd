// GEMM on AVX2, exact: values are widened to 16 bits and multiplied in pairs into 32 bits
// (vpmaddwd). The byte form, vpmaddubsw, would saturate.
#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "kernels/avx2/output_stage.h"
#include "kernels/gemm.h"

namespace integra::kernels {
namespace {

using avx2::Form;

constexpr int kRows = 4;
constexpr int kChannels = 16;

struct Sums {
  __m256i of[kRows][2];
};

// rows x 16 channels. `x` is [kRows][2 * steps] widened, `w` [steps][16][2].
INTEGRA_INLINE Sums Multiply(const int16_t* x, int64_t steps, const int16_t* w) {
  Sums acc;
  for (auto& row : acc.of) row[0] = row[1] = _mm256_setzero_si256();
  for (int64_t k = 0; k < steps; ++k, w += 2 * kChannels) {
    const __m256i w0 = _mm256_load_si256(reinterpret_cast<const __m256i*>(w));
    const __m256i w1 = _mm256_load_si256(reinterpret_cast<const __m256i*>(w + kChannels));
#pragma GCC unroll 4
    for (int i = 0; i < kRows; ++i) {
      int32_t pair;
      std::memcpy(&pair, x + i * 2 * steps + 2 * k, sizeof(pair));
      const __m256i a = _mm256_set1_epi32(pair);
      acc.of[i][0] = _mm256_add_epi32(acc.of[i][0], _mm256_madd_epi16(a, w0));
      acc.of[i][1] = _mm256_add_epi32(acc.of[i][1], _mm256_madd_epi16(a, w1));
    }
  }
  return acc;
}

class Avx2Gemm final : public Gemm {
 public:
  explicit Avx2Gemm(const GemmProblem& p)
      : n_(p.n),
        segments_(p.segments),
        segment_length_(p.segment_length),
        steps_((p.depth() + 1) / 2),
        stage_(p.stage, GemmAddends(p), PlainOrder(p.n, kChannels), LargestSum(p)) {
    const int64_t blocks = (n_ + kChannels - 1) / kChannels;
    weights_ = AlignedBuffer(static_cast<size_t>(blocks * steps_ * 2 * kChannels) * 2);
    int16_t* out = weights_.data<int16_t>();
    for (int64_t n = 0; n < n_; ++n) {
      for (int64_t k = 0; k < p.depth(); ++k) {
        out[((n / kChannels * steps_ + k / 2) * kChannels + n % kChannels) * 2 + k % 2] =
            static_cast<int16_t>(p.weights[n * p.depth() + k] - p.weight_zero_point);
      }
    }
  }

  void Run(const GemmSource& src, int64_t rows, uint8_t* dst, int64_t dst_stride,
           std::byte* scratch) const override {
    auto* x = reinterpret_cast<int16_t*>(scratch);
    for (int64_t r = 0; r < rows; r += kRows) {
      const auto count = static_cast<int>(std::min<int64_t>(kRows, rows - r));
      for (int i = 0; i < count; ++i) Widen(src, r + i, x + i * 2 * steps_);
      for (int64_t n = 0; n < n_; n += kChannels) {
        const Sums acc = Multiply(x, steps_, weights_.data<int16_t>() + n * steps_ * 2);
        Store(acc, n, count, dst + r * dst_stride + n, dst_stride);
      }
    }
  }

  std::string name() const override { return "own avx2"; }
  size_t scratch_bytes() const override {
    // A widened run is stored 16 values at a time.
    return static_cast<size_t>(kRows * 2 * steps_ + 16) * sizeof(int16_t);
  }
  size_t bytes() const override { return weights_.size() + stage_.bytes(); }

 private:
  void Widen(const GemmSource& src, int64_t row, int16_t* to) const {
    for (int64_t t = 0; t < segments_; ++t, to += segment_length_) {
      const uint8_t* from = src.base + src.row_offsets[row] + src.segment_offsets[t];
      for (int64_t k = 0; k < segment_length_; k += 16) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + k));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + k), _mm256_cvtepu8_epi16(bytes));
      }
    }
    *to = 0;  // an odd depth is followed by a weight of 0
  }

  void Store(const Sums& acc, int64_t channel, int rows, uint8_t* dst, int64_t stride) const {
    const int64_t valid = std::min<int64_t>(kChannels, n_ - channel);
    if (stage_.form() == Form::kScalar) {
      for (int i = 0; i < rows; ++i) {
        alignas(32) int32_t row[kChannels];
        _mm256_store_si256(reinterpret_cast<__m256i*>(row), acc.of[i][0]);
        _mm256_store_si256(reinterpret_cast<__m256i*>(row + 8), acc.of[i][1]);
        for (int64_t n = 0; n < valid; ++n) {
          dst[i * stride + n] = stage_.ApplyScalar(row[n], channel + n);
        }
      }
      return;
    }
    const VectorOutputStage::Block& block = stage_.blocks()[channel / kChannels];
    const Form form = stage_.form();
    const avx2::StageVectors v0 = avx2::LoadStage(block, 0), v1 = avx2::LoadStage(block, 1);
    for (int i = 0; i < rows; ++i) {
      const __m128i bytes = avx2::Narrow(avx2::Scale(acc.of[i][0], v0, form),
                                         avx2::Scale(acc.of[i][1], v1, form), stage_);
      if (valid == kChannels) {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(dst + i * stride), bytes);
      } else {
        alignas(16) uint8_t tail[16];
        _mm_store_si128(reinterpret_cast<__m128i*>(tail), bytes);
        std::memcpy(dst + i * stride, tail, static_cast<size_t>(valid));
      }
    }
  }

  const int64_t n_, segments_, segment_length_, steps_;  // a step is two values
  const VectorOutputStage stage_;
  AlignedBuffer weights_;
};

}  // namespace

std::unique_ptr<const Gemm> MakeAvx2Gemm(const GemmProblem& problem) {
  return std::make_unique<Avx2Gemm>(problem);
}

}  // namespace integra::kernels
