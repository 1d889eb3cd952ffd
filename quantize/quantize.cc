#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.h"
#include "graph/schema.h"
#include "integra/quantize.hpp"
#include "integra/version.hpp"
#include "quantize/calibrate.h"
#include "quantize/channel_peaks.h"
#include "quantize/equalize.h"
#include "quantize/fold.h"
#include "quantize/rewrite.h"
#include "quantize/scheme.h"
#include "quantize/weights.h"

namespace integra::quantize {
namespace {

void RequireFloatNetwork(const graph::Graph& graph) {
  for (const graph::Tensor& tensor : graph.tensors) {
    if (tensor.quantization.empty()) continue;
    Fail(ErrorCode::kInvalidArgument, graph.source.empty() ? graph.name : graph.source,
         ": is quantized already (tensor '", tensor.name,
         "' has a scale); give the float network it was made from");
  }
}

// Before hours of calibration, and where the fault is: NaN may vanish in a ReLU behind it.
void RequireFiniteConstants(const graph::Graph& graph) {
  for (const graph::Tensor& tensor : graph.tensors) {
    if (!tensor.is_constant() || tensor.dtype != DataType::kFloat32) continue;
    const auto* values = tensor.data.as<float>();
    const size_t count = tensor.data.size() / sizeof(float);
    if (std::all_of(values, values + count, [](float x) { return std::isfinite(x); })) continue;
    Fail(ErrorCode::kInvalidFile, graph.source.empty() ? "network" : graph.source,
         ": the values of tensor '", tensor.name, "' are not all finite; it cannot be quantized");
  }
}

void RequireKnownNodes(const graph::Graph& graph, const Recipe& recipe) {
  for (const auto& setting : recipe.nodes) {
    const std::string& name = setting.first;
    const bool found = std::any_of(graph.nodes.begin(), graph.nodes.end(),
                                   [&](const graph::Node& node) { return node.name == name; });
    if (!found) {
      Fail(ErrorCode::kInvalidArgument, "the recipe has settings for node '", name,
           "', which network '", graph.name, "' does not have");
    }
  }
}

// What ParseRecipe() refuses may also come from a program.
void RequirePossibleActivations(const ActivationRecipe& activations, const std::string& what) {
  LevelsOf(activations.symmetry, activations.bits, activations.dtype);
  if (activations.dtype == DataType::kInt16 && activations.symmetry == Symmetry::kAsymmetric) {
    Fail(ErrorCode::kInvalidArgument, "the recipe wants int16 activations with a zero point", what,
         "; they have a symmetric scheme");
  }
  if (activations.range.method == RangeMethod::kDynamic &&
      (activations.dtype == DataType::kInt16 || activations.bits != 8)) {
    Fail(ErrorCode::kInvalidArgument, "the recipe wants a dynamic range", what,
         "; it needs uint8 or int8 and all 8 bits");
  }
}

void RequirePossibleActivations(const Recipe& recipe) {
  RequirePossibleActivations(recipe.activations, "");
  for (const auto& [name, node] : recipe.nodes) {
    if (!node.output) continue;
    ActivationRecipe output = *node.output;
    output.dtype = recipe.activations.dtype;  // one type throughout the network
    RequirePossibleActivations(output, StrCat(" at node '", name, "'"));
  }
}

// Where weights and biases come from more than their own values, what has to be known of the layer.
SampleNeed NeedOf(const Recipe& recipe, const graph::Node& node) {
  if (WeightRecipeOf(recipe, node.name).rounding == WeightRounding::kAdaptive) {
    return SampleNeed::kPatches;
  }
  return recipe.bias_correction ? SampleNeed::kMean : SampleNeed::kNone;
}

// `samples` of a data set, evenly spread over it: a folder that is sorted by classes gives some of
// every class.
class Spread : public DataSource {
 public:
  Spread(DataSource& data, int64_t samples) : data_(data), samples_(samples) {}
  int64_t size() const override { return samples_; }
  void Read(int64_t i, const std::vector<TensorInfo>& inputs,
            std::span<const std::span<std::byte>> buffers) override {
    data_.Read(At(i), inputs, buffers);
  }
  std::string name(int64_t i) const override { return data_.name(At(i)); }

 private:
  int64_t At(int64_t i) const { return i * data_.size() / samples_; }
  DataSource& data_;
  const int64_t samples_;
};

std::filesystem::path WithSuffix(std::filesystem::path path, const char* suffix) {
  if (!path.empty()) path += suffix;
  return path;
}

}  // namespace

Network Quantize(const Network& network, DataSource& calibration_data, const Recipe& recipe,
                 const Options& options) {
  RequireFloatNetwork(network.graph());
  RequireFiniteConstants(network.graph());
  RequireKnownNodes(network.graph(), recipe);
  RequirePossibleActivations(recipe);
  Report unused_report;
  Report& report = options.report != nullptr ? *options.report : unused_report;
  report = {};

  graph::Graph graph = network.graph();
  if (const int folded = FoldActivations(graph); folded > 0) {
    report.notes.push_back(StrCat("folded ", folded, " activation nodes into those before them"));
  }
  Spread samples(calibration_data, CountSamples(calibration_data, options.samples));
  SampleRunOptions run;
  run.threads = static_cast<int>(std::min<int64_t>(std::max(1, options.threads), samples.size()));
  run.samples = samples.size();
  run.reference = options.reference;
  run.progress = options.progress;
  run.checkpoint_seconds = options.checkpoint_seconds;
  if (recipe.equalize) {
    run.checkpoint = WithSuffix(options.checkpoint, ".peaks");
    const ChannelPeaks peaks = MeasurePeaks(Network(graph), samples, run);
    report.notes.push_back(StrCat("equalized ", Equalize(graph, peaks), " pairs of layers"));
  }
  run.checkpoint = options.checkpoint;
  const Network prepared(graph);
  const Calibration calibration =
      Calibrate(prepared, samples,
                {.run = run,
                 .momentum = recipe.activations.range.momentum,
                 .need = [&](const graph::Node& node) { return NeedOf(recipe, node); }});
  report.samples = calibration.samples;
  graph = RewriteToIntegers(std::move(graph), calibration, recipe, options.reference, report);
  graph.metadata["quantized_by"] = StrCat("integra ", Version());
  graph.metadata["quantization_recipe"] = ToJson(recipe);
  graph.metadata["calibration_samples"] = StrCat(calibration.samples);
  return Network(std::move(graph));
}

}  // namespace integra::quantize
