// Mode simulated stands for mode integer: what the one predicts, the other does.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "integra/compare.hpp"
#include "io/dataset.h"
#include "tests/support/golden.h"
#include "tests/support/golden_source.h"

namespace integra::test {
namespace {

const LayerComparison& SameInput(const Comparison& comparison) {
  return *std::find_if(comparison.layers.begin(), comparison.layers.end(),
                       [](const LayerComparison& layers) { return layers.same_input; });
}

TEST_CASE("simulated and integer: every layer fed the same input is within one step") {
  const auto data = GoldenFolder();
  if (!data) return;
  for (const std::string& name : IntegerGoldenNames(1000)) {
    CAPTURE(name);
    const GoldenNetwork golden = LoadGolden(*data, name);
    const Network network = Import(golden.model);
    GoldenSource source(golden, network.inputs());
    const Comparison comparison =
        Compare(network, source, {.modes = {Mode::kSimulated, Mode::kInteger}, .layer_samples = 2});
    const LayerComparison& layers = SameInput(comparison);
    double worst = 0;
    double mean = 0;
    for (const LayerDifference& layer : layers.layers) {
      CAPTURE(layer.node);
      CHECK(layer.worst_steps <= 1.001);  // a step is a float product
      worst = std::max(worst, layer.worst_steps);
      mean = std::max(mean, layer.mean_steps);
    }
    const OutputDifference& outputs = comparison.outputs[0];
    MESSAGE(name, ": ", layers.layers.size(), " layers, worst difference ", worst,
            " steps, largest mean ", mean, "; outputs equal in ", outputs.equal_samples,
            ", same top-1 in ", outputs.same_top1, " of ", comparison.samples);
  }
}

TEST_CASE("simulated and integer: the same class on ImageNet pictures") {
  const auto data = GoldenFolder();
  if (!data) return;
  for (const std::string name : {"mobilenet_v1_0.25_128_quant", "tf2_mobilenet_v2_1.0_224_ptq"}) {
    CAPTURE(name);
    const Network network = Import(*data / "models" / (name + ".tflite"));
    const auto pictures = io::OpenDataSet(
        {*data / "images" / "jpeg"}, network.inputs(),
        {.labels = *data / "images" / "labels.tsv", .label_options = {.outputs = 1001}});
    const Comparison comparison =
        Compare(network, *pictures,
                {.modes = {Mode::kSimulated, Mode::kInteger}, .layer_samples = 0, .threads = 1});
    const OutputDifference& difference = comparison.outputs[0];
    MESSAGE(name, ": same top-1 on ", difference.same_top1, " of ", comparison.samples,
            " pictures; right: simulated ", comparison.modes[0].top1, ", integer ",
            comparison.modes[1].top1, "; SQNR of the output ", difference.sqnr_db, " dB");
    CHECK(comparison.samples == 500);
    CHECK(1000 * difference.same_top1 >= 995 * comparison.samples);
  }
}

}  // namespace
}  // namespace integra::test
