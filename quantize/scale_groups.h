// Which activations of a network have to share one scale.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "graph/graph.h"
#include "quantize/scheme.h"

namespace integra::quantize {

// A partition of a float graph's activations (float32 tensors other than weights and biases).
class ScaleGroups {
 public:
  // Walks the nodes. Where an operator needs inputs of one scale and one of them has a scale that
  // is fixed to something else, puts a "quantize" node before it, so `graph` may grow.
  // Throws Error (kUnsupported), naming the node, for operators without a rule
  // (quantize/op_rules.h).
  explicit ScaleGroups(graph::Graph& graph);

  // Every tensor of a group has the same representative. Tensors without a scale: kNoTensor.
  graph::TensorId group_of(graph::TensorId id) const;
  // The range of a group whose scale is fixed by an operator.
  std::optional<Range> fixed_range(graph::TensorId id) const;
  // The tensor whose values `id` has: the original of a copy that was put in, else `id` itself.
  graph::TensorId original_of(graph::TensorId id) const;

 private:
  graph::TensorId Root(graph::TensorId id);
  void Join(graph::TensorId a, graph::TensorId b);
  void Visit(graph::Graph& graph, size_t& node_index);
  void Convert(graph::Graph& graph, size_t& node_index, size_t input);

  std::vector<graph::TensorId> parent_;  // union-find; kNoTensor: has no scale
  std::vector<std::optional<Range>> fixed_;
  std::map<graph::TensorId, graph::TensorId> copies_;  // copy -> original
};

}  // namespace integra::quantize
