// What slice and strided_slice take out of their input.
#pragma once

#include <vector>

#include "graph/graph.h"

namespace integra::graph {

// Along input dimension i: elements begin[i], begin[i] + stride[i], ..., count[i] of them. `shape`
// is the output's: the counts without dimensions that are dropped and with those that are added.
struct Slicing {
  std::vector<int64_t> begin, stride, count;
  Shape shape;
};

// Of a slice or strided_slice node whose input has the shape `input`. Begins and ends of
// strided_slice are clamped to the input as TensorFlow does. Throws Error (kInvalidFile) where the
// attributes do not fit the input; the message does not name the file.
Slicing SlicingOf(const Node& node, const Shape& input);

}  // namespace integra::graph
