// One row times a matrix on AVX2. Every weight is used once, so that reading them is what takes the
// time: they stay 8 bits wide in memory and are widened in registers.
#include "kernels/avx2/gemm_row.h"

#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "kernels/avx2/output_stage.h"
#include "kernels/avx2/widen.h"
#include "kernels/pack_pairs.h"

namespace integra::kernels::avx2 {
namespace {

constexpr int kVectors = 4;  // of 8 channels
constexpr int64_t kChannels = 8 * kVectors;
constexpr int64_t kAhead = 1024;  // bytes of weights that are asked for before they are needed

class RowGemm final : public Gemm {
 public:
  explicit RowGemm(const GemmProblem& p)
      : n_(p.n),
        segments_(p.segments),
        segment_length_(p.segment_length),
        steps_((p.depth() + 1) / 2),
        stage_(GemmStage(p, ShuffledOrder(p.n, kChannels), VectorOutputStage::Join::kShuffle)) {
    const int64_t tiles = (n_ + kChannels - 1) / kChannels;
    weights_ = AlignedBuffer(static_cast<size_t>(tiles * steps_ * 2 * kChannels));
    for (int64_t n = 0; n < n_; n += kChannels) {
      PackPairs<true>(p.weights + n * p.depth(), p.depth(), 0, p.depth(),
                      std::min(kChannels, n_ - n), kChannels,
                      weights_.data<int8_t>() + n * steps_ * 2);
    }
  }

  void Run(const GemmSource& src, int64_t rows, uint8_t* dst, int64_t dst_stride,
           std::byte* scratch) const override {
    (void)dst_stride;
    ForEachTile(src, rows, scratch,
                [&](const Lanes(&sums)[kVectors], int64_t n) { Store(sums, n, dst + n); });
  }

  void Run(const GemmSource& src, int64_t rows, int32_t* dst, int64_t dst_stride,
           std::byte* scratch) const override {
    (void)dst_stride;
    ForEachTile(src, rows, scratch, [&](const Lanes(&sums)[kVectors], int64_t n) {
      Lanes in_order[kVectors];
      for (int v = 0; v < kVectors; ++v) in_order[v] = (Lanes)UnshuffleLanes((__m256i)sums[v]);
      StoreSums<kChannels>(dst + n, in_order, std::min(kChannels, n_ - n));
    });
  }

  std::string name() const override { return "own avx2 one row"; }
  size_t scratch_bytes() const override { return WidenedBytes(2 * steps_); }
  size_t bytes() const override { return weights_.size() + stage_.bytes(); }

 private:
  // Calls store(sums, n) for every tile, which begins at channel n.
  template <typename F>
  void ForEachTile(const GemmSource& src, int64_t rows, std::byte* scratch, const F& store) const {
    if (rows == 0) return;
    auto* x = reinterpret_cast<int16_t*>(scratch);
    Widen(src, segments_, segment_length_, 0, x);
    const int8_t* w = weights_.data<int8_t>();
    for (int64_t n = 0; n < n_; n += kChannels, w += steps_ * 2 * kChannels) {
      Lanes sums[kVectors] = {};
      Multiply(x, w, sums);
      store(sums, n);
    }
  }

  INTEGRA_INLINE Lanes Product(__m256i pair, const int8_t* w) {
    const __m128i bytes = _mm_load_si128(reinterpret_cast<const __m128i*>(w));
    return (Lanes)_mm256_madd_epi16(pair, _mm256_cvtepi8_epi16(bytes));
  }

  // `w`: [steps][32][2].
  void Multiply(const int16_t* x, const int8_t* w, Lanes (&sums)[kVectors]) const {
    Lanes acc[kVectors] = {};
    for (int64_t k = 0; k < steps_; ++k, w += 2 * kChannels) {
      int32_t two;
      std::memcpy(&two, x + 2 * k, sizeof(two));
      _mm_prefetch(reinterpret_cast<const char*>(w + kAhead), _MM_HINT_T0);
      const __m256i pair = _mm256_set1_epi32(two);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) acc[v] += Product(pair, w + 16 * v);
    }
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) sums[v] = acc[v];
  }

  void Store(const Lanes (&sums)[kVectors], int64_t channel, uint8_t* dst) const {
    const int64_t valid = std::min(kChannels, n_ - channel);
    if (stage_.form() == Form::kScalar) {
      alignas(32) int32_t values[kChannels];
      std::memcpy(values, sums, sizeof(values));
      for (int64_t i = 0; i < valid; ++i) {
        const int64_t lane = VectorOutputStage::Shuffled(i);
        dst[i] = stage_.ApplyScalar(values[lane], channel + lane);
      }
      return;
    }
    const VectorOutputStage::Block* blocks = stage_.blocks() + channel / 16;
    const Form form = stage_.form();
    __m256i r[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      r[v] = Scale((__m256i)sums[v], LoadStage(blocks[v / 2], v % 2), form);
    }
    const __m256i bytes = NarrowRows(r[0], r[1], r[2], r[3], LoadClamp(stage_));
    StoreChannels(dst, _mm256_castsi256_si128(bytes), std::min<int64_t>(16, valid));
    if (valid > 16) StoreChannels(dst + 16, _mm256_extracti128_si256(bytes, 1), valid - 16);
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

}  // namespace integra::kernels::avx2
