// Depthwise kernels and zero points of weights: differences need not fit in 8 bits.
#include "kernels/depthwise.h"

#include <doctest/doctest.h>

#include <random>
#include <vector>

#include "base/buffer.h"

namespace integra::kernels {
namespace {

constexpr int64_t kWidth = 5, kRows = 4, kKernel = 3;

template <typename T>
std::vector<T> Run(const DepthwiseProblem& p, Isa isa, const std::vector<uint8_t>& x) {
  std::vector<T> y(static_cast<size_t>(kRows * kWidth * p.channels) + kReadPadding);
  MakeDepthwise(p, isa)->Run(x.data(), kRows, y.data());
  y.resize(static_cast<size_t>(kRows * kWidth * p.channels));
  return y;
}

void CheckWideWeights(Rounding rounding) {
  std::mt19937 random(1);
  for (const int32_t zero_point : {0, 5, 127, -127, -128}) {
    for (const int64_t channels : {3, 64, 72, 600}) {
      DepthwiseProblem p;
      p.stage.rounding = rounding;
      p.stage.zero_point = 100;
      p.channels = channels;
      p.out_width = kWidth;
      p.kernel_y = p.kernel_x = kKernel;
      p.plane = p.pitch = (kWidth + kKernel - 1) * channels;
      p.weight_zero_point = zero_point;
      p.src_zero_point = 3;
      p.stage.multipliers = {{(1 << 30) + 54321, 8}};
      std::vector<int8_t> weights(static_cast<size_t>(p.taps() * channels));
      for (size_t i = 0; i < weights.size(); ++i) {
        weights[i] = static_cast<int8_t>(i % 5 != 0 ? random() : zero_point < 0 ? 127 : -128);
      }
      p.weights = weights.data();
      std::vector<uint8_t> x(static_cast<size_t>((kRows + kKernel - 1) * p.pitch) + kReadPadding);
      for (uint8_t& v : x) v = static_cast<uint8_t>(random());
      const auto sums = Run<int32_t>(p, Isa::kPortable, x);
      const auto outputs = Run<uint8_t>(p, Isa::kPortable, x);
      for (int i = 1; i <= static_cast<int>(DetectIsa()); ++i) {
        CAPTURE(NameOf(static_cast<Isa>(i)));
        CAPTURE(zero_point);
        CAPTURE(channels);
        CHECK(Run<int32_t>(p, static_cast<Isa>(i), x) == sums);
        CHECK(Run<uint8_t>(p, static_cast<Isa>(i), x) == outputs);
      }
    }
  }
}

TEST_CASE("depthwise: weights as far from their zero point as can be") {
  CheckWideWeights(Rounding::kSingle);
}

TEST_CASE("depthwise: two roundings of sums of either sign") {
  CheckWideWeights(Rounding::kDouble);
}

}  // namespace
}  // namespace integra::kernels
