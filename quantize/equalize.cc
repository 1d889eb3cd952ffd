#include "quantize/equalize.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>
#include <vector>

namespace integra::quantize {
namespace {

using graph::Graph;
using graph::kNoTensor;
using graph::Node;
using graph::TensorId;

// The weights of one layer, taken out of the graph to be changed.
struct Layer {
  Node* node = nullptr;
  bool depthwise = false;
  int64_t outputs = 0, taps = 0,
          inputs = 0;  // conv [outputs, taps, inputs], depthwise [taps, outputs]
  std::vector<float> weights, bias;
  std::vector<float> peaks;   // of the output's channels; empty: not known
  std::vector<float> factor;  // 1 / (product of all s) of the output's channels

  // Calls f(c, weight) for every weight, in the order of memory; c: its output or input channel.
  template <typename F>
  void ForOutputs(const F& f) {
    const int64_t run = depthwise ? 1 : taps * inputs;  // weights of one channel side by side
    float* w = weights.data();
    for (int64_t rest = depthwise ? taps : 1; rest > 0; --rest) {
      for (int64_t c = 0; c < outputs; ++c) {
        for (int64_t i = 0; i < run; ++i) f(static_cast<size_t>(c), *w++);
      }
    }
  }
  template <typename F>
  void ForInputs(const F& f) {
    if (depthwise) return ForOutputs(f);
    float* w = weights.data();
    for (int64_t rest = outputs * taps; rest > 0; --rest) {
      for (int64_t c = 0; c < inputs; ++c) f(static_cast<size_t>(c), *w++);
    }
  }
};

class Equalizer {
 public:
  Equalizer(Graph& graph, const ChannelPeaks& peaks) : graph_(graph), peaks_(peaks) {
    for (Node& node : graph.nodes) {
      for (const TensorId id : node.inputs) ++readers_[id];
    }
    for (const TensorId id : graph.outputs) ++readers_[id];
    for (Node& node : graph.nodes) AddLayer(node);
  }

  int Run() {
    std::vector<std::pair<Layer*, Layer*>> pairs;
    for (auto& [name, layer] : layers_) {
      if (Layer* next = Next(layer)) pairs.emplace_back(&layer, next);
    }
    constexpr int kMaxRounds = 50;
    for (int round = 0; round < kMaxRounds; ++round) {
      double largest_change = 0;
      for (const auto& [first, second] : pairs) {
        largest_change = std::max(largest_change, EqualizePair(*first, *second));
      }
      if (largest_change < 1e-3) break;
    }
    for (auto& [name, layer] : layers_) Store(layer);
    MoveCaps();
    return static_cast<int>(pairs.size());
  }

 private:
  std::vector<float> Floats(TensorId id) const {
    const auto& data = graph_.tensor(id).data;
    return {data.as<float>(), data.as<float>() + data.size() / sizeof(float)};
  }

  void AddLayer(Node& node) {
    const std::string_view type = graph::NameOf(node.type);
    const bool depthwise = type == "depthwise_conv_2d";
    if (!depthwise && type != "conv_2d" && type != "fully_connected") return;
    const graph::Tensor& weights = graph_.tensor(node.inputs[1]);
    const bool shared = readers_[node.inputs[1]] != 1 ||
                        (node.input(2) != kNoTensor && readers_[node.inputs[2]] != 1);
    if (shared || !weights.is_constant()) return;
    const Shape& w = weights.shape;
    const Shape& x = graph_.tensor(node.inputs[0]).shape;
    Layer layer;
    layer.node = &node;
    layer.depthwise = depthwise;
    if (type == "fully_connected") {
      layer.outputs = w[0];
      layer.taps = 1;
      layer.inputs = w[1];
    } else {
      layer.outputs = depthwise ? w[3] : w[0];
      layer.taps = w[1] * w[2];
      layer.inputs = depthwise ? 1 : w[3];
      if (x[3] != w[3]) return;  // groups, channel multipliers
    }
    layer.weights = Floats(node.inputs[1]);
    if (node.input(2) != kNoTensor) layer.bias = Floats(node.inputs[2]);
    if (const auto found = peaks_.find(node.outputs[0]); found != peaks_.end()) {
      layer.peaks = found->second;
    }
    layer.factor.assign(static_cast<size_t>(layer.outputs), 1.0f);
    layers_.emplace(node.outputs[0], std::move(layer));
  }

  // The layer that alone reads what `layer` makes, channel by channel; null where there is none.
  Layer* Next(const Layer& layer) {
    TensorId id = layer.node->outputs[0];
    const std::string& activation = layer.node->text("activation");
    if (activation == "relu_n1_to_1") return nullptr;
    for (;;) {
      if (readers_[id] != 1) return nullptr;
      const auto reader =
          std::find_if(graph_.nodes.begin(), graph_.nodes.end(), [&](const Node& n) {
            return std::find(n.inputs.begin(), n.inputs.end(), id) != n.inputs.end();
          });
      if (reader == graph_.nodes.end() || reader->inputs[0] != id) return nullptr;
      if (const auto found = layers_.find(reader->outputs[0]); found != layers_.end()) {
        Layer& next = found->second;
        const int64_t channels = next.depthwise ? next.outputs : next.inputs;
        return channels == layer.outputs ? &next : nullptr;
      }
      if (!KeepsChannels(*reader)) return nullptr;
      id = reader->outputs[0];
    }
  }

  // Whether the node gives c times its output for c times a channel of its input.
  bool KeepsChannels(const Node& node) const {
    const std::string_view type = graph::NameOf(node.type);
    if (type == "mean") {
      const auto& axes = node.integers("axes");
      const auto rank = static_cast<int64_t>(graph_.tensor(node.inputs[0]).shape.size());
      return std::none_of(axes.begin(), axes.end(),
                          [&](int64_t axis) { return axis == -1 || axis == rank - 1; });
    }
    if (type != "average_pool_2d" && type != "max_pool_2d" && type != "relu") return false;
    return !node.has("activation") || node.text("activation") == "none" ||
           node.text("activation") == "relu";
  }

  // Returns the largest |log s| over the channels.
  static double EqualizePair(Layer& first, Layer& second) {
    const auto channels = static_cast<size_t>(first.outputs);
    std::vector<float> r1(channels, 0), r2(channels, 0);
    first.ForOutputs([&](size_t c, float w) { r1[c] = std::max(r1[c], std::abs(w)); });
    second.ForInputs([&](size_t c, float w) { r2[c] = std::max(r2[c], std::abs(w)); });
    const float all1 = *std::max_element(r1.begin(), r1.end());
    const float all2 = *std::max_element(r2.begin(), r2.end());
    if (!(all1 > 0 && all2 > 0) || !std::isfinite(all1) || !std::isfinite(all2)) return 0;
    const float peak =
        first.peaks.empty() ? 0 : *std::max_element(first.peaks.begin(), first.peaks.end());
    const float common = std::sqrt(all1 / all2);  // what the largest channels are scaled by
    double largest = 0;
    std::vector<float> scales(channels, 1);
    for (size_t c = 0; c < channels; ++c) {
      if (!(r1[c] > 0) || !(r2[c] > 0)) continue;
      // A channel that is all but dead would blow up the other side's bias.
      float s = std::clamp(std::sqrt(r1[c] / r2[c]), 1e-4f * common, 1e4f * common);
      if (peak > 0) s = std::max(s, common * first.peaks[c] / peak);
      scales[c] = s;
      if (!first.bias.empty()) first.bias[c] /= s;
      if (peak > 0) first.peaks[c] /= s;
      first.factor[c] /= s;
      largest = std::max(largest, std::abs(std::log(static_cast<double>(s))));
    }
    first.ForOutputs([&](size_t c, float& w) { w /= scales[c]; });
    second.ForInputs([&](size_t c, float& w) { w *= scales[c]; });
    return largest;
  }

  void Store(Layer& layer) {
    graph_.tensor(layer.node->inputs[1]).data = SharedBytes::Own(std::move(layer.weights));
    if (layer.node->input(2) == kNoTensor) return;
    graph_.tensor(layer.node->inputs[2]).data = SharedBytes::Own(std::move(layer.bias));
  }

  // Layers that end in ReLU6 and were scaled get their caps as a node.
  void MoveCaps() {
    std::vector<std::pair<std::ptrdiff_t, Node>> caps;  // and where each goes
    for (auto& [id, layer] : layers_) {
      Node& node = *layer.node;
      const bool scaled =
          std::any_of(layer.factor.begin(), layer.factor.end(), [](float f) { return f != 1; });
      if (!scaled || node.text("activation") != "relu6") continue;
      node.attributes["activation"] = std::string("relu");
      graph::Tensor uncapped = graph_.tensor(id);
      uncapped.name = UnusedName(uncapped.name + "/uncapped");
      graph::Tensor cap;
      cap.name = UnusedName(graph_.tensor(id).name + "/cap");
      cap.shape = {layer.outputs};
      for (float& f : layer.factor) f *= 6;
      cap.data = SharedBytes::Own(std::move(layer.factor));
      Node minimum;
      minimum.name = node.name + "/cap";
      minimum.type = graph::OpType::kMinimum;
      const auto next = static_cast<TensorId>(graph_.tensors.size());
      minimum.inputs = {next, next + 1};
      minimum.outputs = {id};
      node.outputs[0] = next;
      graph_.tensors.push_back(std::move(uncapped));
      graph_.tensors.push_back(std::move(cap));
      caps.emplace_back(&node - graph_.nodes.data() + 1, std::move(minimum));
    }
    // From the end, so that places stay what they are. Pointers to nodes do not.
    std::sort(caps.begin(), caps.end(),
              [](const auto& a, const auto& b) { return a.first > b.first; });
    for (auto& [place, node] : caps) {
      graph_.nodes.insert(graph_.nodes.begin() + place, std::move(node));
    }
  }

  std::string UnusedName(std::string name) const {
    while (graph_.Find(name)) name += "'";
    return name;
  }

  Graph& graph_;
  const ChannelPeaks& peaks_;
  std::map<TensorId, int> readers_;
  std::map<TensorId, Layer> layers_;  // by output
};

}  // namespace

int Equalize(Graph& graph, const ChannelPeaks& peaks) { return Equalizer(graph, peaks).Run(); }

}  // namespace integra::quantize
