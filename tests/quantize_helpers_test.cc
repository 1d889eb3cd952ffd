// Helpers of post-training quantization: equalisation, bias correction, adaptive rounding.
#include <doctest/doctest.h>

#include <cmath>

#include "graph/graph.h"
#include "integra/integra.hpp"
#include "integra/tools.hpp"
#include "quantize/adaround.h"
#include "quantize/equalize.h"
#include "tests/support/quantizer_networks.h"

namespace integra::quantize {
namespace {

using test::Builder;
using test::RandomSamples;
using test::SmallNetwork;

double Sqnr(const Network& network, const Network& original, std::vector<Mode> modes) {
  RandomSamples test(60, -1, 1);
  CompareOptions options;
  options.modes = std::move(modes);
  options.float_network = original;
  options.layer_samples = 0;
  return Compare(network, test, options).outputs.at(0).sqnr_db;
}

double IntegerSqnr(const Network& network, const Network& original) {
  return Sqnr(network, original, {Mode::kFloat, Mode::kInteger});
}

// The convolution's output channels 0, 1, 2 ... are 1, 4, 16 ... times as large as they were and
// the depthwise layer's as much smaller: the same function, hard to hold with one scale per tensor.
Builder UnevenNetwork() {
  Builder b = SmallNetwork();
  const auto scale = [&](const char* name, bool channels_last, double base) {
    graph::Tensor& tensor = b.graph().tensor(b.graph().Find(name).value());
    const auto* old = tensor.data.as<float>();
    std::vector<float> values(old, old + tensor.data.size() / sizeof(float));
    for (size_t i = 0; i < values.size(); ++i) {
      const size_t channel = channels_last ? i % 8 : i / (values.size() / 8);
      values[i] *= static_cast<float>(std::pow(base, static_cast<double>(channel)));
    }
    tensor.data = SharedBytes::Own(std::move(values));
  };
  scale("conv/w", false, 4);
  scale("conv/b", true, 4);
  scale("depthwise/w", true, 0.25);
  return b;
}

TEST_CASE("equalize: changes nothing of the function, and evens out the channels") {
  const Network original = UnevenNetwork().Done();
  graph::Graph graph = original.graph();
  CHECK(Equalize(graph, {}) ==
        1);  // conv -> depthwise; a reshape mixes channels before the dense layer
  const Network equalized(graph);
  FloatSession a(original), b(equalized);
  std::vector<float> x(72, 0.3f), ya(5), yb(5);
  x[7] = -1;
  const auto bytes = [](auto& v) { return std::as_writable_bytes(std::span(v)); };
  const std::span<const std::byte> in[] = {bytes(x)};
  const std::span<std::byte> out_a[] = {bytes(ya)}, out_b[] = {bytes(yb)};
  a.Run(in, out_a);
  b.Run(in, out_b);
  for (size_t i = 0; i < 5; ++i) CHECK(yb[i] == doctest::Approx(ya[i]).epsilon(1e-4));
  const auto largest = [&](const char* name, size_t channel, bool last) {
    const graph::Tensor& t = graph.tensor(graph.Find(name).value());
    const size_t count = t.data.size() / sizeof(float);
    float m = 0;
    for (size_t i = 0; i < count; ++i) {
      if ((last ? i % 8 : i / (count / 8)) == channel)
        m = std::max(m, std::abs(t.data.as<float>()[i]));
    }
    return m;
  };
  for (size_t c = 0; c < 8; ++c) {
    CHECK(largest("conv/w", c, false) ==
          doctest::Approx(largest("depthwise/w", c, true)).epsilon(0.01));
  }
}

TEST_CASE("equalize: repairs what one scale per tensor does to uneven channels") {
  const Network original = UnevenNetwork().Done();
  RandomSamples samples(50, -1, 1);
  Recipe recipe;
  recipe.weights.granularity = Granularity::kPerTensor;
  const double before = IntegerSqnr(Quantize(original, samples, recipe), original);
  recipe.equalize = true;
  Report report;
  const Network repaired = Quantize(original, samples, recipe, {.report = &report});
  const double after = IntegerSqnr(repaired, original);
  CHECK(before < 15);
  CHECK(after > 25);
  REQUIRE(report.notes.size() == 1);
  CHECK(report.notes[0].find("equalized 1") == 0);
}

// What `network` makes of one input, its only output.
std::vector<float> Outputs(const Network& network, std::vector<float> x) {
  FloatSession session(network);
  std::vector<float> y(static_cast<size_t>(ElementCount(network.outputs()[0].shape)));
  const std::span<const std::byte> in[] = {std::as_bytes(std::span(x))};
  const std::span<std::byte> out[] = {std::as_writable_bytes(std::span(y))};
  session.Run(in, out);
  return y;
}

// UnevenNetwork() with ReLU6 and inputs that reach the cap.
Network CappedNetwork() {
  Builder b = UnevenNetwork();
  b.graph().nodes[0].attributes["activation"] = std::string("relu6");
  return b.Done();
}

TEST_CASE("equalize: ReLU6's cap moves along with its channel") {
  const Network original = CappedNetwork();
  RandomSamples samples(20, -4, 4);
  const ChannelPeaks peaks = MeasurePeaks(original, samples, {.samples = 20});
  const std::vector<float>& conv = peaks.at(original.graph().nodes[0].outputs[0]);
  CHECK(std::count(conv.begin(), conv.end(), 6.0f) >= 3);  // the cap matters
  for (const ChannelPeaks& known : {ChannelPeaks(), peaks}) {
    graph::Graph graph = original.graph();
    CHECK(Equalize(graph, known) == 1);
    REQUIRE(graph.nodes.size() == 5);
    CHECK(graph.nodes[0].text("activation") == "relu");
    CHECK(graph.nodes[1].type == graph::OpType::kMinimum);
    const Network equalized(graph);
    for (int seed = 0; seed < 5; ++seed) {
      std::vector<float> x(72);
      RandomSamples more(5, -6, 6);
      const std::span<std::byte> buffer[] = {std::as_writable_bytes(std::span(x))};
      more.Read(seed, original.inputs(), buffer);
      const std::vector<float> expected = Outputs(original, x), y = Outputs(equalized, x);
      for (size_t i = 0; i < y.size(); ++i) {
        CHECK(y[i] == doctest::Approx(expected[i]).epsilon(1e-4));
      }
    }
  }
}

TEST_CASE("equalize: repairs one scale per tensor through ReLU6, too") {
  const Network original = CappedNetwork();
  RandomSamples samples(50, -1, 1);
  Recipe recipe;
  recipe.weights.granularity = Granularity::kPerTensor;
  const double before = IntegerSqnr(Quantize(original, samples, recipe), original);
  recipe.equalize = true;
  const double after = IntegerSqnr(Quantize(original, samples, recipe), original);
  CHECK(after > before + 10);
}

TEST_CASE("equalize: leaves dead channels and shared tensors alone") {
  Builder b = SmallNetwork();
  graph::Validate(b.graph());
  SUBCASE("an activation that is not zero at zero and below") {
    b.graph().nodes[0].attributes["activation"] = std::string("relu_n1_to_1");
    CHECK(Equalize(b.graph(), {}) == 0);
  }
  SUBCASE("another reader") {
    b.graph().outputs.push_back(b.graph().nodes[0].outputs[0]);
    CHECK(Equalize(b.graph(), {}) == 0);
  }
  SUBCASE("a dead channel stays dead, and nothing becomes infinite") {
    graph::Tensor& w = b.graph().tensor(b.graph().Find("conv/w").value());
    std::vector<float> values(w.data.as<float>(), w.data.as<float>() + 144);
    std::fill_n(values.begin(), 18, 0.0f);
    w.data = SharedBytes::Own(std::move(values));
    CHECK(Equalize(b.graph(), {}) == 1);
    for (const graph::Tensor& t : b.graph().tensors) {
      for (size_t i = 0; i < t.data.size() / sizeof(float); ++i) {
        CHECK(std::isfinite(t.data.as<float>()[i]));
      }
    }
  }
}

TEST_CASE("adaround: with few bits it loses less than rounding to nearest") {
  const Network original = SmallNetwork().Done();
  RandomSamples samples(50, -1, 1);
  for (const int bits : {3, 4}) {
    Recipe recipe;
    recipe.weights.bits = bits;
    const double nearest = IntegerSqnr(Quantize(original, samples, recipe), original);
    recipe.weights.rounding = WeightRounding::kAdaptive;
    const double adaptive = IntegerSqnr(Quantize(original, samples, recipe), original);
    CAPTURE(bits);
    CHECK(adaptive > nearest + 1);
  }
}

TEST_CASE(
    "adaround: goes up or down only, and the best choice for two weights that hide each other") {
  // x0 = x1 always: what counts is the sum of the two errors. Nearest rounds both of 0.4 down, an
  // error of -0.8 steps; one up and one down leaves 0.2.
  LayerSamples samples{.taps = 1,
                       .channels = 2,
                       .mean = {2. / 3, 2. / 3},
                       .count = 3,
                       .values = {1, 1, -2, -2, 3, 3}};
  const std::vector<float> weights = {0.4f, 0.4f};
  QuantParams params;
  params.levels = {-127, 127, 0};
  const auto rounded = RoundAdaptively(weights, {1, 1, 2}, {params}, samples, {});
  CHECK(rounded[0] + rounded[1] == 1);
}

TEST_CASE("bias correction: takes the mean error of a layer's output away") {
  // All inputs are positive, so that rounding errors of weights do not average out.
  const Network original = SmallNetwork().Done();
  RandomSamples samples(100, 0, 2);
  Recipe recipe;
  recipe.bias_correction = false;
  recipe.weights.bits = 3;
  const auto mean_error = [&](const Network& quantized) {
    RandomSamples test(100, 0, 2);
    FloatSession a(original);
    FloatSession b(quantized, {.mode = Mode::kSimulated});
    std::vector<std::vector<std::byte>> x(1), xq(1);
    x[0].resize(72 * sizeof(float));
    xq[0].resize(72);
    std::vector<std::byte> ya(5 * sizeof(float)), yb(5);
    std::vector<double> error(5, 0);
    for (int64_t i = 0; i < test.size(); ++i) {
      const std::span<std::byte> xs[] = {x[0]}, xqs[] = {xq[0]}, yas[] = {ya}, ybs[] = {yb};
      const std::span<const std::byte> cx[] = {x[0]}, cxq[] = {xq[0]};
      test.Read(i, original.inputs(), xs);
      test.Read(i, quantized.inputs(), xqs);
      a.Run(cx, yas);
      b.Run(cxq, ybs);
      const std::vector<float> va = a.OutputValues(0), vb = b.OutputValues(0);
      for (size_t k = 0; k < 5; ++k) error[k] += vb[k] - va[k];
    }
    double sum = 0;
    for (const double e : error) sum += std::abs(e) / 100;
    return sum;
  };
  const double before = mean_error(Quantize(original, samples, recipe));
  recipe.bias_correction = true;
  const double after = mean_error(Quantize(original, samples, recipe));
  CAPTURE(before);
  CHECK(after < before / 2);
}

TEST_CASE("helpers: the result does not depend on threads") {
  const Network original = SmallNetwork().Done();
  RandomSamples samples(37, -1, 1);
  Recipe recipe;
  recipe.equalize = true;
  recipe.bias_correction = true;
  recipe.weights.rounding = WeightRounding::kAdaptive;
  const Network one = Quantize(original, samples, recipe);
  const Network three = Quantize(original, samples, recipe, {.threads = 3});
  for (size_t i = 0; i < one.graph().tensors.size(); ++i) {
    const graph::Tensor &a = one.graph().tensors[i], &b = three.graph().tensors[i];
    REQUIRE(a.data.size() == b.data.size());
    CHECK(std::equal(a.data.as<uint8_t>(), a.data.as<uint8_t>() + a.data.size(),
                     b.data.as<uint8_t>()));
  }
}

TEST_CASE("recipe: helpers") {
  const Recipe recipe = ParseRecipe("r", R"({"equalize": true, "bias_correction": true,
      "weights": {"rounding": "adaround"}})");
  CHECK(recipe.equalize);
  CHECK(recipe.bias_correction);
  CHECK(recipe.weights.rounding == WeightRounding::kAdaptive);
  CHECK(ParseRecipe("r", ToJson(recipe)) == recipe);
}

}  // namespace
}  // namespace integra::quantize
