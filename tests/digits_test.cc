// The network that ships, models/digits: made again byte for byte, and as accurate as its README
// says.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "graph/network_file.h"
#include "graph/schema.h"
#include "integra/integra.hpp"
#include "integra/tools.hpp"
#include "io/dataset.h"
#include "tests/support/npy.h"
#include "tests/support/temporary_folder.h"

namespace integra {
namespace {

const std::filesystem::path kDigits = std::filesystem::path(INTEGRA_SOURCE_DIR) / "models/digits";

TEST_CASE("digits: quantizing the float network gives the shipped files byte for byte") {
  const Network original = Network::Load(kDigits / "float");
  const auto samples = io::OpenDataSet({kDigits / "calibration.npy"}, original.inputs());
  for (const int threads : {1, 3}) {
    const Network quantized =
        quantize::Quantize(original, *samples, {}, {.threads = threads, .reference = true});
    const test::TemporaryFolder folder;
    graph::SaveNetwork(quantized.graph(), folder.path());
    for (const char* file : {"network.json", "weights.safetensors"}) {
      CAPTURE(file);
      CHECK(test::ReadBytes(folder.path() / file) == test::ReadBytes(kDigits / file));
    }
  }
}

TEST_CASE("digits: accuracy in float, simulated and integer mode") {
  const Network quantized = Network::Load(kDigits);
  io::DataOptions options;
  options.labels = kDigits / "test_labels.npy";
  const Network original = Network::Load(kDigits / "float");
  const auto test = io::OpenDataSet({kDigits / "test_images.npy"}, original.inputs(), options);
  CompareOptions compare;
  compare.float_network = original;
  compare.layer_samples = 0;
  const Comparison comparison = Compare(quantized, *test, compare);
  CHECK(comparison.samples == 500);
  CHECK(comparison.labelled == 500);
  REQUIRE(comparison.modes.size() == 3);
  const int64_t in_float = comparison.modes[0].top1;
  CHECK(in_float >= 492);  // 493: 98.6 %
  // At most 0.3 points, one or two of 500 pictures, are lost.
  CHECK(comparison.modes[1].top1 >= in_float - 1);
  CHECK(comparison.modes[2].top1 >= in_float - 1);
  for (const OutputDifference& difference : comparison.outputs) {
    CAPTURE(difference.a + " and " + difference.b);
    CHECK(difference.same_top1 >= 498);
  }
}

TEST_CASE("digits: without float weights the network is the same in integer mode") {
  const Network original = Network::Load(kDigits / "float");
  const auto samples = io::OpenDataSet({kDigits / "calibration.npy"}, original.inputs());
  quantize::Recipe recipe;
  recipe.keep_float_weights = false;
  const Network lean = quantize::Quantize(original, *samples, recipe, {.reference = true});
  const Network shipped = Network::Load(kDigits);
  for (const graph::Tensor& tensor : shipped.graph().tensors) {
    if (!tensor.is_constant()) continue;
    const graph::Tensor& other = lean.graph().tensor(lean.graph().Find(tensor.name).value());
    CHECK(other.float_data.size() == 0);
    CHECK(std::equal(tensor.data.as<uint8_t>(), tensor.data.as<uint8_t>() + tensor.data.size(),
                     other.data.as<uint8_t>()));
  }
}

// Every combination of what a recipe says about weights, and about activations; 2 to 8 bits.
std::vector<std::string> AllSchemes() {
  std::vector<std::string> weights = {R"("granularity": "per_tensor", "symmetry": "asymmetric")"};
  for (const char* symmetry : {"symmetric", "symmetric_full"}) {
    for (const char* granularity :
         {R"("per_tensor")", R"("per_channel")", R"("per_group", "group": 4)"}) {
      weights.push_back(StrCat("\"symmetry\": \"", symmetry, "\", \"granularity\": ", granularity));
    }
  }
  std::vector<std::string> recipes;
  int turn = 0;
  for (const char* activations : {"symmetric", "symmetric_full", "asymmetric"}) {
    for (const std::string& weight : weights) {
      // All numbers of bits come up; so do both types of activations where both are possible.
      const int weight_bits = 2 + turn % 7, activation_bits = 8 - turn % 3;
      const bool zero_point = weight.find("asymmetric") != std::string::npos;
      const char* dtype = turn % 2 == 0 || zero_point ? "uint8" : "int8";
      recipes.push_back(StrCat(R"({"weights": {)", weight, R"(, "bits": )", weight_bits,
                               R"(}, "activations": {"symmetry": ")", activations, R"(", "bits": )",
                               activation_bits, R"(, "dtype": ")", dtype, R"("}})"));
      ++turn;
    }
  }
  for (const char* more :
       {"{}", R"({"weights": {"bits": 4, "rounding": "adaround"}, "bias_correction": false})",
        R"({"weights": {"granularity": "per_tensor"}, "equalize": true})",
        R"({"activations": {"dtype": "int16"}})",
        R"({"activations": {"dtype": "int16", "bits": 10, "symmetry": "symmetric_full"}})"}) {
    recipes.emplace_back(more);
  }
  return recipes;
}

// A step, and what float32 values leave uncertain of it: 4 ulp of a value of 2^7 or 2^15 steps. The
// 16-bit softmax is LiteRT's, whose tables are known to some 2^-11, 16 of its steps.
double MostSteps(const Network& network, const std::string& name) {
  for (const graph::Node& node : network.graph().nodes) {
    if (node.name != name) continue;
    const bool wide = network.graph().tensor(node.outputs[0]).dtype == DataType::kInt16;
    if (wide && node.type == graph::OpType::kSoftmax) return 32;
    return 1 + std::ldexp(4.0, wide ? 15 - 23 : 7 - 23);
  }
  return 0;
}

TEST_CASE("digits: simulated and integer mode agree to one step per layer, for every scheme") {
  const Network original = Network::Load(kDigits / "float");
  const auto samples = io::OpenDataSet({kDigits / "calibration.npy"}, original.inputs());
  for (const std::string& json : AllSchemes()) {
    CAPTURE(json);
    const Network quantized =
        quantize::Quantize(original, *samples, quantize::ParseRecipe("recipe", json));
    CompareOptions options;
    options.modes = {Mode::kSimulated, Mode::kInteger};
    options.samples = 8;
    options.layer_samples = 8;
    int64_t layers = 0;
    for (const LayerComparison& comparison : Compare(quantized, *samples, options).layers) {
      if (!comparison.same_input) continue;
      for (const LayerDifference& layer : comparison.layers) {
        CAPTURE(layer.node);
        CHECK(layer.worst_steps < MostSteps(quantized, layer.node));
        ++layers;
      }
    }
    CHECK(layers >= 10);
  }
}

}  // namespace
}  // namespace integra
