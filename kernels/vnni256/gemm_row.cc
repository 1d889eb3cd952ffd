// One row times a matrix with VNNI in 256-bit registers: the time is that of reading weights.
#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "kernels/avx2/row_store.h"
#include "kernels/vnni256/gemm_pack.h"
#include "kernels/vnni256/gemms.h"
#include "kernels/vnni256/products.h"

namespace integra::kernels {
namespace {

using avx2::kRowChannels;
using avx2::kRowVectors;

constexpr int64_t kAhead = 1024;  // bytes of weights that are asked for before they are needed

class Vnni256RowGemm final : public Gemm {
 public:
  explicit Vnni256RowGemm(const GemmProblem& p)
      : n_(p.n),
        segments_(p.segments),
        segment_length_(p.segment_length),
        segment_bytes_((p.segment_length + 3) / 4 * 4),
        stage_(GemmStage(p, ShuffledOrder(p.n, kRowChannels), VectorOutputStage::Join::kShuffle)) {
    weights_ = AlignedBuffer(stage_.order().size() * static_cast<size_t>(row_bytes()));
    for (int64_t n = 0; n < n_; n += kRowChannels) {
      PackTile(p, stage_.order().data() + n, kRowChannels,
               weights_.data<int8_t>() + n * row_bytes());
    }
  }

  void Run(const GemmSource& src, int64_t rows, uint8_t* dst, int64_t /*dst_stride*/,
           std::byte* scratch) const override {
    RunTiles(src, rows, dst, scratch);
  }
  void Run(const GemmSource& src, int64_t rows, int32_t* dst, int64_t /*dst_stride*/,
           std::byte* scratch) const override {
    RunTiles(src, rows, dst, scratch);
  }

  std::string name() const override { return "own avx2_vnni one row"; }
  size_t scratch_bytes() const override {
    return segments_ == 1 ? 0 : static_cast<size_t>(row_bytes());
  }
  size_t bytes() const override { return weights_.size() + stage_.bytes(); }

 private:
  int64_t row_bytes() const { return segments_ * segment_bytes_; }  // of whole steps

  // To outputs or, where T is int32_t, to sums.
  template <typename T>
  void RunTiles(const GemmSource& src, int64_t rows, T* dst, std::byte* scratch) const {
    if (rows == 0) return;
    const uint8_t* const x = RowOf(src, scratch);
    const int8_t* w = weights_.data<int8_t>();
    for (int64_t n = 0; n < n_; n += kRowChannels, w += row_bytes() * kRowChannels) {
      Lanes sums[kRowVectors] = {};
      Multiply(x, w, sums);
      avx2::StoreRow(stage_, sums, n, n_, dst);
    }
  }

  // Steps one after the other: runs are copied where there are several.
  const uint8_t* RowOf(const GemmSource& src, std::byte* scratch) const {
    const uint8_t* const row = src.base + src.row_offsets[0];
    if (segments_ == 1) return row + src.segment_offsets[0];
    auto* const joined = reinterpret_cast<uint8_t*>(scratch);
    for (int64_t t = 0; t < segments_; ++t) {
      std::memcpy(joined + t * segment_bytes_, row + src.segment_offsets[t],
                  static_cast<size_t>(segment_bytes_));
    }
    return joined;
  }

  // `w`: [steps][32][4]. Two steps at a time are added apart, as each product waits for the sum
  // that it is added to.
  void Multiply(const uint8_t* x, const int8_t* w, Lanes (&sums)[kRowVectors]) const {
    constexpr int64_t kStep = 4 * kRowChannels;
    Lanes even[kRowVectors] = {}, odd[kRowVectors] = {};
    const auto add = [](const uint8_t* four, const int8_t* weights, Lanes(&to)[kRowVectors])
        __attribute__((always_inline)) {
      _mm_prefetch(reinterpret_cast<const char*>(weights + kAhead), _MM_HINT_T0);
      _mm_prefetch(reinterpret_cast<const char*>(weights + kAhead + 64), _MM_HINT_T0);
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

  const int64_t n_, segments_, segment_length_;
  const int64_t segment_bytes_;  // of whole steps
  const VectorOutputStage stage_;
  AlignedBuffer weights_;
};

}  // namespace

std::unique_ptr<const Gemm> INTEGRA_ENCODING::MakeRowGemm(const GemmProblem& p) {
  // (Sums of the row would be needed.)
  if (p.max_rows != 1 || p.weight_zero_point != 0) return nullptr;
  return std::make_unique<Vnni256RowGemm>(p);
}

}  // namespace integra::kernels
