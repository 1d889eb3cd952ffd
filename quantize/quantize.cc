#include <algorithm>
#include <utility>

#include "base/error.h"
#include "graph/schema.h"
#include "integra/quantize.hpp"
#include "integra/version.hpp"
#include "quantize/calibrate.h"
#include "quantize/equalize.h"
#include "quantize/fold.h"
#include "quantize/rewrite.h"

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

void RequireKnownNodes(const graph::Graph& graph, const Recipe& recipe) {
  for (const auto& [name, unused] : recipe.nodes) {
    const bool found = std::any_of(graph.nodes.begin(), graph.nodes.end(),
                                   [&](const graph::Node& node) { return node.name == name; });
    if (!found) {
      Fail(ErrorCode::kInvalidArgument, "the recipe has settings for node '", name,
           "', which network '", graph.name, "' does not have");
    }
  }
}

// Bias correction and AdaRound look at this many patches of each layer's input.
constexpr int64_t kPatches = 2048;

bool NeedsPatches(const Recipe& recipe) {
  const auto adaptive = [](const WeightRecipe& weights) {
    return weights.rounding == WeightRounding::kAdaptive;
  };
  return recipe.bias_correction || adaptive(recipe.weights) ||
         std::any_of(recipe.nodes.begin(), recipe.nodes.end(), [&](const auto& node) {
           return node.second.weights && adaptive(*node.second.weights);
         });
}

}  // namespace

Network Quantize(const Network& network, DataSource& calibration_data, const Recipe& recipe,
                 const Options& options) {
  RequireFloatNetwork(network.graph());
  RequireKnownNodes(network.graph(), recipe);
  Report unused_report;
  Report& report = options.report != nullptr ? *options.report : unused_report;
  report = {};

  graph::Graph graph = network.graph();
  if (const int folded = FoldActivations(graph); folded > 0) {
    report.notes.push_back(StrCat("folded ", folded, " activation nodes into those before them"));
  }
  if (recipe.equalize) {
    report.notes.push_back(StrCat("equalized ", Equalize(graph), " pairs of layers"));
  }
  const Network prepared(graph);
  const Calibration calibration = Calibrate(prepared, calibration_data,
                                            {.threads = options.threads,
                                             .samples = options.samples,
                                             .momentum = recipe.activations.range.momentum,
                                             .patches = NeedsPatches(recipe) ? kPatches : 0,
                                             .reference = options.reference,
                                             .progress = options.progress});
  report.samples = calibration.samples;
  graph = RewriteToIntegers(std::move(graph), calibration, recipe, report);
  graph.metadata["quantized_by"] = StrCat("integra ", Version());
  graph.metadata["quantization_recipe"] = ToJson(recipe);
  graph.metadata["calibration_samples"] = StrCat(calibration.samples);
  return Network(std::move(graph));
}

}  // namespace integra::quantize
