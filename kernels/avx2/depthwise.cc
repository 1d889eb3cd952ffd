// Depthwise convolution on AVX2: two taps of a channel side by side, widened to 16 bits, one
// vpmaddwd for both.
#include <immintrin.h>

#include <cstring>

#include "kernels/avx2/output_stage.h"
#include "kernels/depthwise.h"

namespace integra::kernels {
namespace {

using avx2::Form;

constexpr int64_t kBlock = 32;
constexpr int kVectors = 4;  // of 8 channels

class Avx2Depthwise final : public Depthwise {
 public:
  explicit Avx2Depthwise(const DepthwiseProblem& p)
      : cut_(CutIntoBlocks(p, kBlock)),
        pairs_((p.taps() + 1) / 2),
        row_pitch_(p.stride_y * p.pitch),
        out_pitch_(p.out_width * p.channels),
        stage_(p.stage, DepthwiseAddends(p), Order(p), LargestSum(p)) {
    for (int64_t t = 0; t < 2 * pairs_; ++t) {
      const int64_t tap = t < p.taps() ? t : t - 1;  // an odd last pair reads one tap twice
      offsets_.push_back(static_cast<int32_t>(p.tap_offset(tap / p.kernel_x, tap % p.kernel_x)));
    }
    const auto phases = static_cast<int64_t>(cut_.phases.size());
    weights_ = AlignedBuffer(static_cast<size_t>(phases * pairs_ * kBlock * 2) * 2);
    for (int64_t phase = 0; phase < phases; ++phase) {
      for (int64_t t = 0; t < p.taps(); ++t) {
        for (int64_t i = 0; i < kBlock; ++i) {
          const int64_t c = ChannelAt(cut_, p, phase, InterleavedByte(i / 8, i % 8));
          if (c < 0) continue;
          weights_.data<int16_t>()[((phase * pairs_ + t / 2) * kBlock + i) * 2 + t % 2] =
              static_cast<int16_t>(p.weights[t * p.channels + c] - p.weight_zero_point);
        }
      }
    }
  }

  void Run(const uint8_t* src, int64_t rows, uint8_t* dst) const override {
    RunBlocks(src, rows, dst);
  }
  void Run(const uint8_t* src, int64_t rows, int32_t* dst) const override {
    RunBlocks(src, rows, dst);
  }

  std::string name() const override { return "own avx2"; }
  size_t bytes() const override { return weights_.size() + stage_.bytes(); }

 private:
  // To outputs or, where T is int32_t, to sums.
  template <typename T>
  void RunBlocks(const uint8_t* src, int64_t rows, T* dst) const {
    for (const DepthwiseBlock& block : cut_.blocks) {
      const int16_t* w = weights_.data<int16_t>() + block.phase * pairs_ * kBlock * 2;
      for (int64_t y = 0; y < rows; ++y) {
        const uint8_t* x = src + y * row_pitch_ + block.offset;
        __m256i acc[kVectors] = {};
        for (int64_t k = 0; k < pairs_; ++k) {
          AddPair(x + offsets_[static_cast<size_t>(2 * k)],
                  x + offsets_[static_cast<size_t>(2 * k + 1)], w + k * kBlock * 2, acc);
        }
        Store(block, acc, dst + y * out_pitch_ + block.offset);
      }
    }
  }

  std::vector<int64_t> Order(const DepthwiseProblem& p) const {
    std::vector<int64_t> order;
    for (size_t phase = 0; phase < cut_.phases.size(); ++phase) {
      for (int64_t i = 0; i < kBlock; ++i) {
        order.push_back(
            ChannelAt(cut_, p, static_cast<int64_t>(phase), InterleavedByte(i / 8, i % 8)));
      }
    }
    return order;
  }

  INTEGRA_INLINE void AddPair(const uint8_t* first, const uint8_t* second, const int16_t* w,
                              __m256i* acc) {
    const __m256i zero = _mm256_setzero_si256();
    const __m256i a = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(first));
    const __m256i b = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(second));
    const __m256i low = _mm256_unpacklo_epi8(a, b), high = _mm256_unpackhi_epi8(a, b);
    const __m256i taps[kVectors] = {
        _mm256_unpacklo_epi8(low, zero), _mm256_unpackhi_epi8(low, zero),
        _mm256_unpacklo_epi8(high, zero), _mm256_unpackhi_epi8(high, zero)};
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      const __m256i weights = _mm256_load_si256(reinterpret_cast<const __m256i*>(w + 16 * v));
      acc[v] = _mm256_add_epi32(acc[v], _mm256_madd_epi16(taps[v], weights));
    }
  }

  // Sums come interleaved, four channels at a time.
  void Store(const DepthwiseBlock& block, const __m256i* acc, int32_t* dst) const {
    int32_t sums[kBlock];
    for (int v = 0; v < kVectors; ++v) {
      for (int half = 0; half < 2; ++half) {
        std::memcpy(sums + InterleavedByte(v, 4 * half),
                    reinterpret_cast<const int32_t*>(acc + v) + 4 * half, 4 * sizeof(int32_t));
      }
    }
    avx2::StoreSums<kBlock>(dst, sums, block.valid);
  }

  void Store(const DepthwiseBlock& block, const __m256i* acc, uint8_t* dst) const {
    alignas(32) uint8_t bytes[kBlock];
    if (stage_.form() == Form::kScalar) {
      alignas(32) int32_t sums[kBlock];
      for (int v = 0; v < kVectors; ++v) {
        _mm256_store_si256(reinterpret_cast<__m256i*>(sums + 8 * v), acc[v]);
      }
      for (int64_t i = 0; i < kBlock; ++i) {
        bytes[InterleavedByte(i / 8, i % 8)] =
            stage_.ApplyScalar(sums[i], block.phase * kBlock + i);
      }
    } else {
      const VectorOutputStage::Block* b = stage_.blocks() + block.phase * 2;
      const Form form = stage_.form();
      __m256i r[kVectors];
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) {
        r[v] = avx2::Scale(acc[v], avx2::LoadStage(b[v / 2], v % 2), form);
      }
      const __m256i zero_point = _mm256_set1_epi16(stage_.zero_point());
      const __m256i low = _mm256_adds_epi16(_mm256_packs_epi32(r[0], r[1]), zero_point);
      const __m256i high = _mm256_adds_epi16(_mm256_packs_epi32(r[2], r[3]), zero_point);
      const __m256i narrow =
          _mm256_min_epu8(_mm256_max_epu8(_mm256_packus_epi16(low, high),
                                          _mm256_set1_epi8(static_cast<char>(stage_.min()))),
                          _mm256_set1_epi8(static_cast<char>(stage_.max())));
      if (block.valid == kBlock) {
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(dst), narrow);
        return;
      }
      _mm256_store_si256(reinterpret_cast<__m256i*>(bytes), narrow);
    }
    std::memcpy(dst, bytes, static_cast<size_t>(block.valid));
  }

  const DepthwiseBlocks cut_;
  const int64_t pairs_;
  const int64_t row_pitch_;
  const int64_t out_pitch_;
  const VectorOutputStage stage_;
  std::vector<int32_t> offsets_;
  AlignedBuffer weights_;
};

}  // namespace

std::unique_ptr<const Depthwise> MakeAvx2Depthwise(const DepthwiseProblem& problem) {
  return std::make_unique<Avx2Depthwise>(problem);
}

}  // namespace integra::kernels
