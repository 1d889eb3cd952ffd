// Running a network of one input and one output of bytes.
#pragma once

#include <cstddef>
#include <vector>

#include "integra/session.hpp"

namespace integra::test {

// The output for an input that depends on `seed`.
std::vector<std::byte> RunOnRandom(Session& session, unsigned seed);

}  // namespace integra::test
