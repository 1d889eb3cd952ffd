// Concatenation of tensors with different scales.
#pragma once

#include <array>
#include <cstdint>

#include "graph/schema.h"

namespace integra::graph {

// For uint8: what each value of an input becomes in the output. LiteRT computes this with float32
// at run time (ConcatenationWithScaling); the table holds the same results.
std::array<uint8_t, 256> ConcatenationTable(const Quantization& from, const Quantization& to);

// Whether values must pass such a table. Asked here and not where operators are lowered, because
// scales are real numbers and integer mode's code compares none.
bool NeedsTable(const Quantization& from, const Quantization& to);

}  // namespace integra::graph
