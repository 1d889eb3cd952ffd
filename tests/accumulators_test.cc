// Accumulator bounds: what they say, that layers exactly at the limit load and are exact on every
// kernel, and that one more is refused.
#include "graph/accumulators.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "base/error.h"
#include "graph/schema.h"
#include "integra/session.hpp"
#include "kernels/isa.h"
#include "tests/support/networks.h"

namespace integra::test {
namespace {

using graph::Graph;

constexpr int64_t kLimit = 2147483647;

// One dense layer from `depth` inputs to one output, whose output scale shows accumulators of up to
// 2^31 in steps of 2^24.
struct Layer {
  std::vector<int8_t> weights;
  int32_t bias = 0;
  int32_t zero_point = -128;  // of the int8 inputs
  bool depthwise = false;     // else fully connected
  Shape window;               // depthwise: [rows, columns], as many as weights
};

Graph NetworkOf(const Layer& layer) {
  const auto depth = static_cast<int64_t>(layer.weights.size());
  Graph g;
  g.name = "limit";
  g.tensors.resize(4);
  const Shape image =
      layer.depthwise ? Shape{1, layer.window[0], layer.window[1], 1} : Shape{1, depth};
  const auto set = [&](size_t i, const char* name, DataType dtype, Shape shape, float scale,
                       int32_t zero_point) {
    g.tensors[i].name = name;
    g.tensors[i].dtype = dtype;
    g.tensors[i].shape = std::move(shape);
    g.tensors[i].quantization = {{scale}, {zero_point}, 0};
  };
  set(0, "x", DataType::kInt8, image, 1.0f, layer.zero_point);
  set(1, "w", DataType::kInt8, image, 1.0f, 0);
  set(2, "b", DataType::kInt32, {1}, 1.0f, 0);
  set(3, "y", DataType::kInt8, {}, 16777216.0f, 0);
  g.tensors[1].data = SharedBytes::Own(layer.weights);
  g.tensors[2].data = SharedBytes::Own(std::vector<int32_t>{layer.bias});
  g.nodes.push_back(
      {"layer",
       layer.depthwise ? graph::OpType::kDepthwiseConv2d : graph::OpType::kFullyConnected,
       {0, 1, 2},
       {3},
       {}});
  g.inputs = {0};
  g.outputs = {3};
  return g;
}

// Runs the layer on the input that makes its accumulator largest (sign +1) or smallest (-1), with
// every kernel there is.
void CheckExact(const Layer& layer, int sign) {
  Graph g = NetworkOf(layer);
  graph::Validate(g);
  std::vector<int8_t> x;
  int64_t accumulator = layer.bias;
  for (const int8_t w : layer.weights) {
    x.push_back((w > 0) == (sign > 0) ? 127 : -128);
    accumulator += int64_t{w} * (x.back() - layer.zero_point);
  }
  CAPTURE(accumulator);
  const auto expected = std::clamp<int64_t>((accumulator + (1 << 23)) >> 24, -128, 127);
  const Network network(g);
  for (const kernels::Isa isa :
       {kernels::Isa::kPortable, kernels::Isa::kSse41, kernels::Isa::kAvx2, kernels::Isa::kAvx2Vnni,
        kernels::Isa::kAvx512, kernels::Isa::kAvx512Vnni}) {
    if (isa > kernels::DetectIsa()) continue;
    for (const char* gemm : {"", "own", "onednn", "reference"}) {
      SessionOptions options;
      options.max_isa = kernels::NameOf(isa);
      options.gemm = gemm;
      Session session(network, options);
      int8_t y = 0;
      const std::span<const std::byte> in = std::as_bytes(std::span(x));
      const std::span<std::byte> out = std::as_writable_bytes(std::span(&y, 1));
      session.Run({&in, 1}, {&out, 1});
      CAPTURE(options.max_isa);
      CAPTURE(gemm);
      CAPTURE(session.Profile()[0].kernel);
      CHECK(int64_t{y} == expected);
    }
  }
}

void CheckRefused(const Layer& layer, std::string_view bound) {
  Graph g = NetworkOf(layer);
  try {
    graph::Validate(g);
    FAIL("a layer above the limit is accepted");
  } catch (const Error& error) {
    const std::string_view message = error.what();
    CAPTURE(message);
    CHECK(error.code() == ErrorCode::kUnsupported);
    CHECK(message.find("node 'layer'") != message.npos);
    CHECK(message.find("output channel 0 could overflow its 32-bit accumulator") != message.npos);
    CHECK(message.find(bound) != message.npos);
  }
}

int64_t BoundOf(const Layer& layer) {
  Graph g = NetworkOf(layer);
  graph::Validate(g);
  return graph::AccumulatorBounds(g).at(0).value().bound;
}

TEST_CASE("checklist 9: layers exactly at the accumulator's limit are exact, beyond it refused") {
  constexpr int64_t kDepth = 66311;  // * 127 * 255 is just below 2^31
  constexpr auto kBias = static_cast<int32_t>(kLimit - kDepth * 127 * 255);
  for (const int8_t w : {int8_t{127}, int8_t{-127}}) {
    CAPTURE(int{w});
    const int sign = w > 0 ? 1 : -1;
    Layer layer{std::vector<int8_t>(kDepth, w), sign * kBias, -128, false, {}};
    CHECK(BoundOf(layer) == kLimit);
    CheckExact(layer, sign);
    layer.bias += sign;
    CheckRefused(layer, "2147483648");
    layer.bias =
        -layer.bias;  // the sign of the bias does not help the bound, which is for any input
    CheckRefused(layer, "2147483648");
  }
}

TEST_CASE("checklist 9: a zero point in the middle, weights of both signs") {
  // Sums of stored values (q + 128, from 0 to 255) come before the zero point is subtracted: with
  // weights of one sign they are what may overflow, with both the centred sum is.
  Layer one_sign{std::vector<int8_t>(66311, 127), 0, 0, false, {}};
  CHECK(BoundOf(one_sign) == int64_t{66311} * 127 * 255);
  CheckExact(one_sign, 1);
  CheckExact(one_sign, -1);
  one_sign.weights.push_back(127);
  CheckRefused(one_sign, "2147514120");
  Layer both{std::vector<int8_t>(132104, 127), 0, 0, false, {}};
  for (size_t i = 0; i < both.weights.size(); i += 2) both.weights[i] = -127;
  CHECK(BoundOf(both) == int64_t{132104} * 127 * 128);
  both.bias = static_cast<int32_t>(kLimit - BoundOf(both));
  CheckExact(both, 1);
  CheckExact(both, -1);
  both.bias = -both.bias;
  CheckExact(both, -1);
  --both.bias;
  CheckRefused(both, "2147483648");
}

TEST_CASE("checklist 9: a depthwise layer with a huge window at the limit") {
  Layer layer{std::vector<int8_t>(258 * 257, 127), 0, -128, true, {258, 257}};
  layer.bias = static_cast<int32_t>(kLimit - BoundOf(layer));
  CheckExact(layer, 1);
  ++layer.bias;
  CheckRefused(layer, "2147483648");
}

TEST_CASE("accumulator bounds name the channel and the bits in use") {
  const auto bounds = graph::AccumulatorBounds(ConvolutionNetwork());
  REQUIRE(bounds.size() == 2);
  REQUIRE(bounds[0].has_value());
  CHECK_FALSE(bounds[1].has_value());  // a reshape sums nothing
  // The weights count up by 37 modulo 256, the bias from -7; inputs are -128 to 127 around -1.
  int64_t largest = 0;
  int64_t channel = 0;
  for (int64_t c = 0; c < 20; ++c) {
    int64_t positive = 0, negative = 0;
    for (int64_t i = c * 27; i < (c + 1) * 27; ++i) {
      const int64_t w = static_cast<int8_t>(i * 37);
      (w > 0 ? positive : negative) += std::abs(w);
    }
    const int64_t bound =
        std::max((positive + negative) * 128, std::max(positive, negative) * 255) + std::abs(c - 7);
    if (bound > largest) {
      largest = bound;
      channel = c;
    }
  }
  CHECK(bounds[0]->bound == largest);
  CHECK(bounds[0]->channel == channel);
  CHECK(bounds[0]->limit == kLimit);
  CHECK(bounds[0]->limit_bits() == 32);
  CHECK(graph::AccumulatorBound{kLimit, kLimit, 0}.bits() == 32);
  CHECK(graph::AccumulatorBound{1 << 30, kLimit, 0}.bits() == 32);
  CHECK(graph::AccumulatorBound{(1 << 30) - 1, kLimit, 0}.bits() == 31);
  CHECK(graph::AccumulatorBound{0, kLimit, 0}.bits() == 1);
}

}  // namespace
}  // namespace integra::test
