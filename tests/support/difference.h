// Comparing tensors bit for bit, with a message that says where they differ.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "integra/tensor.hpp"

namespace integra::test {

// "" where the tensors are equal; else for example
// "first difference at [0, 3, 1, 7]: expected -12, got -11; 5 of 1000 differ, by at most 2".
std::string Difference(DataType dtype, const Shape& shape, std::span<const std::byte> expected,
                       std::span<const std::byte> got);

}  // namespace integra::test
