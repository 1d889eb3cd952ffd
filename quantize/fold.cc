#include "quantize/fold.h"

#include <algorithm>
#include <string>

#include "graph/schema.h"

namespace integra::quantize {

using graph::Graph;
using graph::kNoTensor;
using graph::Node;
using graph::TensorId;

namespace {

int64_t CountReaders(const Graph& graph, TensorId id) {
  int64_t readers = std::count(graph.outputs.begin(), graph.outputs.end(), id);
  for (const Node& node : graph.nodes) {
    readers += std::count(node.inputs.begin(), node.inputs.end(), id);
  }
  return readers;
}

// The value of "activation" that does what the node does; "" where it is no such node.
std::string ActivationOf(const Node& node) {
  const std::string name = graph::NameOf(node.type);
  return name == "relu" || name == "relu6" || name == "relu_n1_to_1" ? name : "";
}

bool TakesActivation(const Node& node, const std::string& activation) {
  for (const graph::AttributeSchema& attribute : graph::SchemaOf(node.type).attributes) {
    if (attribute.name != std::string("activation")) continue;
    const auto& choices = attribute.choices;
    return choices.empty() ||
           std::find(choices.begin(), choices.end(), activation) != choices.end();
  }
  return false;
}

}  // namespace

int FoldActivations(Graph& graph) {
  int folded = 0;
  for (size_t i = 0; i < graph.nodes.size();) {
    const Node& node = graph.nodes[i];
    const std::string activation = ActivationOf(node);
    const auto producer =
        std::find_if(graph.nodes.begin(), graph.nodes.end(), [&](const Node& candidate) {
          return !activation.empty() && candidate.outputs[0] == node.inputs[0];
        });
    if (producer == graph.nodes.end() || !TakesActivation(*producer, activation) ||
        (producer->has("activation") && producer->text("activation") != "none") ||
        CountReaders(graph, node.inputs[0]) != 1) {
      ++i;
      continue;
    }
    producer->attributes["activation"] = activation;
    producer->outputs[0] = node.outputs[0];
    graph.nodes.erase(graph.nodes.begin() + static_cast<std::ptrdiff_t>(i));
    ++folded;
  }
  if (folded > 0) DropUnusedTensors(graph);
  return folded;
}

void DropUnusedTensors(Graph& graph) {
  std::vector<TensorId> renamed(graph.tensors.size(), kNoTensor);
  const auto mark = [&](const std::vector<TensorId>& ids) {
    for (const TensorId id : ids) {
      if (id != kNoTensor) renamed[static_cast<size_t>(id)] = 0;
    }
  };
  mark(graph.inputs);
  mark(graph.outputs);
  for (const Node& node : graph.nodes) {
    mark(node.inputs);
    mark(node.outputs);
  }
  std::vector<graph::Tensor> kept;
  for (size_t i = 0; i < renamed.size(); ++i) {
    if (renamed[i] == kNoTensor) continue;
    renamed[i] = static_cast<TensorId>(kept.size());
    kept.push_back(std::move(graph.tensors[i]));
  }
  graph.tensors = std::move(kept);
  const auto rename = [&](std::vector<TensorId>& ids) {
    for (TensorId& id : ids) {
      if (id != kNoTensor) id = renamed[static_cast<size_t>(id)];
    }
  };
  rename(graph.inputs);
  rename(graph.outputs);
  for (Node& node : graph.nodes) {
    rename(node.inputs);
    rename(node.outputs);
  }
}

}  // namespace integra::quantize
