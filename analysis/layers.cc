#include "analysis/layers.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>

#include "runtime/float/activation.h"
#include "runtime/float/grid.h"

namespace integra::analysis {
namespace {

using floats::ActivationRange;

// Operators whose results cannot leave the range of their input's values.
constexpr std::string_view kKeepRange[] = {
    "average_pool_2d", "batch_to_space_nd",
    "depth_to_space",  "expand_dims",
    "gather",          "gather_nd",
    "max_pool_2d",     "mean",
    "quantize",        "reduce_max",
    "reduce_min",      "reshape",
    "resize_bilinear", "slice",
    "space_to_depth",  "split",
    "split_v",         "squeeze",
    "strided_slice",   "resize_nearest_neighbor",
    "transpose",       "unpack",
};

// Whether a tensor has a range that its integers hold. (A dynamic one holds every value.)
bool HasRange(const graph::Tensor& tensor) {
  const Quantization& q = tensor.quantization;
  return q.scale.size() == 1 && !q.dynamic && IsQuantizedStorage(tensor.dtype);
}

// What the tensor's type and scale can hold; everything where it has none.
ActivationRange RepresentedRange(const graph::Tensor& tensor) {
  if (!HasRange(tensor)) return {};
  const float scale = tensor.quantization.scale[0];
  const auto [first, last] = floats::RangeOf(tensor.dtype);
  const int32_t zero_point = tensor.quantization.zero_point[0];
  return {.low = scale * static_cast<float>(first - zero_point),
          .high = scale * static_cast<float>(last - zero_point)};
}

// The range that the node's own function can make: values at its ends are no fault of the scale.
ActivationRange FunctionRange(const graph::Graph& graph, const graph::Node& node) {
  const std::string_view op = graph::NameOf(node.type);
  if (op == "relu") return {.low = 0};
  if (op == "relu6") return {.low = 0, .high = 6};
  if (op == "relu_n1_to_1" || op == "tanh") return {.low = -1, .high = 1};
  if (op == "softmax" || op == "logistic") return {.low = 0, .high = 1};
  if (std::ranges::count(kKeepRange, op) > 0 && node.input(0) != graph::kNoTensor) {
    // Values that were saturated before count where that happened.
    return RepresentedRange(graph.tensor(node.inputs[0]));
  }
  return floats::ActivationRangeOf(node);
}

int64_t CountSaturated(const graph::Graph& graph, const graph::Node& node,
                       const graph::Tensor& tensor, const std::vector<float>& values) {
  if (!HasRange(tensor)) return 0;
  const float scale = tensor.quantization.scale[0];
  const auto [low, high] = RepresentedRange(tensor);
  const ActivationRange range = FunctionRange(graph, node);
  const bool low_counts = low > range.low + scale;
  const bool high_counts = high < range.high - scale;
  return std::count_if(values.begin(), values.end(), [=, low = low, high = high](float x) {
    return (low_counts && x <= low) || (high_counts && x >= high);
  });
}

void CountAbout(const ActivationRange& range, const std::vector<float>& values,
                std::vector<int64_t>& bins) {
  const double width = double{range.high} - double{range.low}, from = range.low - width / 4;
  const double per_bin = 1.5 * width / static_cast<double>(bins.size());
  const auto last = static_cast<double>(bins.size() - 1);
  for (const float x : values) {
    if (std::isnan(x)) continue;
    ++bins[static_cast<size_t>(std::clamp((double{x} - from) / per_bin, 0.0, last))];
  }
}

// The tensor of `other` that stands for output `i` of `node`.
std::optional<graph::TensorId> Counterpart(const graph::Graph& graph, const graph::Node& node,
                                           size_t i, const graph::Graph& other) {
  const graph::Tensor& tensor = graph.tensor(node.outputs[i]);
  const auto fits = [&](graph::TensorId id) {
    const graph::Tensor& found = other.tensor(id);
    return !found.is_constant() && ElementCount(found.shape) == ElementCount(tensor.shape);
  };
  const std::optional<graph::TensorId> named = other.Find(tensor.name);
  if (named && fits(*named)) return named;
  for (const graph::Node& candidate : other.nodes) {
    if (candidate.name != node.name || i >= candidate.outputs.size()) continue;
    if (fits(candidate.outputs[i])) return candidate.outputs[i];
  }
  return std::nullopt;
}

}  // namespace

LayerCollector::LayerCollector(const TracedRun& a, const TracedRun& b, bool same_input)
    : graph_(b.graph()), a_(a.mode()), b_(b.mode()), same_input_(same_input) {
  const bool one_network = &a.graph() == &b.graph();
  for (const graph::Node& node : graph_.nodes) {
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      const graph::TensorId id = node.outputs[i];
      const auto other = one_network ? id : Counterpart(graph_, node, i, a.graph());
      if (!other) continue;
      layers_.push_back({&node, *other, id});
      if (!same_input && HasRange(graph_.tensor(id))) {
        layers_.back().histogram.resize(LayerDifference::kHistogramBins);
      }
    }
  }
}

void LayerCollector::Add(TracedRun& a, const TracedRun& b) {
  if (!same_input_) {
    for (Layer& layer : layers_) AddLayer(layer, a, b);
    return;
  }
  for (const graph::TensorId id : graph_.inputs) a.TakeTensor(id, b);
  auto layer = layers_.begin();
  for (size_t n = 0; n < graph_.nodes.size(); ++n) {
    a.RunNode(n);
    for (const graph::TensorId id : graph_.nodes[n].outputs) {
      AddLayer(*layer++, a, b);
      a.TakeTensor(id, b);
    }
  }
}

void LayerCollector::AddLayer(Layer& layer, const TracedRun& a, const TracedRun& b) const {
  const std::vector<float> values = b.Values(layer.b);
  std::vector<float> expected = a.Values(layer.a);
  layer.difference.Add(expected, values);
  if (!layer.histogram.empty()) {
    CountAbout(RepresentedRange(graph_.tensor(layer.b)), expected, layer.histogram);
  }
  if (graph_.tensor(layer.b).quantization.dynamic) {
    // Every sample has a step of its own.
    const auto scale = static_cast<float>(b.ScaleOf(layer.b));
    std::vector<float> steps = values;
    for (float& x : steps) x /= scale;
    for (float& x : expected) x /= scale;
    layer.steps.Add(expected, steps);
  }
  if (b_ != Mode::kFloat) {
    layer.saturated += CountSaturated(graph_, *layer.node, graph_.tensor(layer.b), values);
  }
}

LayerComparison LayerCollector::Result() const {
  LayerComparison result{NameOf(a_), NameOf(b_), same_input_, {}};
  for (const Layer& layer : layers_) {
    const Difference& d = layer.difference;
    const graph::Tensor& tensor = graph_.tensor(layer.b);
    LayerDifference out;
    out.node = layer.node->name;
    out.op = graph::NameOf(layer.node->type);
    out.tensor = tensor.name;
    out.sqnr_db = d.sqnr_db();
    out.mean_error = d.mean_error();
    out.worst_error = d.worst_error();
    if (tensor.quantization.dynamic) {
      out.mean_steps = layer.steps.mean_error();
      out.worst_steps = layer.steps.worst_error();
    } else if (tensor.quantization.scale.size() == 1) {
      out.mean_steps = d.mean_error() / static_cast<double>(tensor.quantization.scale[0]);
      out.worst_steps = d.worst_error() / static_cast<double>(tensor.quantization.scale[0]);
    }
    if (d.count() > 0) {
      out.saturation = static_cast<double>(layer.saturated) / static_cast<double>(d.count());
    }
    out.a_min = d.a_min();
    out.a_max = d.a_max();
    out.b_min = d.b_min();
    out.b_max = d.b_max();
    if (HasRange(tensor)) {
      const ActivationRange range = RepresentedRange(tensor);
      out.range_low = range.low;
      out.range_high = range.high;
      out.range_use = (d.b_max() - d.b_min()) / (double{range.high} - double{range.low});
    }
    out.histogram = layer.histogram;
    result.layers.push_back(std::move(out));
  }
  return result;
}

}  // namespace integra::analysis
