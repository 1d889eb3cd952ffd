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

  // Calls f(weight) for every weight of an output or of an input channel.
  template <typename F>
  void ForOutput(int64_t c, const F& f) {
    if (depthwise) {
      for (int64_t t = 0; t < taps; ++t) f(weights[static_cast<size_t>(t * outputs + c)]);
    } else {
      const int64_t size = taps * inputs;
      for (int64_t i = 0; i < size; ++i) f(weights[static_cast<size_t>(c * size + i)]);
    }
  }
  template <typename F>
  void ForInput(int64_t c, const F& f) {
    if (depthwise) return ForOutput(c, f);
    for (int64_t i = c; i < outputs * taps * inputs; i += inputs)
      f(weights[static_cast<size_t>(i)]);
  }
};

class Equalizer {
 public:
  explicit Equalizer(Graph& graph) : graph_(graph) {
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
    layers_.emplace(node.outputs[0], std::move(layer));
  }

  // The layer that alone reads what `layer` makes, channel by channel; null where there is none.
  Layer* Next(const Layer& layer) {
    TensorId id = layer.node->outputs[0];
    const std::string& activation = layer.node->text("activation");
    if (activation != "none" && activation != "relu") return nullptr;
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
      const std::string_view type = graph::NameOf(reader->type);
      const bool passes = type == "average_pool_2d" || type == "max_pool_2d" || type == "relu";
      if (!passes) return nullptr;
      if (reader->has("activation") && reader->text("activation") != "none" &&
          reader->text("activation") != "relu") {
        return nullptr;
      }
      id = reader->outputs[0];
    }
  }

  // Returns the largest |log s| over the channels.
  static double EqualizePair(Layer& first, Layer& second) {
    double largest = 0;
    for (int64_t c = 0; c < first.outputs; ++c) {
      float r1 = 0, r2 = 0;
      first.ForOutput(c, [&](float w) { r1 = std::max(r1, std::abs(w)); });
      second.ForInput(c, [&](float w) { r2 = std::max(r2, std::abs(w)); });
      if (!(r1 > 0) || !(r2 > 0) || !std::isfinite(r1) || !std::isfinite(r2)) continue;
      // A channel that is all but dead would blow up the other side's bias.
      const float s = std::clamp(std::sqrt(r1 / r2), 1e-4f, 1e4f);
      first.ForOutput(c, [&](float& w) { w /= s; });
      if (!first.bias.empty()) first.bias[static_cast<size_t>(c)] /= s;
      second.ForInput(c, [&](float& w) { w *= s; });
      largest = std::max(largest, std::abs(std::log(static_cast<double>(s))));
    }
    return largest;
  }

  void Store(Layer& layer) {
    graph_.tensor(layer.node->inputs[1]).data = SharedBytes::Own(std::move(layer.weights));
    if (layer.node->input(2) == kNoTensor) return;
    graph_.tensor(layer.node->inputs[2]).data = SharedBytes::Own(std::move(layer.bias));
  }

  Graph& graph_;
  std::map<TensorId, int> readers_;
  std::map<TensorId, Layer> layers_;  // by output
};

}  // namespace

int Equalize(Graph& graph) { return Equalizer(graph).Run(); }

}  // namespace integra::quantize
