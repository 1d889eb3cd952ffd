// Convolutions and dense layers as sessions run them equal the reference bit for bit, for every
// instruction set this processor has, over random shapes, paddings, strides, dilations and groups.
#include <doctest/doctest.h>

#include <random>
#include <string>

#include "base/error.h"
#include "graph/schema.h"
#include "integra/session.hpp"
#include "kernels/conv2d.h"
#include "kernels/isa.h"
#include "tests/support/random_layer.h"

namespace integra {
namespace {

using test::Layer;
using test::Pick;
using test::Random;
using test::RandomLayer;
using Shapes = test::LayerShapes;

std::vector<std::byte> RunSession(const Network& network, const SessionOptions& options,
                                  const std::vector<std::byte>& input, size_t output_bytes) {
  Session session(network, options);
  std::vector<std::byte> output(output_bytes);
  const std::span<const std::byte> in[] = {input};
  const std::span<std::byte> out[] = {output};
  session.Run(in, out);
  return output;
}

// Returns the kernel that the best instruction set chooses.
std::string CheckLayer(Random& random, const Shapes& shapes) {
  const Layer l = RandomLayer(random, shapes);
  const kernels::Conv2dParams& p = l.params;
  std::vector<uint8_t> x(static_cast<size_t>(p.batch * p.y.input * p.x.input * p.in_channels));
  const bool extreme = random() % 4 == 0;
  for (uint8_t& v : x) v = extreme ? (random() % 2 ? 255 : 0) : static_cast<uint8_t>(random());
  std::vector<uint8_t> expected(
      static_cast<size_t>(p.batch * p.y.output * p.x.output * p.out_channels));
  kernels::ReferenceConv2d(p, x.data(), l.weights.data(), l.bias.data(), l.stage, expected.data());

  const bool is_int8 = l.graph.tensor(0).dtype == DataType::kInt8;
  const auto to_own = [&](const std::vector<uint8_t>& stored) {
    std::vector<std::byte> own;
    own.reserve(stored.size());
    for (const uint8_t v : stored) own.push_back(static_cast<std::byte>(is_int8 ? v ^ 0x80 : v));
    return own;
  };
  const std::vector<std::byte> input = to_own(x), output = to_own(expected);
  graph::Graph graph = l.graph;
  graph::Validate(graph);
  const Network network(std::move(graph));
  for (int isa = 0; isa <= static_cast<int>(kernels::DetectIsa()); ++isa) {
    for (const char* gemm : {"", "onednn"}) {
      SessionOptions options;
      options.max_isa = kernels::NameOf(static_cast<kernels::Isa>(isa));
      options.gemm = gemm;
      options.threads = 1 + isa % 2;
      CAPTURE(options.max_isa);
      CAPTURE(options.gemm);
      CAPTURE(shapes.height);
      CAPTURE(shapes.width);
      CAPTURE(shapes.in);
      CAPTURE(shapes.out);
      CAPTURE(shapes.ky);
      CAPTURE(shapes.kx);
      CAPTURE(p.y.stride);
      CAPTURE(p.x.stride);
      CAPTURE(p.x.dilation);
      CHECK(RunSession(network, options, input, output.size()) == output);
    }
  }
  return Session(network, {.profile = true}).Profile()[0].kernel;
}

TEST_CASE("conv_2d equals the reference on every instruction set") {
  Random random(11);
  for (int i = 0; i < 150; ++i) {
    const int64_t ky = Pick(random, 1, 5), kx = Pick(random, 1, 5);
    const int64_t groups = random() % 5 == 0 ? 2 : 1;
    CheckLayer(random, {Pick(random, ky, 17), Pick(random, kx, 17), groups * Pick(random, 1, 20),
                        groups * Pick(random, 1, 40), ky, kx, false, groups});
  }
}

// Those that Winograd's kernels take, and like ones.
TEST_CASE("3x3 conv_2d of many channels equals the reference on every instruction set") {
  Random random(15);
  int by_winograd = 0;
  for (int i = 0; i < 200; ++i) {
    const std::string kernel =
        CheckLayer(random, {Pick(random, 3, 19), Pick(random, 3, 37), Pick(random, 14, 50),
                            Pick(random, 14, 50), 3, 3});
    by_winograd += kernel.find("winograd") != std::string::npos;
  }
  if (kernels::DefaultIsa() >= kernels::Isa::kSse41) CHECK(by_winograd > 3);
  CHECK(by_winograd < 200);
}

// Whose pixels may be joined.
TEST_CASE("conv_2d of few channels equals the reference on every instruction set") {
  Random random(16);
  for (int i = 0; i < 100; ++i) {
    const int64_t k = Pick(random, 2, 4);
    CheckLayer(random, {Pick(random, k, 12), 2 * Pick(random, k, 20), Pick(random, 1, 8),
                        Pick(random, 1, 16), k, k});
  }
}

TEST_CASE("1x1 conv_2d equals the reference on every instruction set") {
  Random random(12);
  for (int i = 0; i < 200; ++i) {
    CheckLayer(random, {Pick(random, 1, 20), Pick(random, 1, 20), Pick(random, 1, 80),
                        Pick(random, 1, 140), 1, 1});
  }
}

TEST_CASE("depthwise_conv_2d equals the reference on every instruction set") {
  Random random(13);
  for (int i = 0; i < 150; ++i) {
    const bool three = random() % 2 == 0;
    const int64_t ky = three ? 3 : Pick(random, 1, 6), kx = three ? 3 : Pick(random, 1, 6);
    const int64_t in = random() % 3 ? Pick(random, 1, 150) : 8 * Pick(random, 1, 24);
    const int64_t multiplicity = random() % 6 == 0 ? Pick(random, 2, 3) : 1;
    CheckLayer(random,
               {Pick(random, ky, 19), Pick(random, kx, 19), in, in * multiplicity, ky, kx, true});
  }
}

// So many that vector kernels cut each pixel by itself.
TEST_CASE("depthwise_conv_2d of many channels equals the reference on every instruction set") {
  Random random(14);
  for (int i = 0; i < 25; ++i) {
    const int64_t k = Pick(random, 2, 4);
    const int64_t in = Pick(random, 240, 700);
    CheckLayer(random, {Pick(random, k, 9), Pick(random, k, 9), in, in, k, k, true});
  }
}

}  // namespace
}  // namespace integra
