// Sensitivity of layers to few bits, and the bits that each gets.
#include <doctest/doctest.h>

#include "graph/graph.h"
#include "integra/integra.hpp"
#include "integra/tools.hpp"
#include "quantize/sensitivity.h"
#include "tests/support/quantizer_networks.h"

namespace integra::quantize {
namespace {

using test::RandomSamples;
using test::SmallNetwork;

TEST_CASE("sensitivity: every layer with weights, less noise with more bits") {
  const Network network = SmallNetwork().Done();
  RandomSamples samples(20, -1, 1);
  int64_t done = 0;
  const auto layers =
      MeasureSensitivity(network, samples, {}, {.progress = [&](int64_t d, int64_t total) {
                           done = d;
                           CHECK(total == 3);
                         }});
  REQUIRE(layers.size() == 3);
  CHECK(done == 3);
  CHECK(layers[0].node == "conv");
  CHECK(layers[1].weights == 72);
  for (const LayerSensitivity& layer : layers) {
    CAPTURE(layer.node);
    REQUIRE(layer.noise.size() == 7);
    CHECK(layer.noise[6] < 1e-3);
    CHECK(layer.noise[6] > 0);
    // Two bits more: at least 6 dB less.
    for (size_t b = 2; b < 7; ++b) CHECK(layer.noise[b] < layer.noise[b - 2] / 4);
  }
}

TEST_CASE("bit allocation: the budget is kept, and insensitive layers pay for it") {
  const std::vector<LayerSensitivity> layers = {
      {"robust", 1000, {64e-6, 32e-6, 16e-6, 8e-6, 4e-6, 2e-6, 1e-6}},
      {"fragile", 1000, {64e-2, 32e-2, 16e-2, 8e-2, 4e-2, 2e-2, 1e-2}},
  };
  CHECK(AllocateBits(layers, 8) == std::vector<int>{8, 8});
  CHECK(AllocateBits(layers, 6) == std::vector<int>{4, 8});
  CHECK(AllocateBits(layers, 5) == std::vector<int>{2, 8});
  CHECK(AllocateBits(layers, 4) == std::vector<int>{2, 6});
  CHECK(AllocateBits(layers, 2) == std::vector<int>{2, 2});
  CHECK(AllocateBits({}, 4).empty());
  CHECK_THROWS_WITH_AS(AllocateBits(layers, 1.5), doctest::Contains("1.5"), Error);
  CHECK_THROWS_AS(AllocateBits(layers, 9), Error);
}

TEST_CASE("bit allocation: not worse than the same bits for all layers") {
  const Network network = SmallNetwork().Done();
  RandomSamples samples(40, -1, 1);
  const auto layers = MeasureSensitivity(network, samples, {});
  const auto sqnr = [&](const Recipe& recipe) {
    const Network quantized = Quantize(network, samples, recipe);
    RandomSamples test(60, -1, 1);
    CompareOptions options;
    options.modes = {Mode::kFloat, Mode::kInteger};
    options.float_network = network;
    options.layer_samples = 0;
    return Compare(quantized, test, options).outputs.at(0).sqnr_db;
  };
  Recipe uniform;
  uniform.weights.bits = 4;
  const Recipe mixed = WithBits({}, layers, AllocateBits(layers, 4));
  CHECK(mixed.nodes.size() == 3);
  CHECK(sqnr(mixed) >= sqnr(uniform));
}

}  // namespace
}  // namespace integra::quantize
