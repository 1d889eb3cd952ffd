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
#include "quantize/stopwatch.h"
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
  if (const std::string why = WhyImpossible(activations); !why.empty()) {
    Fail(ErrorCode::kInvalidArgument, "the recipe's ", what, ": ", why);
  }
}

void RequirePossibleActivations(const Recipe& recipe) {
  RequirePossibleActivations(recipe.activations, "activations");
  for (const auto& [name, node] : recipe.nodes) {
    if (!node.output) continue;
    ActivationRecipe output = *node.output;
    output.dtype = recipe.activations.dtype;  // one type throughout the network
    RequirePossibleActivations(output, StrCat("output of node '", name, "'"));
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

// Whether any range of an activation is chosen by a histogram.
bool NeedsHistograms(const Recipe& recipe) {
  const auto needs = [](const RangeOptions& range) { return NeedsHistogram(range.method); };
  return needs(recipe.activations.range) || needs(recipe.inputs) ||
         std::ranges::any_of(recipe.nodes, [&](const auto& node) {
           return node.second.output && needs(node.second.output->range);
         });
}

}  // namespace

std::vector<std::filesystem::path> CheckpointFiles(const std::filesystem::path& checkpoint) {
  if (checkpoint.empty()) return {};
  std::filesystem::path peaks = checkpoint;
  peaks += ".peaks";
  return {checkpoint, peaks};
}

Network Quantize(const Network& network, DataSource& calibration_data, const Recipe& recipe,
                 const Options& options) {
  Stopwatch all, watch;
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
    if (!options.checkpoint.empty()) run.checkpoint = CheckpointFiles(options.checkpoint)[1];
    watch.Lap();
    const ChannelPeaks peaks = MeasurePeaks(Network(graph), samples, run);
    report.notes.push_back(StrCat("equalized ", Equalize(graph, peaks), " pairs of layers"));
    report.times.push_back({"equalizing", watch.Lap()});
  }
  run.checkpoint = options.checkpoint;
  const Network prepared(graph);
  const Calibration calibration =
      Calibrate(prepared, samples,
                {.run = run,
                 .momentum = recipe.activations.range.momentum,
                 .histograms = NeedsHistograms(recipe),
                 .need = [&](const graph::Node& node) { return NeedOf(recipe, node); }});
  report.samples = calibration.samples;
  const SampleRunTimes& times = calibration.times;
  report.times.push_back({"reading samples", times.reading});
  report.times.push_back({"float inference", times.inference});
  report.times.push_back({"observing values", times.observing});
  report.float_seconds = times.reading + times.inference;
  graph = RewriteToIntegers(std::move(graph), calibration, recipe, options.reference, report);
  graph.metadata["quantized_by"] = StrCat("integra ", Version());
  graph.metadata["quantization_recipe"] = ToJson(recipe);
  graph.metadata["calibration_samples"] = StrCat(calibration.samples);
  Network quantized(std::move(graph));
  double others = all.Lap();
  for (const PhaseTime& time : report.times) others -= time.seconds;
  report.times.push_back({"all else", std::max(others, 0.0)});
  return quantized;
}

}  // namespace integra::quantize
