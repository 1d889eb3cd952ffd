#include "analysis/sensitivity.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/error.h"
#include "graph/dynamic_range.h"

namespace integra::analysis {

SensitivityCollector::SensitivityCollector(const Network& network, int threads)
    : network_(network),
      graph_(network_.graph()),
      float_(network_, Mode::kFloat, threads),
      simulated_(network_, Mode::kSimulated, threads) {
  for (const TensorInfo& info : network_.inputs()) {
    inputs_.emplace_back(static_cast<size_t>(ElementCount(info.shape)) * SizeOf(info.dtype));
  }
  for (size_t n = 0; n < graph_.nodes.size(); ++n) {
    const graph::Node& node = graph_.nodes[n];
    if (graph::KeepsRange(node) && node.type != graph::OpType::kAveragePool2d) continue;
    const auto is_constant = [&](graph::TensorId id) {
      return id != graph::kNoTensor && graph_.tensor(id).is_constant();
    };
    const auto is_rounded = [&](graph::TensorId id) {
      if (id == graph::kNoTensor) return false;
      const graph::Tensor& tensor = graph_.tensor(id);
      return !tensor.quantization.empty() && IsQuantizedStorage(tensor.dtype);
    };
    const auto is_dynamic = [&](graph::TensorId id) {
      return is_rounded(id) && graph_.tensor(id).quantization.dynamic;
    };
    if (!std::ranges::any_of(node.outputs, is_rounded)) continue;
    layers_.push_back({.node = n,
                       .weighted = std::ranges::any_of(node.inputs, is_constant) ||
                                   std::ranges::any_of(node.outputs, is_dynamic)});
  }
  if (layers_.empty()) {
    Fail(ErrorCode::kInvalidArgument, "network '", network.name(),
         "' has no quantized layer whose sensitivity could be measured; give a quantized network");
  }
}

void SensitivityCollector::Add(DataSource& data, int64_t sample) {
  const std::vector<std::span<std::byte>> buffers(inputs_.begin(), inputs_.end());
  data.Read(sample, network_.inputs(), buffers);
  const std::vector<std::span<const std::byte>> read(inputs_.begin(), inputs_.end());
  float_.Run(read);
  const auto expected = Outputs();
  const size_t nodes = graph_.nodes.size();
  // From the last layer to the first: what comes after a layer is computed anew for it, and what
  // comes before it is still as float mode has it.
  for (auto layer = layers_.rbegin(); layer != layers_.rend(); ++layer) {
    RunAlone(*layer);
    for (size_t n = layer->node + 1; n < nodes; ++n) float_.RunNode(n);
    const auto values = Outputs();
    for (size_t i = 0; i < values.size(); ++i) layer->difference.Add(expected[i], values[i]);
    layer->same_top1 += TopK(values[0], 1) == TopK(expected[0], 1);
  }
}

// Leaves the layer's outputs in the float run, computed from what is there now.
void SensitivityCollector::RunAlone(const Layer& layer) {
  const graph::Node& node = graph_.nodes[layer.node];
  if (!layer.weighted) {  // in simulated mode a sum would round its operands as well
    float_.RunNode(layer.node);
    float_.RoundOutputs(layer.node);
    return;
  }
  for (const graph::TensorId id : node.inputs) {
    if (id == graph::kNoTensor || graph_.tensor(id).is_constant()) continue;
    simulated_.TakeTensor(id, float_);
  }
  simulated_.RunNode(layer.node);
  for (const graph::TensorId id : node.outputs) float_.TakeTensor(id, simulated_);
}

std::vector<std::vector<float>> SensitivityCollector::Outputs() const {
  std::vector<std::vector<float>> values;
  for (const graph::TensorId id : graph_.outputs) values.push_back(float_.Values(id));
  return values;
}

std::vector<LayerSensitivity> SensitivityCollector::Result() const {
  std::vector<LayerSensitivity> all;
  double noise = 0;
  const auto noise_of = [](const LayerSensitivity& layer) {
    return std::pow(10, -layer.sqnr_db / 10);
  };
  for (const Layer& layer : layers_) {
    const graph::Node& node = graph_.nodes[layer.node];
    all.push_back({.node = node.name,
                   .op = graph::NameOf(node.type),
                   .sqnr_db = layer.difference.sqnr_db(),
                   .same_top1 = layer.same_top1});
    noise += noise_of(all.back());
  }
  if (noise > 0 && std::isfinite(noise)) {
    for (LayerSensitivity& layer : all) layer.noise_share = noise_of(layer) / noise;
  }
  std::ranges::stable_sort(all, std::less(), &LayerSensitivity::sqnr_db);
  return all;
}

}  // namespace integra::analysis
