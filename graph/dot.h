// A picture of a network, in Graphviz's language: `dot -Tsvg`.
#pragma once

#include <iosfwd>

#include "graph/graph.h"

namespace integra::graph {

// One box for each node with its operator and the shapes of its constants, one edge for each tensor
// that a node reads, labelled with its type and shape. For a graph that has passed Validate().
void WriteDot(const Graph& graph, std::ostream& out);

}  // namespace integra::graph
