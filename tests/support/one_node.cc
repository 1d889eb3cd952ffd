#include "tests/support/one_node.h"

#include <algorithm>
#include <map>

namespace integra::test {

graph::Graph CutNode(const graph::Graph& graph, size_t index) {
  graph::Graph cut;
  cut.name = graph.nodes[index].name;
  cut.source = graph.source;
  cut.nodes = {graph.nodes[index]};
  graph::Node& node = cut.nodes[0];
  std::map<graph::TensorId, graph::TensorId> copies;
  const auto copy = [&](graph::TensorId& id) {
    if (id == graph::kNoTensor) return;
    const auto [entry, is_new] =
        copies.try_emplace(id, static_cast<graph::TensorId>(cut.tensors.size()));
    if (is_new) cut.tensors.push_back(graph.tensor(id));
    id = entry->second;
  };
  for (graph::TensorId& id : node.inputs) {
    copy(id);
    const bool fed = id != graph::kNoTensor && !cut.tensor(id).is_constant();
    if (fed && std::find(cut.inputs.begin(), cut.inputs.end(), id) == cut.inputs.end()) {
      cut.inputs.push_back(id);
    }
  }
  for (graph::TensorId& id : node.outputs) copy(id);
  cut.outputs = node.outputs;
  return cut;
}

}  // namespace integra::test
