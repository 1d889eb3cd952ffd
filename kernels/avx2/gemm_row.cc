// One row times a matrix on AVX2. Every weight is used once, so that reading them is what takes the
// time: they stay 8 bits wide in memory and are widened in registers.
#include "kernels/avx2/gemm_row.h"

#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "kernels/avx2/row_tiles.h"
#include "kernels/avx2/widen.h"
#include "kernels/pack_pairs.h"

namespace integra::kernels::avx2 {
namespace {

class RowPairs {
 public:
  explicit RowPairs(const GemmProblem& p)
      : segments_(p.segments), segment_length_(p.segment_length), steps_((p.depth() + 1) / 2) {
    const int64_t tiles = (p.n + kRowChannels - 1) / kRowChannels;
    weights_ = AlignedBuffer(static_cast<size_t>(tiles * steps_ * 2 * kRowChannels));
    for (int64_t n = 0; n < p.n; n += kRowChannels) {
      PackPairs<true>(p.weights + n * p.depth(), p.depth(), 0, p.depth(),
                      std::min(kRowChannels, p.n - n), kRowChannels,
                      weights_.data<int8_t>() + n * steps_ * 2);
    }
  }

  size_t scratch_bytes() const { return WidenedBytes(2 * steps_); }
  size_t bytes() const { return weights_.size(); }

  const int16_t* Take(const GemmSource& src, std::byte* scratch) const {
    auto* const x = reinterpret_cast<int16_t*>(scratch);
    Widen(src, segments_, segment_length_, 0, x);
    return x;
  }

  // Weights are [steps][32][2].
  void Multiply(const int16_t* x, int64_t n, Lanes (&sums)[kRowVectors]) const {
    const int8_t* w = weights_.data<int8_t>() + n * steps_ * 2;
    Lanes acc[kRowVectors] = {};
    for (int64_t k = 0; k < steps_; ++k, w += 2 * kRowChannels) {
      int32_t two;
      std::memcpy(&two, x + 2 * k, sizeof(two));
      _mm_prefetch(reinterpret_cast<const char*>(w + kRowAhead), _MM_HINT_T0);
      const __m256i pair = _mm256_set1_epi32(two);
#pragma GCC unroll 4
      for (int v = 0; v < kRowVectors; ++v) acc[v] += Product(pair, w + 16 * v);
    }
#pragma GCC unroll 4
    for (int v = 0; v < kRowVectors; ++v) sums[v] = acc[v];
  }

 private:
  INTEGRA_INLINE Lanes Product(__m256i pair, const int8_t* w) {
    const __m128i bytes = _mm_load_si128(reinterpret_cast<const __m128i*>(w));
    return (Lanes)_mm256_madd_epi16(pair, _mm256_cvtepi8_epi16(bytes));
  }

  const int64_t segments_, segment_length_, steps_;  // a step is two values
  AlignedBuffer weights_;
};

}  // namespace

std::unique_ptr<const Gemm> MakeRowGemm(const GemmProblem& p) {
  if (p.max_rows != 1) return nullptr;
  // The int8 values less a zero point other than 0 may need nine bits.
  if (p.weight_zero_point != 0) return nullptr;
  return std::make_unique<RowGemm<RowPairs>>(p, "own avx2 one row");
}

}  // namespace integra::kernels::avx2
