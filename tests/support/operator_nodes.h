// A small valid node for every operator, in the types in which it computes.
#pragma once

#include <vector>

#include "tests/support/node_network.h"

namespace integra::test {

std::vector<OneNode> OperatorNodes();

}  // namespace integra::test
