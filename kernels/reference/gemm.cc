// The specification of kernels/gemm.h, in plain loops.
#include <algorithm>

#include "kernels/gemm.h"

namespace integra::kernels {
namespace {

class ReferenceGemm final : public Gemm {
 public:
  explicit ReferenceGemm(const GemmProblem& problem)
      : p_(problem), weights_(problem.weights, problem.weights + problem.n * problem.depth()) {
    if (problem.bias != nullptr) bias_.assign(problem.bias, problem.bias + problem.n);
  }

  void Run(const GemmSource& src, int64_t rows, uint8_t* dst, int64_t dst_stride,
           std::byte*) const override {
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t j = 0; j < p_.n; ++j) {
        const int8_t* w = weights_.data() + j * p_.depth();
        int64_t acc = bias_.empty() ? 0 : bias_[static_cast<size_t>(j)];
        for (int64_t t = 0; t < p_.segments; ++t) {
          const uint8_t* x = src.base + src.row_offsets[r] + src.segment_offsets[t];
          int32_t sum = 0;  // of at most segment_length products below 2^17
          for (int64_t k = 0; k < p_.segment_length; ++k) {
            // Of 16 bits, which is enough, for the sake of compilers that know such products.
            const auto a = static_cast<int16_t>(x[k] - p_.src_zero_point);
            const auto b = static_cast<int16_t>(*w++ - p_.weight_zero_point);
            sum += a * b;
          }
          acc += sum;
        }
        dst[r * dst_stride + j] = static_cast<uint8_t>(p_.stage.Apply(acc, j));
      }
    }
  }

  void Run(const GemmSource& src, int64_t rows, int32_t* dst, int64_t dst_stride,
           std::byte*) const override {
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t j = 0; j < p_.n; ++j) {
        const int8_t* w = weights_.data() + j * p_.depth();
        int64_t sum = 0;
        for (int64_t t = 0; t < p_.segments; ++t) {
          const uint8_t* x = src.base + src.row_offsets[r] + src.segment_offsets[t];
          for (int64_t k = 0; k < p_.segment_length; ++k) {
            sum += x[k] * (*w++ - p_.weight_zero_point);
          }
        }
        dst[r * dst_stride + j] = static_cast<int32_t>(sum);
      }
    }
  }

  std::string name() const override { return "reference"; }
  size_t bytes() const override { return weights_.size() + bias_.size() * sizeof(int32_t); }

 private:
  const GemmProblem p_;
  const std::vector<int8_t> weights_;
  std::vector<int32_t> bias_;
};

}  // namespace

std::unique_ptr<const Gemm> MakeReferenceGemm(const GemmProblem& problem) {
  return std::make_unique<ReferenceGemm>(problem);
}

}  // namespace integra::kernels
