#include "tests/support/networks.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>

#include "graph/dynamic_range.h"
#include "graph/network_file.h"
#include "graph/schema.h"

namespace integra::test {
namespace {

using graph::Graph;
using graph::Node;
using graph::OpType;
using graph::Tensor;

Tensor Quantized(std::string name, DataType dtype, Shape shape, Quantization quantization) {
  Tensor tensor;
  tensor.name = std::move(name);
  tensor.dtype = dtype;
  tensor.shape = std::move(shape);
  tensor.quantization = std::move(quantization);
  return tensor;
}

bool SameBytes(const SharedBytes& a, const SharedBytes& b) {
  return std::equal(a.bytes.begin(), a.bytes.end(), b.bytes.begin(), b.bytes.end());
}

bool SameTensor(const Tensor& a, const Tensor& b) {
  return a.name == b.name && a.dtype == b.dtype && a.shape == b.shape &&
         a.quantization == b.quantization && SameBytes(a.data, b.data) &&
         SameBytes(a.float_data, b.float_data);
}

bool SameNode(const Node& a, const Node& b) {
  return a.name == b.name && a.type == b.type && a.inputs == b.inputs && a.outputs == b.outputs &&
         a.attributes == b.attributes;
}

}  // namespace

std::string SmallNetworkText() {
  return R"({
  "format": "integra-network",
  "version": 1,
  "name": "small",
  "metadata": {"origin": "a test"},
  "inputs": ["x"],
  "outputs": ["y"],
  "tensors": {
    "x": {"dtype": "int8", "shape": [1, 2, 2], "quantization": {"scale": 0.5, "zero_point": -3}},
    "flat": {"dtype": "int8", "quantization": {"scale": 0.5, "zero_point": -3}},
    "w": {"dtype": "int8", "shape": [2, 4], "quantization": {"scale": [0.25, 0.1], "zero_point": 0, "axis": 0}, "data": [1, 2, 3, 4, -5, -6, -127, 127], "float_data": [0.25, 0.5, 0.75, 1.0, -0.5, -0.6, -12.7, 12.7]},
    "b": {"dtype": "int32", "shape": [2], "quantization": {"scale": [0.125, 0.05], "axis": 0}, "data": [100, -200]},
    "y": {"dtype": "int8", "quantization": {"scale": 3.0, "zero_point": 7}}
  },
  "nodes": [
    {"name": "flatten", "type": "reshape", "inputs": ["x"], "outputs": ["flat"], "attributes": {"shape": [1, -1]}},
    {"name": "dense", "type": "fully_connected", "inputs": ["flat", "w", "b"], "outputs": ["y"], "attributes": {"activation": "relu"}}
  ]
}
)";
}

Graph ConvolutionNetwork() {
  constexpr int64_t kChannels = 20;
  Graph g;
  g.name = "convolution";
  g.metadata = {{"license", "MIT"}, {"origin", "\"quoted\" \xC3\xBC \n"}};
  std::vector<float> scales(kChannels);
  std::vector<float> bias_scales(kChannels);
  for (size_t c = 0; c < kChannels; ++c) {
    scales[c] = 0.001f * static_cast<float>(c + 1);
    bias_scales[c] = 0.1f * scales[c];
  }
  std::vector<int8_t> weights(kChannels * 3 * 3 * 3);
  for (size_t i = 0; i < weights.size(); ++i) weights[i] = static_cast<int8_t>(i * 37);
  std::vector<float> originals(weights.size());
  for (size_t i = 0; i < weights.size(); ++i) originals[i] = 0.01f * static_cast<float>(weights[i]);
  std::vector<int32_t> bias(kChannels);
  std::iota(bias.begin(), bias.end(), -7);
  const std::vector<int32_t> zeros(kChannels, 0);

  g.tensors.push_back(Quantized("image", DataType::kInt8, {1, 8, 8, 3}, {{0.1f}, {-1}, 0}));
  g.tensors.push_back(
      Quantized("filter", DataType::kInt8, {kChannels, 3, 3, 3}, {scales, zeros, 0}));
  g.tensors.back().data = SharedBytes::Own(weights);
  g.tensors.back().float_data = SharedBytes::Own(originals);
  g.tensors.push_back(Quantized("bias", DataType::kInt32, {kChannels}, {bias_scales, zeros, 0}));
  g.tensors.back().data = SharedBytes::Own(bias);
  g.tensors.push_back(Quantized("features", DataType::kInt8, {}, {{0.3f}, {5}, 0}));
  g.tensors.push_back(Quantized("result", DataType::kInt8, {}, {{0.3f}, {5}, 0}));
  g.nodes.push_back(
      {"conv",
       OpType::kConv2d,
       {0, 1, 2},
       {3},
       {{"stride", std::vector<int64_t>{2, 2}}, {"activation", std::string("relu6")}}});
  g.nodes.push_back(
      {"flatten", OpType::kReshape, {3}, {4}, {{"shape", std::vector<int64_t>{1, -1}}}});
  g.inputs = {0};
  g.outputs = {4};
  graph::Validate(g);
  return g;
}

graph::TensorId AddTensor(Graph& g, DataType dtype, Shape shape, float scale, int32_t zero_point,
                          SharedBytes data) {
  const std::string name = "tensor " + std::to_string(g.tensors.size());
  g.tensors.push_back(Quantized(name, dtype, std::move(shape), {{scale}, {zero_point}, 0}));
  g.tensors.back().data = std::move(data);
  return static_cast<graph::TensorId>(g.tensors.size() - 1);
}

Network WithDynamicRanges(const Network& network) {
  Graph graph = network.graph();
  std::vector<bool> possible(graph.tensors.size());
  for (const Node& node : graph.nodes) {
    for (const graph::TensorId id : node.outputs) {
      const Tensor& tensor = graph.tensor(id);
      possible[static_cast<size_t>(id)] = SizeOf(tensor.dtype) == 1 &&
                                          !tensor.quantization.empty() && !tensor.shape.empty() &&
                                          tensor.shape[0] == 1;
    }
  }
  for (const graph::TensorId id : graph.outputs) possible[static_cast<size_t>(id)] = false;
  for (bool changed = true; changed;) {
    changed = false;
    const auto exclude = [&](graph::TensorId id) {
      if (id == graph::kNoTensor || !possible[static_cast<size_t>(id)]) return;
      possible[static_cast<size_t>(id)] = false;
      changed = true;
    };
    for (const Node& node : graph.nodes) {
      if (graph::FindsRange(node.type)) continue;
      const auto is_possible = [&](graph::TensorId id) {
        return possible[static_cast<size_t>(id)];
      };
      if (graph::KeepsRange(node) && is_possible(node.inputs[0]) && is_possible(node.outputs[0])) {
        continue;
      }
      for (const graph::TensorId id : node.inputs) exclude(id);
      for (const graph::TensorId id : node.outputs) exclude(id);
    }
  }
  for (size_t i = 0; i < possible.size(); ++i) {
    if (possible[i]) graph.tensors[i].quantization.dynamic = true;
  }
  graph::Validate(graph);
  return Network(std::move(graph));
}

bool SameGraph(const Graph& a, const Graph& b) {
  return a.name == b.name && a.metadata == b.metadata && a.inputs == b.inputs &&
         a.outputs == b.outputs &&
         std::equal(a.tensors.begin(), a.tensors.end(), b.tensors.begin(), b.tensors.end(),
                    SameTensor) &&
         std::equal(a.nodes.begin(), a.nodes.end(), b.nodes.begin(), b.nodes.end(), SameNode);
}

std::string Replaced(std::string text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  if (at == text.npos || text.find(from, at + 1) != text.npos) {
    throw std::logic_error("the text to replace does not occur once: " + std::string(from));
  }
  return text.replace(at, from.size(), to);
}

Refusal TryLoad(const std::filesystem::path& path) {
  try {
    graph::LoadNetwork(path);
    return {ErrorCode::kInvalidArgument, "", true};
  } catch (const Error& error) {
    return {error.code(), error.what(), false};
  }
}

bool Says(const Refusal& refusal, std::string_view part) {
  return !refusal.loaded && refusal.message.find(part) != std::string::npos;
}

}  // namespace integra::test
