// Sensitivity of layers to few bits, and the bits that each gets.
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>

#include "base/error.h"
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

// One dense layer, whose weights and output are all that is rounded.
TEST_CASE("sensitivity of a quantized network: its only layer alone is mode simulated") {
  test::Builder b;
  const graph::TensorId x = b.Input({1, 6});
  b.Apply("dense", graph::OpType::kFullyConnected,
          {x, b.Constant("w", {5, 6}, b.Random(30, 0.3f)), b.Constant("b", {5}, b.Random(5, 1))},
          {1, 5});
  const Network original = b.Done();
  RandomSamples samples(20, -1, 1);
  const Network quantized = Quantize(original, samples);
  CompareOptions options;
  options.modes = {Mode::kFloat, Mode::kSimulated};
  options.sensitivity_samples = 100;  // more than there are
  int64_t last = 0, total = 0;
  options.progress = [&](int64_t done, int64_t all) {
    CHECK(done == last + 1);
    last = done;
    total = all;
  };
  const Comparison comparison = Compare(quantized, samples, options);
  CHECK(last == 40);
  CHECK(total == 40);
  CHECK(comparison.sensitivity_samples == 20);
  REQUIRE(comparison.sensitivity.size() == 1);
  const integra::LayerSensitivity& layer = comparison.sensitivity[0];
  CHECK(layer.node == "dense");
  CHECK(layer.op == "fully_connected");
  CHECK(layer.sqnr_db == doctest::Approx(comparison.outputs[0].sqnr_db));
  CHECK(layer.sqnr_db > 20);
  CHECK(layer.noise_share == doctest::Approx(1));
  CHECK(layer.same_top1 == comparison.outputs[0].same_top1);
}

TEST_CASE("sensitivity of a quantized network: few bits and sums count where they are") {
  test::Builder b = SmallNetwork();
  RandomSamples samples(20, -1, 1);
  const Network original = b.Done();
  const auto measure = [&](const char* recipe) {
    CompareOptions options;
    options.layer_samples = 0;
    options.sensitivity_samples = 10;
    return Compare(Quantize(original, samples, ParseRecipe("r", recipe)), samples, options)
        .sensitivity;
  };
  const auto layers = measure("{}");
  CHECK(layers.size() == 3);  // the reshape rounds nothing
  CHECK(std::ranges::is_sorted(layers, std::less(), &integra::LayerSensitivity::sqnr_db));
  double shares = 0;
  for (const auto& layer : layers) shares += layer.noise_share;
  CHECK(shares == doctest::Approx(1));
  for (const char* weak : {"conv", "depthwise", "dense"}) {
    CAPTURE(weak);
    const std::string recipe = StrCat(R"({"nodes": {")", weak, R"(": {"weights": {"bits": 2}}}})");
    const auto changed = measure(recipe.c_str());
    REQUIRE(changed.size() == 3);
    CHECK(changed[0].node == weak);
    CHECK(changed[0].noise_share > 0.9);
    // The others are what they were, but for the scales that their inputs have now.
    for (const auto& other : layers) {
      if (other.node == weak) continue;
      const auto same = std::ranges::find(changed, other.node, &integra::LayerSensitivity::node);
      CHECK(same->sqnr_db == doctest::Approx(other.sqnr_db).epsilon(0.02));
    }
  }
  // Dynamic ranges have a scale in each run.
  CHECK(measure(R"({"activations": {"range": "dynamic"}})").back().sqnr_db > 30);
  CHECK_THROWS_WITH_AS(
      Compare(original, samples, {.modes = {Mode::kFloat}, .sensitivity_samples = 1}),
      doctest::Contains("no quantized layer"), Error);
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
