// Quantizing small networks made here: what is chosen, and that integer mode follows float mode.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "graph/graph.h"
#include "graph/schema.h"
#include "integra/integra.hpp"
#include "integra/tools.hpp"
#include "quantize/calibrate.h"
#include "quantize/fold.h"
#include "tests/support/quantizer_networks.h"

namespace integra::quantize {
namespace {

using graph::Graph;
using graph::Node;
using graph::TensorId;

using test::Builder;
using test::RandomSamples;
using test::SmallNetwork;

double OutputSqnr(const Network& network, const Network& original) {
  RandomSamples test(40, -1, 1);
  CompareOptions options;
  options.modes = {Mode::kFloat, Mode::kInteger};
  options.float_network = original;
  options.layer_samples = 0;
  return Compare(network, test, options).outputs.at(0).sqnr_db;
}

const graph::Tensor& TensorOf(const Network& network, const std::string& name) {
  return network.graph().tensor(network.graph().Find(name).value());
}

TEST_CASE("quantize: a small network follows its float original, for every scheme") {
  Builder builder = SmallNetwork();
  const Network original = builder.Done();
  RandomSamples samples(50, -1, 1);
  for (const Symmetry weights : {Symmetry::kSymmetricFull, Symmetry::kSymmetricRestricted}) {
    for (const Granularity granularity :
         {Granularity::kPerTensor, Granularity::kPerChannel, Granularity::kPerGroup}) {
      for (const Symmetry activations :
           {Symmetry::kSymmetricFull, Symmetry::kSymmetricRestricted, Symmetry::kAsymmetric}) {
        for (const DataType dtype : {DataType::kUInt8, DataType::kInt8}) {
          Recipe recipe;
          recipe.weights.symmetry = weights;
          recipe.weights.granularity = granularity;
          recipe.weights.group = 3;
          recipe.activations.symmetry = activations;
          recipe.activations.dtype = dtype;
          CAPTURE(ToJson(recipe));
          const Network quantized = Quantize(original, samples, recipe);
          CHECK(OutputSqnr(quantized, original) > 25);
        }
      }
    }
  }
  Recipe asymmetric;
  asymmetric.weights.symmetry = Symmetry::kAsymmetric;
  CHECK_THROWS_AS(Quantize(original, samples, asymmetric), Error);
  asymmetric.weights.granularity = Granularity::kPerTensor;
  CHECK(OutputSqnr(Quantize(original, samples, asymmetric), original) > 25);
}

TEST_CASE("quantize: 16-bit activations follow the float original far more closely") {
  Builder builder = SmallNetwork();
  const Network original = builder.Done();
  RandomSamples samples(50, -1, 1);
  const double narrow = OutputSqnr(Quantize(original, samples), original);
  const Recipe recipe =
      ParseRecipe("recipe", R"({"activations": {"dtype": "int16", "range": "minmax"}})");
  const Network quantized = Quantize(original, samples, recipe);
  const double wide = OutputSqnr(quantized, original);
  CAPTURE(narrow);
  CHECK(wide > narrow + 3);  // what is left is the weights' noise
  for (const TensorInfo& info : quantized.inputs()) CHECK(info.dtype == DataType::kInt16);
  for (const graph::Tensor& tensor : quantized.graph().tensors) {
    if (tensor.dtype == DataType::kInt16) CHECK(tensor.quantization.zero_point[0] == 0);
  }
  // Fewer bits in the same type.
  const auto with = [&](const char* json) {
    return OutputSqnr(Quantize(original, samples, ParseRecipe("recipe", json)), original);
  };
  CHECK(with(R"({"activations": {"dtype": "int16", "range": "minmax", "bits": 6}})") < narrow);
}

TEST_CASE("quantize: 16-bit activations have neither a zero point nor operators without a form") {
  RandomSamples samples(10, -1, 1);
  const auto refused = [&](const Network& network, const Recipe& recipe, const char* message) {
    CHECK_THROWS_WITH_AS(Quantize(network, samples, recipe), doctest::Contains(message), Error);
  };
  Builder builder = SmallNetwork();
  const Network network = builder.Done();
  Recipe recipe;
  recipe.activations.dtype = DataType::kInt16;
  refused(network, recipe, "zero point");
  recipe.activations.symmetry = Symmetry::kSymmetricRestricted;
  recipe.activations.bits = 17;
  refused(network, recipe, "17 bits");
  recipe.activations.bits = 16;
  recipe.nodes[network.graph().nodes[0].name].output.emplace();  // asymmetric
  refused(network, recipe, network.graph().nodes[0].name.c_str());

  Builder elu;
  elu.Apply("bend", graph::ParseOpType("elu").value(), {elu.Input({1, 4})}, {1, 4});
  recipe.nodes.clear();
  refused(elu.Done(), recipe, "bend");
}

TEST_CASE("quantize: every way to choose a range, on the same network") {
  Builder builder = SmallNetwork();
  const Network original = builder.Done();
  RandomSamples samples(50, -1, 1);
  for (const RangeMethod method :
       {RangeMethod::kMinMax, RangeMethod::kMovingAverage, RangeMethod::kPercentile,
        RangeMethod::kEntropy, RangeMethod::kMse}) {
    Recipe recipe;
    recipe.activations.range.method = method;
    recipe.weights.range.method = method;
    CAPTURE(ToJson(recipe));
    // A moving average clips what only a few samples reach.
    const double least = method == RangeMethod::kMovingAverage ? 10 : 25;
    CHECK(OutputSqnr(Quantize(original, samples, recipe), original) > least);
  }
}

TEST_CASE("quantize: fewer bits lose more, and stay within their levels") {
  Builder builder = SmallNetwork();
  const Network original = builder.Done();
  RandomSamples samples(50, -1, 1);
  double last = std::numeric_limits<double>::infinity();
  for (const int bits : {8, 6, 4, 3}) {
    Recipe recipe;
    recipe.weights.bits = bits;
    recipe.activations.bits = bits;
    const Network quantized = Quantize(original, samples, recipe);
    const double sqnr = OutputSqnr(quantized, original);
    CAPTURE(bits);
    CHECK(sqnr < last);
    last = sqnr;
    const graph::Tensor& weights = TensorOf(quantized, "conv/w");
    const int limit = (1 << (bits - 1)) - 1;
    int largest = 0;
    for (size_t i = 0; i < weights.data.size(); ++i) {
      largest = std::max(largest, std::abs(weights.data.as<int8_t>()[i]));
    }
    CHECK(largest == limit);
    for (const Node& node : quantized.graph().nodes) {
      if (node.has("clamp")) CHECK(node.integers("clamp").back() <= (1 << bits) - 1);
    }
  }
}

TEST_CASE("quantize: scales follow from the recipe") {
  Builder builder = SmallNetwork();
  const Network original = builder.Done();
  RandomSamples samples(50, -1, 1);
  Recipe recipe;
  recipe.bias_correction = false;
  recipe.activations.range.method = RangeMethod::kMinMax;
  Report report;
  const Network quantized = Quantize(original, samples, recipe, {.report = &report});
  CHECK(report.samples == 50);
  REQUIRE(report.activations.size() == 5);
  for (const ActivationReport& activation : report.activations) {
    CAPTURE(activation.tensor);
    const graph::Tensor& tensor = TensorOf(quantized, activation.tensor);
    CHECK(tensor.dtype == DataType::kUInt8);
    CHECK(tensor.quantization.scale.at(0) == activation.scale);
    const double span = std::max(activation.seen_high, 0.0) - std::min(activation.seen_low, 0.0);
    CHECK(activation.scale == doctest::Approx(span / 255));
  }
  SUBCASE("reshape shares its input's scale") {
    CHECK(TensorOf(quantized, "flat").quantization ==
          TensorOf(quantized, "depthwise").quantization);
  }
  SUBCASE("weights: restricted symmetric per output channel") {
    const graph::Tensor& weights = TensorOf(quantized, "conv/w");
    REQUIRE(weights.quantization.scale.size() == 8);
    CHECK(weights.quantization.axis == 0);
    CHECK(TensorOf(quantized, "depthwise/w").quantization.axis == 3);
    const auto* floats = weights.float_data.as<float>();
    for (size_t c = 0; c < 8; ++c) {
      float largest = 0;
      for (size_t i = 0; i < 18; ++i) largest = std::max(largest, std::abs(floats[c * 18 + i]));
      CHECK(weights.quantization.scale[c] == doctest::Approx(largest / 127));
    }
  }
  SUBCASE("bias: int32 in steps of input scale times weight scale") {
    const graph::Tensor& bias = TensorOf(quantized, "conv/b");
    const float in = TensorOf(quantized, "image").quantization.scale.at(0);
    for (size_t c = 0; c < 8; ++c) {
      const double step = in * TensorOf(quantized, "conv/w").quantization.scale[c];
      CHECK(std::abs(bias.data.as<int32_t>()[c] * step - bias.float_data.as<float>()[c]) <=
            0.5001 * step);
    }
  }
  SUBCASE("float mode is the original") {
    RandomSamples test(10, -1, 1);
    CompareOptions options;
    options.modes = {Mode::kFloat, Mode::kSimulated};
    options.layer_samples = 0;
    CHECK(Compare(quantized, test, options).outputs.at(0).sqnr_db > 25);
  }
  SUBCASE("without float weights") {
    recipe.keep_float_weights = false;
    const Network lean = Quantize(original, samples, recipe);
    for (const graph::Tensor& tensor : lean.graph().tensors) CHECK(tensor.float_data.size() == 0);
  }
}

TEST_CASE("quantize: settings of one node") {
  Builder builder = SmallNetwork();
  const Network original = builder.Done();
  RandomSamples samples(20, -1, 1);
  Recipe recipe = ParseRecipe("recipe", R"({"weights": {"bits": 7}, "nodes": {
      "conv": {"weights": {"granularity": "per_tensor", "bits": 4}, "output": {"bits": 5}}}})");
  const Network quantized = Quantize(original, samples, recipe);
  CHECK(TensorOf(quantized, "conv/w").quantization.scale.size() == 1);
  CHECK(TensorOf(quantized, "depthwise/w").quantization.scale.size() == 8);
  for (const Node& node : quantized.graph().nodes) {
    if (node.name == "conv") CHECK(node.integers("clamp") == std::vector<int64_t>{0, 31});
    if (node.name == "depthwise") CHECK(node.integers("clamp") == std::vector<int64_t>{0, 255});
  }
  recipe.nodes["missing"] = {};
  CHECK_THROWS_WITH_AS(Quantize(original, samples, recipe), doctest::Contains("node 'missing'"),
                       Error);
}

TEST_CASE("quantize: the result does not depend on threads") {
  Builder builder = SmallNetwork();
  const Network original = builder.Done();
  RandomSamples samples(37, -1, 1);
  for (const RangeMethod method : {RangeMethod::kMovingAverage, RangeMethod::kMse}) {
    Recipe recipe;
    recipe.activations.range.method = method;
    int64_t calls = 0, last = 0;
    const Network one = Quantize(original, samples, recipe);
    const Network three = Quantize(original, samples, recipe,
                                   {.threads = 3, .progress = [&](int64_t done, int64_t total) {
                                      ++calls;
                                      last = done;
                                      CHECK(total == 37);
                                    }});
    CHECK(calls == 37);
    CHECK(last == 37);
    for (size_t i = 0; i < one.graph().tensors.size(); ++i) {
      CHECK(one.graph().tensors[i].quantization == three.graph().tensors[i].quantization);
    }
  }
}

TEST_CASE("quantize: bad input is refused with its place") {
  Builder builder = SmallNetwork();
  const Network original = builder.Done();
  RandomSamples samples(10, -1, 1);
  SUBCASE("no samples") {
    RandomSamples none(0, -1, 1);
    CHECK_THROWS_WITH_AS(Quantize(original, none), doctest::Contains("empty"), Error);
  }
  SUBCASE("NaN in the data") {
    samples.poisoned_sample = 4;
    for (const int threads : {1, 3}) {
      CHECK_THROWS_WITH_AS(Quantize(original, samples, {}, {.threads = threads}),
                           doctest::Contains("sample 4: tensor 'image'"), Error);
    }
  }
  SUBCASE("NaN or infinity in weights") {
    for (const float bad :
         {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
      Builder poisoned = SmallNetwork();
      std::vector<float> values(640, 0.5f);
      values[17] = bad;
      poisoned.graph().tensor(poisoned.graph().Find("dense/w").value()).data =
          SharedBytes::Own(std::move(values));
      CHECK_THROWS_WITH_AS(Quantize(poisoned.Done(), samples), doctest::Contains("dense"), Error);
    }
  }
  SUBCASE("a network that is quantized already") {
    const Network quantized = Quantize(original, samples);
    CHECK_THROWS_WITH_AS(Quantize(quantized, samples), doctest::Contains("already"), Error);
  }
}

TEST_CASE("quantize: constant tensors and dead channels are handled and reported") {
  Builder builder = SmallNetwork();
  Graph& g = builder.graph();
  const auto set = [&](const char* name, size_t begin, size_t end, float value) {
    graph::Tensor& tensor = g.tensor(g.Find(name).value());
    const auto* old = tensor.data.as<float>();
    std::vector<float> values(old, old + tensor.data.size() / sizeof(float));
    for (size_t i = begin; i < end; ++i) values[i] = value;
    tensor.data = SharedBytes::Own(std::move(values));
  };
  SUBCASE("one dead channel, with a bias") {
    set("conv/w", 18, 36, 0);
    set("conv/b", 1, 2, 0.7f);
    const Network original = builder.Done();
    RandomSamples samples(20, -1, 1);
    CHECK(OutputSqnr(Quantize(original, samples), original) > 25);
  }
  SUBCASE("a channel with tiny weights and a large bias") {
    set("conv/w", 18, 36, 1e-20f);
    set("conv/b", 1, 2, 0.7f);
    const Network original = builder.Done();
    RandomSamples samples(20, -1, 1);
    Report report;
    CHECK(OutputSqnr(Quantize(original, samples, {}, {.report = &report}), original) > 25);
    REQUIRE(report.notes.size() == 1);
    CHECK(report.notes[0].find("'conv'") != std::string::npos);
  }
  SUBCASE("a layer that gives zeros only") {
    set("conv/w", 0, 144, 0);
    set("conv/b", 0, 8, -1);
    const Network original = builder.Done();
    RandomSamples samples(20, -1, 1);
    Report report;
    CHECK(OutputSqnr(Quantize(original, samples, {}, {.report = &report}), original) > 25);
    REQUIRE(report.notes.size() == 1);
    CHECK(report.notes[0].find("tensor 'conv'") != std::string::npos);
  }
}

TEST_CASE("recipe: strict, and written back the same") {
  CHECK(ParseRecipe("r", "{}") == Recipe());
  const Recipe recipe = ParseRecipe("r", R"({
    "weights": {"symmetry": "symmetric_full", "granularity": "per_group", "bits": 4, "group": 16,
                "range": "mse"},
    "activations": {"symmetry": "symmetric", "dtype": "int8", "bits": 6, "range": "percentile",
                    "percentile": 99.9},
    "inputs": {"range": "moving_average", "momentum": 0.5},
    "keep_float_weights": false,
    "nodes": {"a": {"output": {"range": "minmax"}}, "b": {"weights": {"bits": 8}}}})");
  CHECK(recipe.weights.symmetry == Symmetry::kSymmetricFull);
  CHECK(recipe.weights.group == 16);
  CHECK(recipe.activations.range.percentile == 99.9);
  CHECK(recipe.nodes.at("b").weights->granularity == Granularity::kPerGroup);
  CHECK(recipe.nodes.at("a").output->dtype == DataType::kInt8);
  CHECK(ToJson(ParseRecipe("r", ToJson(recipe))) == ToJson(recipe));
  const Recipe wide = ParseRecipe("r", R"({"activations": {"dtype": "int16"}})");
  CHECK(wide.activations.bits == 16);
  CHECK(wide.activations.symmetry == Symmetry::kSymmetricRestricted);
  CHECK(ParseRecipe("r", ToJson(wide)) == wide);
  const auto refused = [](const char* json, const char* message) {
    CAPTURE(json);
    CHECK_THROWS_WITH_AS(ParseRecipe("r.json", json), doctest::Contains(message), Error);
  };
  refused(R"({"weight": {}})", "weight");
  refused(R"({"weights": {"bits": 9}})", "bits");
  refused(R"({"weights": {"bits": 1}})", "bits");
  refused(R"({"weights": {"symmetry": "odd"}})", "odd");
  refused(R"({"activations": {"percentile": 10}})", "percentile");
  refused(R"({"activations": {"momentum": 1}})", "momentum");
  refused(R"({"nodes": {"a": {"output": {"dtype": "int8"}}}})", "dtype");
  refused(R"({"activations": {"bits": 16}})", "bits");
  refused(R"({"activations": {"dtype": "int16", "bits": 17}})", "bits");
  refused(R"({"activations": {"dtype": "int16", "symmetry": "asymmetric"}})", "zero point");
  refused(R"({"nodes": [1]})", "nodes");
  refused("[", "r.json:1");
}

}  // namespace
}  // namespace integra::quantize
