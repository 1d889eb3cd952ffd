// A network with one node, cut out of another: one wrong operator cannot hide the next.
#pragma once

#include "graph/graph.h"

namespace integra::test {

// Node `index` of `graph` with its constants. The network's inputs are the node's tensors that are
// not constant, each once, in the node's order; its outputs are the node's.
graph::Graph CutNode(const graph::Graph& graph, size_t index);

}  // namespace integra::test
