#include "quantize/layer_samples.h"

#include <algorithm>
#include <bit>
#include <string_view>

#include "base/error.h"
#include "quantize/checkpoint.h"
#include "quantize/random.h"

namespace integra::quantize {
namespace {

// Patches of a layer: 512 give a mean with an error of a few percent of a standard deviation, which
// disappears in the rounding of the bias. AdaRound solves for as many weights as a filter has; a
// depthwise layer's filters are small.
constexpr int64_t kPatches = 2048;
constexpr int64_t kFewPatches = 512;

}  // namespace

std::vector<double> LayerSamples::MeanForChannel(int64_t c, int64_t channels_out) const {
  if (!depthwise) return mean;
  const int64_t channel = c / (channels_out / channels);
  std::vector<double> own(static_cast<size_t>(taps));
  for (int64_t t = 0; t < taps; ++t) {
    own[static_cast<size_t>(t)] = mean[static_cast<size_t>(t * channels + channel)];
  }
  return own;
}

void LayerSampler::AddLayer(size_t n, SampleNeed need, int64_t slots) {
  const graph::Node& node = graph_.nodes[n];
  const std::string_view type = graph::NameOf(node.type);
  const bool dense = type == "fully_connected";
  if (!dense && type != "conv_2d" && type != "depthwise_conv_2d") return;
  const Shape& x = graph_.tensor(node.inputs[0]).shape;
  const Shape& w = graph_.tensor(node.inputs[1]).shape;
  Layer layer;
  layer.node = n;
  layer.keep = need == SampleNeed::kPatches;
  layer.samples.depthwise = type == "depthwise_conv_2d";
  if (dense) {
    layer.samples.taps = 1;
    layer.samples.channels = w[1];
    layer.rows = ElementCount(x) / w[1];
  } else {
    if (type == "conv_2d" && w[3] != x[3]) return;  // groups
    const Shape& y = graph_.tensor(node.outputs[0]).shape;
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
  const int64_t patches = layer.keep && !layer.samples.depthwise ? kPatches : kFewPatches;
  layer.per_sample = (patches + samples_ - 1) / samples_;
  const auto size = static_cast<size_t>(layer.samples.taps * layer.samples.channels);
  layer.sum.assign(size, 0);
  layer.sums.assign(static_cast<size_t>(slots), std::vector<float>(size));
  if (layer.keep) {
    layer.samples.count = samples_ * layer.per_sample;
    layer.samples.values.resize(static_cast<size_t>(layer.samples.count) * size);
  }
  layers_.emplace(node.inputs[0], std::move(layer));
}

void LayerSampler::Layer::CopyPatch(int64_t position, const float* input, float* out) const {
  const int64_t channels = samples.channels;
  const int64_t row = position / columns * stride[0] - padding[0];
  const int64_t column = position % columns * stride[1] - padding[2];
  if (in_rows == 1 && in_columns == 1 && samples.taps == 1) {  // dense
    std::copy_n(input + position * channels, channels, out);
    return;
  }
  for (int64_t i = 0; i < filter_rows; ++i) {
    for (int64_t j = 0; j < filter_columns; ++j, out += channels) {
      const int64_t y = row + i * dilation[0], x = column + j * dilation[1];
      if (y < 0 || y >= in_rows || x < 0 || x >= in_columns) {
        std::fill_n(out, channels, 0.0f);
      } else {
        std::copy_n(input + (y * in_columns + x) * channels, channels, out);
      }
    }
  }
}

void LayerSampler::Take(int64_t slot, int64_t sample, graph::TensorId id, const float* values) {
  const auto [first, last] = layers_.equal_range(id);
  for (auto it = first; it != last; ++it) {
    Layer& layer = it->second;
    std::vector<float>& sum = layer.sums[static_cast<size_t>(slot)];
    std::fill(sum.begin(), sum.end(), 0.0f);
    std::vector<float> own(layer.keep ? 0 : sum.size());
    for (int64_t k = 0; k < layer.per_sample; ++k) {
      const int64_t patch = sample * layer.per_sample + k;
      const uint64_t random = Mix(Mix(layer.node) + static_cast<uint64_t>(patch));
      const auto position =
          static_cast<int64_t>(random % static_cast<uint64_t>(layer.rows * layer.columns));
      float* out = layer.keep
                       ? layer.samples.values.data() + static_cast<size_t>(patch) * sum.size()
                       : own.data();
      layer.CopyPatch(position, values, out);
      for (size_t i = 0; i < sum.size(); ++i) sum[i] += out[i];
    }
  }
}

void LayerSampler::TakeIn(int64_t slot) {
  for (auto& [id, layer] : layers_) {
    const std::vector<float>& own = layer.sums[static_cast<size_t>(slot)];
    for (size_t i = 0; i < own.size(); ++i) layer.sum[i] += double{own[i]};
  }
}

std::vector<graph::StoredTensor> LayerSampler::Save() const {
  std::vector<graph::StoredTensor> tensors;
  for (const auto& [id, layer] : layers_) {
    std::vector<int64_t> sum;
    for (const double x : layer.sum) sum.push_back(std::bit_cast<int64_t>(x));
    tensors.push_back(Stored(StrCat("sum/", layer.node), std::move(sum)));
    if (layer.keep) {
      tensors.push_back(Stored(StrCat("patches/", layer.node), layer.samples.values));
    }
  }
  return tensors;
}

void LayerSampler::Restore(const graph::SafetensorsReader& state) {
  for (auto& [id, layer] : layers_) {
    const auto sum =
        StoredNumbers(state, StrCat("sum/", layer.node), static_cast<int64_t>(layer.sum.size()));
    for (size_t i = 0; i < sum.size(); ++i) layer.sum[i] = std::bit_cast<double>(sum[i]);
    if (layer.keep) {
      layer.samples.values = StoredFloats(state, StrCat("patches/", layer.node),
                                          static_cast<int64_t>(layer.samples.values.size()));
    }
  }
}

std::map<std::string, LayerSamples> LayerSampler::Done() && {
  std::map<std::string, LayerSamples> all;
  for (auto& [id, layer] : layers_) {
    const auto patches = static_cast<double>(samples_ * layer.per_sample);
    layer.samples.mean = std::move(layer.sum);
    for (double& m : layer.samples.mean) m /= patches;
    all.emplace(graph_.nodes[layer.node].name, std::move(layer.samples));
  }
  return all;
}

}  // namespace integra::quantize
