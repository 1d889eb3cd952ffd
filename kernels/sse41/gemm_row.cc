// One row times a matrix on SSE4.1. Every weight is used once, so that reading them is what takes
// the time: they stay 8 bits wide in memory and are widened in registers.
#include "kernels/sse41/gemm_row.h"

#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "kernels/pack_pairs.h"
#include "kernels/sse41/output_stage.h"
#include "kernels/sse41/widen.h"

namespace integra::kernels::sse41 {
namespace {

constexpr int kVectors = 4;  // of 4 channels: a block of the output stage
constexpr int64_t kChannels = 4 * kVectors;
constexpr int64_t kStep = 2 * kChannels;  // weights

template <int kPair>
INTEGRA_INLINE void AddPair(__m128i x, const int8_t* w, __m128i (&acc)[kVectors]) {
  const __m128i pair = Broadcast<kPair>(x);
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) {
    const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(w + 8 * v));
    acc[v] = _mm_add_epi32(acc[v], _mm_madd_epi16(pair, _mm_cvtepi8_epi16(bytes)));
  }
}

// `w`: [steps][16][2].
INTEGRA_INLINE void Multiply(const int16_t* x, const int8_t* w, int64_t steps,
                             __m128i (&acc)[kVectors]) {
  int64_t k = 0;
  for (; k + 4 <= steps; k += 4, w += 4 * kStep) {
    const __m128i four = _mm_loadu_si128(reinterpret_cast<const __m128i*>(x + 2 * k));
    AddPair<0>(four, w, acc);
    AddPair<1>(four, w + kStep, acc);
    AddPair<2>(four, w + 2 * kStep, acc);
    AddPair<3>(four, w + 3 * kStep, acc);
  }
  for (; k < steps; ++k, w += kStep) AddPair<0>(_mm_loadu_si32(x + 2 * k), w, acc);
}

class RowGemm final : public Gemm {
 public:
  explicit RowGemm(const GemmProblem& p)
      : n_(p.n),
        segments_(p.segments),
        segment_length_(p.segment_length),
        steps_((p.depth() + 1) / 2),
        stage_(GemmStage(p, PlainOrder(p.n, kChannels))) {
    const int64_t tiles = (n_ + kChannels - 1) / kChannels;
    weights_ = AlignedBuffer(static_cast<size_t>(tiles * steps_ * kStep));
    for (int64_t n = 0; n < n_; n += kChannels) {
      PackPairs(p.weights + n * p.depth(), p.depth(), 0, p.depth(), std::min(kChannels, n_ - n),
                kChannels, weights_.data<int8_t>() + n * steps_ * 2);
    }
  }

  void Run(const GemmSource& src, int64_t rows, uint8_t* dst, int64_t dst_stride,
           std::byte* scratch) const override {
    (void)dst_stride;
    const ClampVectors clamp = LoadClamp(stage_);
    ForEachTile(src, rows, scratch, [&](const __m128i(&sums)[kVectors], int64_t n, int64_t valid) {
      if (stage_.form() == Form::kScalar) {
        alignas(16) int32_t values[kChannels];
        std::memcpy(values, sums, sizeof(values));
        for (int64_t i = 0; i < valid; ++i) dst[n + i] = stage_.ApplyScalar(values[i], n + i);
        return;
      }
      const VectorOutputStage::Block& block = stage_.blocks()[n / kChannels];
      StoreChannels(dst + n, ScaleBlock(sums, block, clamp, stage_.form()), valid);
    });
  }

  void Run(const GemmSource& src, int64_t rows, int32_t* dst, int64_t dst_stride,
           std::byte* scratch) const override {
    (void)dst_stride;
    ForEachTile(src, rows, scratch, [&](const __m128i(&sums)[kVectors], int64_t n, int64_t valid) {
      StoreSums<kChannels>(dst + n, sums, valid);
    });
  }

  std::string name() const override { return "own sse41 one row"; }
  size_t scratch_bytes() const override { return WidenedBytes(2 * steps_); }
  size_t bytes() const override { return weights_.size() + stage_.bytes(); }

 private:
  // Calls store(sums, n, valid) for every tile, which begins at channel n.
  template <typename F>
  void ForEachTile(const GemmSource& src, int64_t rows, std::byte* scratch, const F& store) const {
    if (rows == 0) return;
    auto* x = reinterpret_cast<int16_t*>(scratch);
    Widen(src, segments_, segment_length_, 0, x);
    for (int64_t n = 0; n < n_; n += kChannels) {
      __m128i sums[kVectors] = {};
      Multiply(x, weights_.data<int8_t>() + n * steps_ * 2, steps_, sums);
      store(sums, n, std::min(kChannels, n_ - n));
    }
  }

  const int64_t n_, segments_, segment_length_, steps_;  // a step is two values
  const VectorOutputStage stage_;
  AlignedBuffer weights_;
};

}  // namespace

std::unique_ptr<const Gemm> MakeRowGemm(const GemmProblem& p) {
  if (p.max_rows != 1) return nullptr;
  // The int8 values less a zero point other than 0 may need nine bits.
  if (p.weight_zero_point != 0) return nullptr;
  return std::make_unique<RowGemm>(p);
}

}  // namespace integra::kernels::sse41
