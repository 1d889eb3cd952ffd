// Which tensors have a dynamic range (base/dynamic_range.h), and which node finds it.
#pragma once

#include <utility>
#include <vector>

#include "graph/graph.h"

namespace integra::graph {

// Operators that find the range of their output while they run. They take inputs of either kind.
bool FindsRange(OpType type);
// Nodes whose output has the range of their first input.
bool KeepsRange(const Node& node);

// By TensorId: the tensor whose layer finds its range; kNoTensor where the range is static.
std::vector<TensorId> RangeOwners(const Graph& graph);

// Throws Error (kInvalidFile, kUnsupported) where a dynamic range is not possible, naming the
// tensor or the node. Part of Validate(), after shapes and attributes are checked.
void CheckDynamicRanges(const Graph& graph);

// The smallest and largest value that the node's activation function lets through, in steps of its
// output's nominal scale with kStepFractionBits.
std::pair<int64_t, int64_t> ActivationSteps(const Graph& graph, const Node& node);

}  // namespace integra::graph
