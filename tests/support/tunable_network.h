// A network whose layers have several candidates.
#pragma once

#include <cstdint>

#include "graph/graph.h"

namespace integra::test {

// Nodes "winograd" (3 x 3 taps, 16 to 32 channels), "expand" (1 x 1, to 48), "depthwise", which may
// take the rows of "expand", and "dense". int8, one input and one output.
graph::Graph TunableNetwork(int64_t rows = 9, int64_t columns = 13);

}  // namespace integra::test
