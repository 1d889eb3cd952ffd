#include "quantize/sensitivity.h"

#include <algorithm>

#include "base/error.h"
#include "graph/graph.h"
#include "integra/float_session.hpp"
#include "quantize/op_rules.h"
#include "quantize/weights.h"

namespace integra::quantize {
namespace {

// Runs a float network over some samples, all outputs in one vector.
class Probe {
 public:
  Probe(const Network& network, DataSource& data, int64_t samples) {
    for (const TensorInfo& info : network.outputs()) {
      outputs_.emplace_back(static_cast<size_t>(ElementCount(info.shape)) * SizeOf(info.dtype));
    }
    for (int64_t i = 0; i < samples; ++i) {
      std::vector<std::vector<std::byte>>& sample = samples_.emplace_back();
      for (const TensorInfo& info : network.inputs()) {
        sample.emplace_back(static_cast<size_t>(ElementCount(info.shape)) * SizeOf(info.dtype));
      }
      const std::vector<std::span<std::byte>> buffers(sample.begin(), sample.end());
      data.Read(i, network.inputs(), buffers);
    }
  }

  std::vector<float> Run(const Network& network, int threads) {
    FloatSessionOptions options;
    options.threads = threads;
    FloatSession session(network, options);
    const std::vector<std::span<std::byte>> out(outputs_.begin(), outputs_.end());
    std::vector<float> all;
    for (const auto& sample : samples_) {
      const std::vector<std::span<const std::byte>> in(sample.begin(), sample.end());
      session.Run(in, out);
      for (size_t k = 0; k < outputs_.size(); ++k) {
        const std::vector<float> values = session.OutputValues(k);
        all.insert(all.end(), values.begin(), values.end());
      }
    }
    return all;
  }

 private:
  std::vector<std::vector<std::vector<std::byte>>> samples_;
  std::vector<std::vector<std::byte>> outputs_;
};

// `graph` with the weights of one node rounded to a grid of `bits` bits.
graph::Graph WithRoundedWeights(graph::Graph graph, size_t node_index, WeightRecipe recipe,
                                int bits) {
  const graph::Node& node = graph.nodes[node_index];
  graph::Tensor& weights = graph.tensor(node.inputs[1]);
  recipe.bits = bits;
  const ChannelLayout layout =
      ChannelLayout::Of(weights.shape, RuleOf(node.type).value().channel_axis);
  const size_t count = weights.data.size() / sizeof(float);
  std::vector<float> values(weights.data.as<float>(), weights.data.as<float>() + count);
  const std::vector<QuantParams> params = ChooseWeightParams(values, layout, recipe);
  for (int64_t c = 0; c < layout.channels; ++c) {
    const QuantParams& p = params[static_cast<size_t>(c)];
    layout.ForEach(c, [&](size_t, size_t at) {
      values[at] = static_cast<float>(DequantizeValue(QuantizeValue(values[at], p), p));
    });
  }
  weights.data = SharedBytes::Own(std::move(values));
  return graph;
}

double RelativeNoise(const std::vector<float>& reference, const std::vector<float>& other) {
  double signal = 0, noise = 0;
  for (size_t i = 0; i < reference.size(); ++i) {
    const double x = reference[i], error = x - other[i];
    signal += x * x;
    noise += error * error;
  }
  return signal > 0 ? noise / signal : noise;
}

}  // namespace

std::vector<LayerSensitivity> MeasureSensitivity(const Network& network, DataSource& data,
                                                 const Recipe& recipe,
                                                 const SensitivityOptions& options) {
  const graph::Graph& graph = network.graph();
  std::vector<size_t> weighted;
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const auto rule = RuleOf(graph.nodes[n].type);
    if (rule && rule->rule == ScaleRule::kWeighted &&
        graph.tensor(graph.nodes[n].inputs[1]).is_constant()) {
      weighted.push_back(n);
    }
  }
  const int64_t samples =
      options.samples > 0 ? std::min(options.samples, data.size()) : data.size();
  if (samples == 0) Fail(ErrorCode::kInvalidArgument, "there are no samples to measure with");
  Probe probe(network, data, samples);
  const std::vector<float> reference = probe.Run(network, options.threads);
  std::vector<LayerSensitivity> layers;
  const auto total = static_cast<int64_t>(weighted.size());
  for (const size_t n : weighted) {
    LayerSensitivity layer;
    layer.node = graph.nodes[n].name;
    layer.weights = ElementCount(graph.tensor(graph.nodes[n].inputs[1]).shape);
    for (int bits = kMinWeightBits; bits <= kMaxWeightBits; ++bits) {
      const Network changed(WithRoundedWeights(graph, n, WeightRecipeOf(recipe, layer.node), bits));
      layer.noise.push_back(RelativeNoise(reference, probe.Run(changed, options.threads)));
    }
    layers.push_back(std::move(layer));
    if (options.progress) options.progress(static_cast<int64_t>(layers.size()), total);
  }
  return layers;
}

std::vector<int> AllocateBits(const std::vector<LayerSensitivity>& layers, double average_bits) {
  if (!(average_bits >= kMinWeightBits && average_bits <= kMaxWeightBits)) {
    Fail(ErrorCode::kInvalidArgument, "the average number of bits has to be in ", kMinWeightBits,
         " to ", kMaxWeightBits, ", not ", average_bits);
  }
  std::vector<int> bits(layers.size(), kMaxWeightBits);
  double weights = 0;
  for (const LayerSensitivity& layer : layers) weights += static_cast<double>(layer.weights);
  double used = weights * kMaxWeightBits;
  while (used > average_bits * weights) {
    size_t best = layers.size();
    double least = 0;
    for (size_t i = 0; i < layers.size(); ++i) {
      if (bits[i] == kMinWeightBits) continue;
      const auto& noise = layers[i].noise;
      const auto at = static_cast<size_t>(bits[i] - kMinWeightBits);
      const double cost = (noise[at - 1] - noise[at]) / static_cast<double>(layers[i].weights);
      if (best == layers.size() || cost < least) {
        best = i;
        least = cost;
      }
    }
    if (best == layers.size()) break;
    --bits[best];
    used -= static_cast<double>(layers[best].weights);
  }
  return bits;
}

Recipe WithBits(Recipe recipe, const std::vector<LayerSensitivity>& layers,
                const std::vector<int>& bits) {
  for (size_t i = 0; i < layers.size(); ++i) {
    WeightRecipe weights = WeightRecipeOf(recipe, layers[i].node);
    weights.bits = bits[i];
    recipe.nodes[layers[i].node].weights = weights;
  }
  return recipe;
}

}  // namespace integra::quantize
