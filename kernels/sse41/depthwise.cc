// Depthwise convolution on SSE4.1: two taps of a channel side by side, widened to 16 bits, one
// pmaddwd for both.
#include "kernels/depthwise.h"

#include <immintrin.h>

#include <cstring>

#include "kernels/sse41/output_stage.h"

namespace integra::kernels {
namespace {

using sse41::Form;

constexpr int64_t kBlock = 16;
constexpr int kVectors = 4;  // of 4 channels

class Sse41Depthwise final : public Depthwise {
 public:
  explicit Sse41Depthwise(const DepthwiseProblem& p)
      : cut_(CutIntoBlocks(p, kBlock)),
        pairs_((p.taps() + 1) / 2),
        row_pitch_(p.stride_y * p.pitch),
        out_pitch_(p.out_width * p.channels),
        stage_(DepthwiseStage(p, Order(p))) {
    for (int64_t t = 0; t < 2 * pairs_; ++t) {
      const int64_t tap = t < p.taps() ? t : t - 1;  // an odd last pair reads one tap twice
      offsets_.push_back(static_cast<int32_t>(p.tap_offset(tap / p.kernel_x, tap % p.kernel_x)));
    }
    const std::vector<int64_t>& order = stage_.order();  // [phases][16]
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

  void Run(const uint8_t* src, int64_t rows, uint8_t* dst) const override {
    if (stage_.form() == Form::kFloor) return RunBlocks<Form::kFloor>(src, rows, dst);
    if (stage_.form() == Form::kTwoStep) return RunBlocks<Form::kTwoStep>(src, rows, dst);
    RunBlocks<Form::kScalar>(src, rows, dst);
  }
  void Run(const uint8_t* src, int64_t rows, int32_t* dst) const override {
    RunBlocks<Form::kScalar>(src, rows, dst);
  }

  std::string name() const override { return "own sse41"; }
  size_t bytes() const override { return weights_.size() + stage_.bytes(); }

 private:
  // To outputs or, where T is int32_t, to sums.
  template <Form kForm, typename T>
  void RunBlocks(const uint8_t* src, int64_t rows, T* dst) const {
    for (const DepthwiseBlock& block : cut_.blocks) {
      const int16_t* w = weights_.data<int16_t>() + block.phase * pairs_ * kBlock * 2;
      for (int64_t y = 0; y < rows; ++y) {
        const uint8_t* x = src + y * row_pitch_ + block.offset;
        __m128i acc[kVectors] = {};
        for (int64_t k = 0; k < pairs_; ++k) {
          AddPair(x + offsets_[static_cast<size_t>(2 * k)],
                  x + offsets_[static_cast<size_t>(2 * k + 1)], w + k * kBlock * 2, acc);
        }
        Store<kForm>(block, acc, dst + y * out_pitch_ + block.offset);
      }
    }
  }

  std::vector<int64_t> Order(const DepthwiseProblem& p) const {
    std::vector<int64_t> order;
    for (size_t phase = 0; phase < cut_.phases.size(); ++phase) {
      for (int64_t i = 0; i < kBlock; ++i) {
        order.push_back(ChannelAt(cut_, p, static_cast<int64_t>(phase), i));
      }
    }
    return order;
  }

  // Interleaving in 16-byte vectors leaves channels in order.
  INTEGRA_INLINE void AddPair(const uint8_t* first, const uint8_t* second, const int16_t* w,
                              __m128i* acc) {
    const __m128i zero = _mm_setzero_si128();
    const __m128i a = _mm_loadu_si128(reinterpret_cast<const __m128i*>(first));
    const __m128i b = _mm_loadu_si128(reinterpret_cast<const __m128i*>(second));
    const __m128i low = _mm_unpacklo_epi8(a, b), high = _mm_unpackhi_epi8(a, b);
    const __m128i taps[kVectors] = {_mm_cvtepu8_epi16(low), _mm_unpackhi_epi8(low, zero),
                                    _mm_cvtepu8_epi16(high), _mm_unpackhi_epi8(high, zero)};
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      const __m128i weights = _mm_load_si128(reinterpret_cast<const __m128i*>(w + 8 * v));
      acc[v] = _mm_add_epi32(acc[v], _mm_madd_epi16(taps[v], weights));
    }
  }

  template <Form kForm>
  void Store(const DepthwiseBlock& block, const __m128i* acc, int32_t* dst) const {
    StoreSums<kBlock>(dst, acc, block.valid);
  }

  template <Form kForm>
  void Store(const DepthwiseBlock& block, const __m128i* acc, uint8_t* dst) const {
    if constexpr (kForm == Form::kScalar) {
      alignas(16) int32_t sums[kBlock];
      std::memcpy(sums, acc, sizeof(sums));
      for (int64_t i = 0; i < block.valid; ++i) {
        dst[i] = stage_.ApplyScalar(sums[i], block.phase * kBlock + i);
      }
    } else {
      const __m128i bytes =
          sse41::ScaleBlock(acc, stage_.blocks()[block.phase], sse41::LoadClamp(stage_), kForm);
      StoreChannels(dst, bytes, block.valid);
    }
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

std::unique_ptr<const Depthwise> MakeSse41Depthwise(const DepthwiseProblem& problem) {
  return std::make_unique<Sse41Depthwise>(problem);
}

}  // namespace integra::kernels
