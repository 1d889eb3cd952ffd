// Convolutions whose pixels are joined give the same outputs.
#include "runtime/ops/joined_pixels.h"

#include <doctest/doctest.h>

#include "tests/support/random_layer.h"

namespace integra::runtime {
namespace {

using kernels::Conv2dParams;

std::vector<uint8_t> Reference(const DenseConvolution& c, const std::vector<uint8_t>& x) {
  const Conv2dParams& p = c.params;
  std::vector<uint8_t> y(static_cast<size_t>(p.batch * p.y.output * p.x.output * p.out_channels));
  Conv2dParams params = p;
  params.weight_zero_point = c.weights.zero_point;
  kernels::ReferenceConv2d(params, x.data(), c.weights.data,
                           c.bias.empty() ? nullptr : c.bias.data(), c.stage, y.data());
  return y;
}

TEST_CASE("joined pixels are the pixels one by one") {
  test::Random random(1);
  int joined = 0;
  for (int i = 0; i < 300; ++i) {
    const int64_t ky = test::Pick(random, 1, 5), kx = test::Pick(random, 1, 5);
    test::Layer l =
        test::RandomLayer(random, {test::Pick(random, ky, 12), test::Pick(random, kx, 24),
                                   test::Pick(random, 1, 6), test::Pick(random, 1, 20), ky, kx});
    if (l.params.x.dilation != 1) continue;
    DenseConvolution c;
    c.params = l.params;
    c.weights.zero_point = l.params.weight_zero_point;
    c.weights.data = l.weights.data();
    if (random() % 2) c.bias = l.bias;
    c.stage = l.stage;
    std::vector<uint8_t> x(static_cast<size_t>(c.params.batch * c.params.y.input *
                                               c.params.x.input * c.params.in_channels));
    for (uint8_t& v : x) v = static_cast<uint8_t>(random());
    const std::vector<uint8_t> expected = Reference(c, x);
    for (int64_t pixels = 1; pixels <= 6; ++pixels) {
      if (c.params.x.output % pixels != 0) continue;
      CAPTURE(pixels);
      CHECK(Reference(JoinPixels(c, pixels), x) == expected);
      joined += pixels > 1;
    }
  }
  CHECK(joined > 100);
}

TEST_CASE("pixels are joined where vectors would be half empty") {
  const auto pixels = [](int64_t columns, int64_t in, int64_t out, int64_t stride, int64_t kernel) {
    Conv2dParams p;
    p.y = {.input = 96, .output = 48, .kernel = kernel, .stride = stride};
    p.x = {.input = columns * stride, .output = columns, .kernel = kernel, .stride = stride};
    p.in_channels = in;
    p.out_channels = out;
    return PixelsToJoin(p, kernels::Isa::kAvx512Vnni);
  };
  CHECK(pixels(48, 3, 8, 2, 3) == 2);   // the first layer of MobileNetV1 0.25
  CHECK(pixels(32, 3, 16, 1, 3) == 2);  // of ResNet-8
  CHECK(pixels(47, 3, 8, 2, 3) == 1);   // rows are not cut evenly
  CHECK(pixels(112, 3, 32, 2, 3) == 1);
  CHECK(pixels(48, 8, 8, 1, 1) == 1);
  Conv2dParams p;
  p.y = p.x = {.input = 48, .output = 48, .kernel = 3, .pad_before = 1};
  p.in_channels = p.out_channels = 8;
  CHECK(PixelsToJoin(p, kernels::Isa::kAvx2) == 1);
  p.x.dilation = 2;
  CHECK(PixelsToJoin(p, kernels::Isa::kAvx512Vnni) == 1);
}

}  // namespace
}  // namespace integra::runtime
