#include "quantize/scale_groups.h"

#include <algorithm>

#include "base/error.h"
#include "quantize/op_rules.h"

namespace integra::quantize {

using graph::kNoTensor;
using graph::TensorId;

ScaleGroups::ScaleGroups(graph::Graph& graph)
    : parent_(graph.tensors.size(), kNoTensor), fixed_(graph.tensors.size()) {
  for (const TensorId id : graph.inputs) {
    if (graph.tensor(id).dtype == DataType::kFloat32) parent_[static_cast<size_t>(id)] = id;
  }
  for (size_t i = 0; i < graph.nodes.size(); ++i) Visit(graph, i);
  for (size_t i = 0; i < parent_.size(); ++i) {
    if (parent_[i] != kNoTensor) parent_[i] = Root(static_cast<TensorId>(i));
  }
}

TensorId ScaleGroups::group_of(TensorId id) const { return parent_[static_cast<size_t>(id)]; }

std::optional<Range> ScaleGroups::fixed_range(TensorId id) const {
  const TensorId group = group_of(id);
  return group == kNoTensor ? std::nullopt : fixed_[static_cast<size_t>(group)];
}

TensorId ScaleGroups::original_of(TensorId id) const {
  const auto found = copies_.find(id);
  return found == copies_.end() ? id : found->second;
}

TensorId ScaleGroups::Root(TensorId id) {
  while (parent_[static_cast<size_t>(id)] != id) id = parent_[static_cast<size_t>(id)];
  return id;
}

// The lower id becomes the root, so that the result does not depend on the order of calls.
void ScaleGroups::Join(TensorId a, TensorId b) {
  a = Root(a);
  b = Root(b);
  if (a == b) return;
  if (b < a) std::swap(a, b);
  parent_[static_cast<size_t>(b)] = a;
  if (!fixed_[static_cast<size_t>(a)])
    fixed_[static_cast<size_t>(a)] = fixed_[static_cast<size_t>(b)];
}

void ScaleGroups::Visit(graph::Graph& graph, size_t& node_index) {
  const auto rule = RuleOf(graph.nodes[node_index].type);
  if (!rule) {
    Fail(ErrorCode::kUnsupported, graph::Describe(graph, graph.nodes[node_index]),
         ": the quantizer does not know this operator");
  }
  const auto has_scale = [&](TensorId id) {
    return id != kNoTensor && graph.tensor(id).dtype == DataType::kFloat32;
  };
  std::vector<size_t> inputs;  // activations and constant operands
  for (size_t i = 0; i < graph.nodes[node_index].inputs.size(); ++i) {
    const TensorId id = graph.nodes[node_index].inputs[i];
    if (!has_scale(id) || (rule->rule == ScaleRule::kWeighted && i > 0)) continue;
    if (parent_[static_cast<size_t>(id)] == kNoTensor) parent_[static_cast<size_t>(id)] = id;
    inputs.push_back(i);
  }
  if (rule->rule == ScaleRule::kShared && inputs.size() > 1) {
    const auto fixed_of = [&](size_t i) {
      return fixed_[static_cast<size_t>(Root(graph.nodes[node_index].inputs[i]))];
    };
    const auto first = fixed_of(inputs[0]);
    const bool agree =
        std::all_of(inputs.begin(), inputs.end(), [&](size_t i) { return fixed_of(i) == first; });
    if (!agree) {
      for (const size_t i : inputs) {
        if (fixed_of(i)) Convert(graph, node_index, i);
      }
    }
  }
  const graph::Node& node = graph.nodes[node_index];
  for (const TensorId id : node.outputs) {
    if (has_scale(id)) parent_[static_cast<size_t>(id)] = id;
  }
  switch (rule->rule) {
    case ScaleRule::kShared:
      for (const size_t i : inputs) Join(node.inputs[inputs[0]], node.inputs[i]);
      for (const TensorId id : node.outputs) {
        if (has_scale(id) && !inputs.empty()) Join(node.inputs[inputs[0]], id);
      }
      break;
    case ScaleRule::kFixed:
      fixed_[static_cast<size_t>(node.outputs[0])] = Range{rule->low, rule->high};
      break;
    case ScaleRule::kFree:
    case ScaleRule::kWeighted:
    case ScaleRule::kIndices:
      break;
  }
}

// Gives input `input` of the node a copy of its tensor that can have another scale.
void ScaleGroups::Convert(graph::Graph& graph, size_t& node_index, size_t input) {
  const TensorId source = graph.nodes[node_index].inputs[input];
  const auto copy = static_cast<TensorId>(graph.tensors.size());
  graph::Tensor tensor;
  const TensorInfo& info = graph.tensor(source);  // without its data
  static_cast<TensorInfo&>(tensor) = info;
  graph::Node convert;
  convert.type = graph::ParseOpType("quantize").value();
  convert.name = StrCat(graph.nodes[node_index].name, "/convert", input);
  tensor.name = convert.name;
  convert.inputs = {source};
  convert.outputs = {copy};
  graph.tensors.push_back(std::move(tensor));
  parent_.push_back(copy);
  fixed_.emplace_back();
  graph.nodes[node_index].inputs[input] = copy;
  graph.nodes.insert(graph.nodes.begin() + static_cast<std::ptrdiff_t>(node_index),
                     std::move(convert));
  ++node_index;
  copies_[copy] = source;
}

}  // namespace integra::quantize
