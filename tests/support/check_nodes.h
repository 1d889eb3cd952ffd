// What is said of networks of a single node.
#pragma once

#include <vector>

#include "tests/support/node_network.h"

namespace integra::test {

// Loads each and checks that it is refused with file, node or tensor, and the reason; or loads.
void CheckNodes(const std::vector<OneNode>& nodes);

}  // namespace integra::test
