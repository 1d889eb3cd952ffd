#include "quantize/layer_samples.h"

#include <algorithm>
#include <string_view>

namespace integra::quantize {
namespace {

// splitmix64: a fixed sequence of well mixed numbers.
uint64_t Mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

}  // namespace

std::vector<float> LayerSamples::ForChannel(int64_t c, int64_t channels_out) const {
  if (!depthwise) return values;
  const int64_t channel = c / (channels_out / channels);
  std::vector<float> own(static_cast<size_t>(count * taps));
  for (int64_t i = 0; i < count * taps; ++i) {
    own[static_cast<size_t>(i)] = values[static_cast<size_t>(i * channels + channel)];
  }
  return own;
}

LayerSampler::LayerSampler(const graph::Graph& graph, int64_t samples, int64_t patches)
    : graph_(graph), per_sample_((patches + samples - 1) / samples) {
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const graph::Node& node = graph.nodes[n];
    const std::string_view type = graph::NameOf(node.type);
    const bool dense = type == "fully_connected";
    if (!dense && type != "conv_2d" && type != "depthwise_conv_2d") continue;
    const Shape& x = graph.tensor(node.inputs[0]).shape;
    const Shape& w = graph.tensor(node.inputs[1]).shape;
    Layer layer;
    layer.samples.depthwise = type == "depthwise_conv_2d";
    if (dense) {
      layer.samples.taps = 1;
      layer.samples.channels = w[1];
      layer.rows = ElementCount(x) / w[1];
    } else {
      if (type == "conv_2d" && w[3] != x[3]) continue;  // groups
      const Shape& y = graph.tensor(node.outputs[0]).shape;
      layer.filter_rows = w[1];
      layer.filter_columns = w[2];
      layer.in_rows = x[1];
      layer.in_columns = x[2];
      layer.rows = y[1];
      layer.columns = y[2];
      layer.stride = node.integers("stride");
      layer.dilation = node.integers("dilation");
      layer.padding = node.integers("padding");
      layer.samples.taps = w[1] * w[2];
      layer.samples.channels = x[3];
    }
    layer.samples.count = samples * per_sample_;
    layer.samples.values.resize(
        static_cast<size_t>(layer.samples.count * layer.samples.taps * layer.samples.channels));
    layers_.emplace(n, std::move(layer));
  }
}

void LayerSampler::Take(size_t node, int64_t sample, const float* input) {
  const auto found = layers_.find(node);
  if (found == layers_.end()) return;
  Layer& layer = found->second;
  const int64_t channels = layer.samples.channels;
  for (int64_t k = 0; k < per_sample_; ++k) {
    const int64_t patch = sample * per_sample_ + k;
    const uint64_t random = Mix(Mix(node) + static_cast<uint64_t>(patch));
    const auto position =
        static_cast<int64_t>(random % static_cast<uint64_t>(layer.rows * layer.columns));
    const int64_t row = position / layer.columns * layer.stride[0] - layer.padding[0];
    const int64_t column = position % layer.columns * layer.stride[1] - layer.padding[2];
    float* out = layer.samples.values.data() + patch * layer.samples.taps * channels;
    if (layer.in_rows == 1 && layer.in_columns == 1 && layer.samples.taps == 1) {  // dense
      std::copy_n(input + position * channels, channels, out);
      continue;
    }
    for (int64_t i = 0; i < layer.filter_rows; ++i) {
      for (int64_t j = 0; j < layer.filter_columns; ++j, out += channels) {
        const int64_t y = row + i * layer.dilation[0], x = column + j * layer.dilation[1];
        if (y < 0 || y >= layer.in_rows || x < 0 || x >= layer.in_columns) continue;  // stays 0
        std::copy_n(input + (y * layer.in_columns + x) * channels, channels, out);
      }
    }
  }
}

std::map<std::string, LayerSamples> LayerSampler::Done() && {
  std::map<std::string, LayerSamples> all;
  for (auto& [n, layer] : layers_) all.emplace(graph_.nodes[n].name, std::move(layer.samples));
  return all;
}

}  // namespace integra::quantize
