// GEMM in plain C++ that any compiler turns into the 16-bit multiply-add of its baseline.
#include <algorithm>

#include "kernels/gemm.h"

namespace integra::kernels {
namespace {

int32_t Dot(const int16_t* a, const int16_t* b, int64_t n) {
  int32_t sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

class PortableGemm final : public Gemm {
 public:
  explicit PortableGemm(const GemmProblem& p)
      : n_(p.n),
        segments_(p.segments),
        segment_length_(p.segment_length),
        depth_(p.depth()),
        stage_(p.stage),
        addends_(GemmAddends(p)) {
    weights_.reserve(static_cast<size_t>(n_ * depth_));
    for (int64_t i = 0; i < n_ * depth_; ++i) {
      weights_.push_back(static_cast<int16_t>(p.weights[i] - p.weight_zero_point));
    }
  }

  void Run(const GemmSource& src, int64_t rows, uint8_t* dst, int64_t dst_stride,
           std::byte* scratch) const override {
    ForEachSum(src, rows, scratch, [&](int64_t r, int64_t j, int32_t sum) {
      const int64_t acc = int64_t{sum} + addends_[static_cast<size_t>(j)];
      // Both parts are known modulo 2^32 only; their sum fits.
      dst[r * dst_stride + j] =
          static_cast<uint8_t>(stage_.Apply(static_cast<int32_t>(static_cast<uint32_t>(acc)), j));
    });
  }

  void Run(const GemmSource& src, int64_t rows, int32_t* dst, int64_t dst_stride,
           std::byte* scratch) const override {
    ForEachSum(src, rows, scratch,
               [&](int64_t r, int64_t j, int32_t sum) { dst[r * dst_stride + j] = sum; });
  }

  std::string name() const override { return "own portable"; }
  size_t scratch_bytes() const override { return static_cast<size_t>(depth_) * sizeof(int16_t); }
  size_t bytes() const override { return weights_.size() * sizeof(int16_t); }

 private:
  template <typename F>
  void ForEachSum(const GemmSource& src, int64_t rows, std::byte* scratch, const F& take) const {
    auto* x = reinterpret_cast<int16_t*>(scratch);
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t t = 0; t < segments_; ++t) {
        const uint8_t* from = src.base + src.row_offsets[r] + src.segment_offsets[t];
        std::copy_n(from, segment_length_, x + t * segment_length_);
      }
      for (int64_t j = 0; j < n_; ++j) take(r, j, Dot(x, weights_.data() + j * depth_, depth_));
    }
  }

  const int64_t n_, segments_, segment_length_, depth_;
  const OutputStage stage_;
  const std::vector<int32_t> addends_;
  std::vector<int16_t> weights_;  // w - zw
};

}  // namespace

std::unique_ptr<const Gemm> MakePortableGemm(const GemmProblem& problem) {
  return std::make_unique<PortableGemm>(problem);
}

}  // namespace integra::kernels
