// GEMM on oneDNN: tiles of raw s32 sums, and the output stage on each tile while it is in the
// cache.
#include <algorithm>
#include <cstring>

#include "kernels/gemm.h"
#include "kernels/onednn/matmul.h"
#include "kernels/requantize.h"

namespace integra::kernels {
namespace {

// Rows per call. A call costs about half a microsecond whatever its size, and a tile of sums should
// stay in the second-level cache.
int64_t TileRows(const GemmProblem& p) {
  const int64_t fitting = (int64_t{256} << 10) / (4 * p.n + p.depth());
  return std::clamp<int64_t>(fitting / 16 * 16, 16, std::max<int64_t>(16, p.max_rows));
}

class OneDnnGemm final : public Gemm {
 public:
  OneDnnGemm(const GemmProblem& p, Isa isa)
      : n_(p.n),
        depth_(p.depth()),
        segments_(p.segments),
        segment_length_(p.segment_length),
        weight_zero_point_(p.weight_zero_point),
        tile_(p.max_rows < 16 ? p.max_rows : TileRows(p)),
        matmul_(tile_, p.n, p.depth(), p.weights),
        stage_(GemmStage(p, PlainOrder(p.n, 16))),
        requantize_(ChooseRequantize(isa)) {}

  void Run(const GemmSource& src, int64_t rows, uint8_t* dst, int64_t dst_stride,
           std::byte* scratch) const override {
    ForEachTile(src, rows, scratch,
                [&](int64_t r, int64_t count, const int32_t* sums, const int32_t* terms) {
                  requantize_(stage_, 0, sums, n_, count, n_, terms, dst + r * dst_stride,
                              dst_stride);
                });
  }

  void Run(const GemmSource& src, int64_t rows, int32_t* dst, int64_t dst_stride,
           std::byte* scratch) const override {
    ForEachTile(src, rows, scratch,
                [&](int64_t r, int64_t count, const int32_t* sums, const int32_t* terms) {
                  for (int64_t i = 0; i < count; ++i) {
                    const int32_t term = terms != nullptr ? terms[i] : 0;
                    for (int64_t j = 0; j < n_; ++j) {
                      dst[(r + i) * dst_stride + j] = sums[i * n_ + j] + term;
                    }
                  }
                });
  }

  std::string name() const override { return "onednn " + matmul_.implementation(); }
  size_t scratch_bytes() const override {
    return SumBytes() + TermBytes() + static_cast<size_t>(tile_ * depth_) + kReadPadding;
  }
  size_t bytes() const override { return matmul_.bytes() + stage_.bytes(); }

 private:
  // Calls store(row, count, sums, terms) for every tile: sum(x * w) of its rows, and what the
  // weights' zero point adds to each row, or null.
  template <typename F>
  void ForEachTile(const GemmSource& src, int64_t rows, std::byte* scratch, const F& store) const {
    auto* sums = reinterpret_cast<int32_t*>(scratch);
    auto* terms = reinterpret_cast<int32_t*>(scratch + SumBytes());
    auto* gathered = reinterpret_cast<uint8_t*>(scratch + SumBytes() + TermBytes());
    for (int64_t r = 0; r < rows; r += tile_) {
      const int64_t count = std::min(tile_, rows - r);
      const uint8_t* x = gathered;
      if (IsDense(src, r, count)) {
        x = src.base + src.row_offsets[r] + src.segment_offsets[0];
      } else {
        Gather(src, r, count, gathered);
      }
      matmul_.Run(x, sums);
      if (weight_zero_point_ != 0) {
        for (int64_t i = 0; i < count; ++i) terms[i] = RowTerm(x + i * depth_);
      }
      store(r, count, sums, weight_zero_point_ != 0 ? terms : nullptr);
    }
  }

  size_t SumBytes() const { return AlignUp(static_cast<size_t>(tile_ * n_) * sizeof(int32_t)); }
  size_t TermBytes() const { return AlignUp(static_cast<size_t>(tile_) * sizeof(int32_t)); }

  // A whole tile of dense rows is multiplied where it is.
  bool IsDense(const GemmSource& src, int64_t row, int64_t count) const {
    if (segments_ > 1 || count < tile_) return false;
    for (int64_t i = 1; i < count; ++i) {
      if (src.row_offsets[row + i] - src.row_offsets[row + i - 1] != depth_) return false;
    }
    return true;
  }

  // Rows of the last tile that do not exist keep what the scratch held: their sums are not used.
  void Gather(const GemmSource& src, int64_t row, int64_t count, uint8_t* to) const {
    for (int64_t i = 0; i < count; ++i) {
      for (int64_t t = 0; t < segments_; ++t, to += segment_length_) {
        std::memcpy(to, src.base + src.row_offsets[row + i] + src.segment_offsets[t],
                    static_cast<size_t>(segment_length_));
      }
    }
  }

  int32_t RowTerm(const uint8_t* x) const {
    int32_t sum = 0;
    for (int64_t k = 0; k < depth_; ++k) sum += x[k];
    return -weight_zero_point_ * sum;
  }

  const int64_t n_, depth_, segments_, segment_length_;
  const int32_t weight_zero_point_;
  const int64_t tile_;
  const onednn::Matmul matmul_;
  const VectorOutputStage stage_;
  const RequantizeFunction requantize_;
};

}  // namespace

std::unique_ptr<const Gemm> MakeOneDnnGemm(const GemmProblem& problem, Isa isa) {
  // Without VNNI oneDNN's sums saturate; the self-test says what this processor really does.
  if (isa < Isa::kAvx2Vnni || !onednn::RunSelfTest().exact) return nullptr;
  return std::make_unique<OneDnnGemm>(problem, isa);
}

}  // namespace integra::kernels
