// Rewrites of a float graph that leave what it computes as it is, and make it quantize better.
#pragma once

#include "graph/graph.h"

namespace integra::quantize {

// Moves relu, relu6 and relu_n1_to_1 nodes into the node before them, where that takes an
// activation and nobody else reads its output. One rounding and one range less each. Returns how
// many nodes went.
int FoldActivations(graph::Graph& graph);

// Drops tensors that no node and no input or output of the network names.
void DropUnusedTensors(graph::Graph& graph);

}  // namespace integra::quantize
