// Float kernels: the quantized grid, and oneDNN's layers against the plain loops.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "base/fixed_point.h"
#include "kernels/float/convolution.h"
#include "kernels/float/quantization.h"
#include "kernels/onednn/float/convolution.h"

namespace {

using namespace integra::kernels;
using integra::Multiplier;

std::vector<float> Random(int64_t count, std::mt19937& random) {
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = uniform(random);
  return values;
}

TEST_CASE("float: rounding is half away from zero, as std::round") {
  for (const float x : {0.5f, -0.5f, 1.5f, -1.5f, 2.5f, 0.49999997f, -0.49999997f, 0.0f, -0.0f,
                        8388607.5f, -8388607.5f, 1e9f, -1e9f}) {
    CAPTURE(x);
    CHECK(RoundHalfAway(x) == static_cast<int32_t>(std::round(x)));
  }
}

TEST_CASE("float: quantizing rounds, clamps and survives what is not a number") {
  const std::vector<float> scale = {0.5f};
  const std::vector<int32_t> zero_point = {-3};
  QuantizedGrid grid{
      .inner = 9, .scale = scale, .zero_point = zero_point, .low = -128, .high = 100};
  const float inf = std::numeric_limits<float>::infinity();
  std::vector<float> real = {0, 0.25f, -0.25f, 0.24f, 1e30f, -1e30f, inf, -inf, std::nanf("")};
  std::vector<int8_t> q(real.size());
  Quantize(grid, real.data(), 0, q.data());
  CHECK(q == std::vector<int8_t>{-3, -2, -4, -3, 100, -128, 100, -128, -128});
  // The stored domain: q + 128 in a byte, read back with shift -128.
  std::vector<uint8_t> stored(real.size());
  Quantize(grid, real.data(), -128, stored.data());
  CHECK(stored[1] == 126);
  std::vector<float> back(real.size());
  Dequantize(grid, stored.data(), -128, back.data());
  FakeQuantize(grid, real.data());
  CHECK(back == real);
  CHECK(real == std::vector<float>{0, 0.5f, -0.5f, 0, 51.5f, -62.5f, 51.5f, -62.5f, -62.5f});
}

TEST_CASE("float: values that come from accumulators round as the integers do") {
  const std::vector<float> scale = {0.1f};
  const std::vector<int32_t> zero_point = {3};
  constexpr int64_t kSums = 4001;
  const QuantizedGrid grid{
      .inner = kSums, .scale = scale, .zero_point = zero_point, .low = -128, .high = 127};
  const int32_t m = 1518500250;  // of [2^30, 2^31)
  for (const int s : {0, 1, 4, 7}) {
    for (const bool twice : {false, true}) {
      CAPTURE(s);
      CAPTURE(twice);
      const double unit = std::ldexp(double{m}, -31 - s) * double{scale[0]};
      AccumulatorRounding rounding;
      rounding.Add(unit, scale[0], twice ? std::ldexp(1.0, s) : 1.0);
      std::vector<float> real(kSums);
      for (int64_t i = 0; i < kSums; ++i) {
        // As far off as sums of floats are.
        const int64_t whole = i - kSums / 2;
        const double sum = static_cast<double>(whole) + 0.2 * static_cast<double>(i % 3 - 1);
        real[static_cast<size_t>(i)] = static_cast<float>(sum * unit);
      }
      FakeQuantize(grid, rounding, real.data());
      int wrong = 0;
      for (int64_t i = 0; i < kSums; ++i) {
        const Multiplier multiplier{m, s};
        const int64_t sum = i - kSums / 2;
        const int64_t steps =
            twice ? MultiplyDouble(sum, multiplier) : MultiplySingle(sum, multiplier);
        const auto clamped = static_cast<float>(std::clamp<int64_t>(steps, -131, 124));
        if (real[static_cast<size_t>(i)] != scale[0] * clamped) ++wrong;
      }
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE("float: scales per channel lie along their axis") {
  const std::vector<float> scale = {1, 10};
  const std::vector<int32_t> zero_point = {0, 1};
  const QuantizedGrid grid{.outer = 2,
                           .channels = 2,
                           .inner = 2,
                           .scale = scale,
                           .zero_point = zero_point,
                           .low = -128,
                           .high = 127};
  const std::vector<int8_t> q = {1, 2, 3, 4, 5, 6, 7, 8};
  std::vector<float> real(q.size());
  Dequantize(grid, q.data(), 0, real.data());
  CHECK(real == std::vector<float>{1, 2, 20, 30, 5, 6, 60, 70});
}

// |a - b| within what float32 sums of `terms` values in [-1, 1] may differ by.
void CheckClose(const std::vector<float>& a, const std::vector<float>& b, int64_t terms) {
  REQUIRE(a.size() == b.size());
  float worst = 0;
  for (size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::abs(a[i] - b[i]));
  CHECK(worst <= 1e-6f * static_cast<float>(terms));
}

TEST_CASE("float: oneDNN's convolution agrees with the plain loops") {
  const float inf = std::numeric_limits<float>::infinity();
  struct Case {
    int64_t size, in_c, out_c, filter, stride, dilation, pad, groups;
    bool depthwise;
    float low, high;
  };
  const Case cases[] = {
      {9, 3, 8, 3, 2, 1, 1, 1, false, 0, 6},     {7, 16, 24, 1, 1, 1, 0, 1, false, 0, inf},
      {9, 5, 7, 3, 1, 2, 2, 1, false, -1, 1},    {8, 8, 4, 3, 1, 1, 0, 2, false, -inf, inf},
      {9, 16, 16, 3, 2, 1, 1, 16, true, 0, 6},   {9, 32, 32, 3, 1, 2, 2, 32, true, -inf, inf},
      {6, 1, 5, 3, 1, 1, 1, 1, true, 0, inf},    {6, 4, 8, 3, 1, 1, 1, 4, true, 0, inf},
      {33, 3, 16, 3, 2, 1, 0, 1, false, 0, inf},
  };
  std::mt19937 random(1);
  for (const Case& c : cases) {
    CAPTURE(c.in_c);
    CAPTURE(c.out_c);
    CAPTURE(c.depthwise);
    FloatConvolution p{.batch = 2, .in_h = c.size, .in_w = c.size + 2, .in_c = c.in_c};
    p.out_c = c.out_c;
    p.filter_h = p.filter_w = c.filter;
    p.stride_h = p.stride_w = c.stride;
    p.dilation_h = p.dilation_w = c.dilation;
    p.pad_top = p.pad_left = c.pad;
    p.groups = c.groups;
    p.depthwise = c.depthwise;
    p.low = c.low;
    p.high = c.high;
    const auto out = [&](int64_t in) {
      return (in + 2 * c.pad - (c.filter - 1) * c.dilation - 1) / c.stride + 1;
    };
    p.out_h = out(p.in_h);
    p.out_w = out(p.in_w);
    const int64_t taps = c.filter * c.filter * c.in_c / c.groups;
    const auto src = Random(p.batch * p.in_h * p.in_w * p.in_c, random);
    const auto weights = Random(taps * p.out_c, random);
    const auto bias = Random(p.out_c, random);
    std::vector<float> expected(static_cast<size_t>(p.batch * p.out_h * p.out_w * p.out_c));
    for (const float* b : {bias.data(), static_cast<const float*>(nullptr)}) {
      ConvolutionF32(p, src.data(), weights.data(), b, expected.data());
      for (const int threads : {1, 2}) {
        const auto layer = OnednnFloatLayer::Convolution(p, weights.data(), b, threads);
        REQUIRE(layer != nullptr);
        CAPTURE(layer->kernel());
        std::vector<float> got(expected.size());
        layer->Run(src.data(), got.data());
        CheckClose(got, expected, taps);
      }
    }
  }
}

TEST_CASE("float: oneDNN's inner product agrees with the plain loops") {
  std::mt19937 random(2);
  for (const auto& [m, n, k] : {std::tuple{1, 10, 64}, {3, 1, 1}, {1, 128, 640}, {5, 33, 17}}) {
    FloatMatmul p{.m = m, .n = n, .k = k, .low = 0};
    const auto src = Random(p.m * p.k, random);
    const auto weights = Random(p.n * p.k, random);
    const auto bias = Random(p.n, random);
    std::vector<float> expected(static_cast<size_t>(p.m * p.n)), got(expected.size());
    MatmulF32(p, src.data(), weights.data(), bias.data(), expected.data());
    const auto layer = OnednnFloatLayer::Matmul(p, weights.data(), bias.data(), 1);
    REQUIRE(layer != nullptr);
    layer->Run(src.data(), got.data());
    CheckClose(got, expected, p.k);
  }
}

}  // namespace
