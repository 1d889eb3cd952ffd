// One row times a matrix with VNNI in 256-bit registers: the time is that of reading weights.
#include <immintrin.h>

#include <cstring>
#include <vector>

#include "kernels/avx2/row_tiles.h"
#include "kernels/vnni256/gemm_pack.h"
#include "kernels/vnni256/gemms.h"
#include "kernels/vnni256/products.h"

namespace integra::kernels {
namespace {

using avx2::kRowAhead;
using avx2::kRowChannels;
using avx2::kRowVectors;

class RowQuads {
 public:
  explicit RowQuads(const GemmProblem& p)
      : segments_(p.segments), segment_bytes_((p.segment_length + 3) / 4 * 4) {
    const std::vector<int64_t> order = ShuffledOrder(p.n, kRowChannels);
    weights_ = AlignedBuffer(order.size() * static_cast<size_t>(row_bytes()));
    for (int64_t n = 0; n < p.n; n += kRowChannels) {
      PackTile(p, order.data() + n, kRowChannels, weights_.data<int8_t>() + n * row_bytes());
    }
  }

  size_t scratch_bytes() const { return segments_ == 1 ? 0 : static_cast<size_t>(row_bytes()); }
  size_t bytes() const { return weights_.size(); }

  // Steps one after the other: runs are copied where there are several.
  const uint8_t* Take(const GemmSource& src, std::byte* scratch) const {
    const uint8_t* const row = src.base + src.row_offsets[0];
    if (segments_ == 1) return row + src.segment_offsets[0];
    auto* const joined = reinterpret_cast<uint8_t*>(scratch);
    for (int64_t t = 0; t < segments_; ++t) {
      std::memcpy(joined + t * segment_bytes_, row + src.segment_offsets[t],
                  static_cast<size_t>(segment_bytes_));
    }
    return joined;
  }

  // Weights are [steps][32][4]. Two steps at a time are added apart, as each product waits for the
  // sum that it is added to.
  void Multiply(const uint8_t* x, int64_t n, Lanes (&sums)[kRowVectors]) const {
    constexpr int64_t kStep = 4 * kRowChannels;
    const int8_t* w = weights_.data<int8_t>() + n * row_bytes();
    Lanes even[kRowVectors] = {}, odd[kRowVectors] = {};
    const auto add = [](const uint8_t* four, const int8_t* weights, Lanes(&to)[kRowVectors])
        __attribute__((always_inline)) {
      _mm_prefetch(reinterpret_cast<const char*>(weights + kRowAhead), _MM_HINT_T0);
      _mm_prefetch(reinterpret_cast<const char*>(weights + kRowAhead + 64), _MM_HINT_T0);
      const __m256i a = Broadcast4(four);
#pragma GCC unroll 4
      for (int v = 0; v < kRowVectors; ++v) {
        to[v] = MultiplyAdd(to[v], a, *reinterpret_cast<const __m256i*>(weights + 32 * v));
      }
    };
    const uint8_t* const end = x + row_bytes();
    for (; x + 8 <= end; x += 8, w += 2 * kStep) {
      add(x, w, even);
      add(x + 4, w + kStep, odd);
    }
    if (x < end) add(x, w, even);
#pragma GCC unroll 4
    for (int v = 0; v < kRowVectors; ++v) sums[v] = even[v] + odd[v];
  }

 private:
  int64_t row_bytes() const { return segments_ * segment_bytes_; }  // of whole steps

  const int64_t segments_;
  const int64_t segment_bytes_;  // of whole steps
  AlignedBuffer weights_;
};

}  // namespace

std::unique_ptr<const Gemm> INTEGRA_ENCODING::MakeRowGemm(const GemmProblem& p) {
  // (Sums of the row would be needed.)
  if (p.max_rows != 1 || p.weight_zero_point != 0) return nullptr;
  return std::make_unique<avx2::RowGemm<RowQuads>>(p, "own avx2_vnni one row");
}

}  // namespace integra::kernels
