// Depthwise convolution in plain C++: channels innermost, for the compiler to vectorise.
#include <algorithm>

#include "kernels/depthwise.h"

namespace integra::kernels {
namespace {

class PortableDepthwise final : public Depthwise {
 public:
  explicit PortableDepthwise(const DepthwiseProblem& p) : p_(p), addends_(DepthwiseAddends(p)) {
    for (int64_t i = 0; i < p.taps() * p.channels; ++i) {
      weights_.push_back(static_cast<int16_t>(p.weights[i] - p.weight_zero_point));
    }
  }

  void Run(const uint8_t* src, int64_t rows, uint8_t* dst) const override {
    ForEachBlock(src, rows, [&](int64_t offset, int64_t c, int64_t count, const int32_t* sums) {
      for (int64_t i = 0; i < count; ++i) {
        const auto acc = static_cast<uint32_t>(sums[i]) +
                         static_cast<uint32_t>(addends_[static_cast<size_t>(c + i)]);
        dst[offset + i] = static_cast<uint8_t>(p_.stage.Apply(static_cast<int32_t>(acc), c + i));
      }
    });
  }

  void Run(const uint8_t* src, int64_t rows, int32_t* dst) const override {
    ForEachBlock(src, rows, [&](int64_t offset, int64_t, int64_t count, const int32_t* sums) {
      std::copy_n(sums, count, dst + offset);
    });
  }

  std::string name() const override { return "own portable"; }
  size_t bytes() const override { return weights_.size() * sizeof(int16_t); }

 private:
  // Calls take(offset, c, count, sums) for runs of outputs, the first at `offset` and of channel c.
  template <typename F>
  void ForEachBlock(const uint8_t* src, int64_t rows, const F& take) const {
    constexpr int64_t kBlock = 64;
    int32_t acc[kBlock];
    int64_t offset = 0;
    for (int64_t y = 0; y < rows; ++y) {
      for (int64_t x = 0; x < p_.out_width; ++x, offset += p_.channels) {
        const uint8_t* pixel = src + y * p_.stride_y * p_.pitch + x * p_.channels;
        for (int64_t c = 0; c < p_.channels; c += kBlock) {
          const int64_t count = std::min(kBlock, p_.channels - c);
          std::fill_n(acc, count, 0);
          const int16_t* w = weights_.data() + c;
          for (int64_t ky = 0; ky < p_.kernel_y; ++ky) {
            for (int64_t kx = 0; kx < p_.kernel_x; ++kx, w += p_.channels) {
              Accumulate(pixel + p_.tap_offset(ky, kx) + c, w, count, acc);
            }
          }
          take(offset + c, c, count, acc);
        }
      }
    }
  }

  // Modulo 2^32, as the addends are.
  static void Accumulate(const uint8_t* x, const int16_t* w, int64_t count, int32_t* acc) {
    for (int64_t i = 0; i < count; ++i) {
      acc[i] =
          static_cast<int32_t>(static_cast<uint32_t>(acc[i]) + static_cast<uint32_t>(x[i] * w[i]));
    }
  }

  const DepthwiseProblem p_;
  const std::vector<int32_t> addends_;
  std::vector<int16_t> weights_;  // w - zw
};

}  // namespace

std::unique_ptr<const Depthwise> MakePortableDepthwise(const DepthwiseProblem& problem) {
  return std::make_unique<PortableDepthwise>(problem);
}

}  // namespace integra::kernels
