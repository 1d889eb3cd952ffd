// Data movement operators as lists of strided copies, for integer and float execution alike.
#pragma once

#include <vector>

#include "graph/graph.h"
#include "kernels/copy.h"

namespace integra::runtime {

struct Copies {
  struct Job {
    size_t input = 0;
    size_t output = 0;
    kernels::Copy copy;
  };
  std::vector<Job> jobs;
  // The jobs leave parts of output 0 untouched; those hold zeros, or input 1's only element.
  bool needs_fill = false;
};

// The copies that `node` consists of, for inputs and outputs of these shapes.
Copies CopiesOf(const graph::Node& node, const std::vector<Shape>& inputs,
                const std::vector<Shape>& outputs);

// The only job copies all of input 0 to all of output 0, in order.
bool IsIdentity(const Copies& copies, const Shape& input, const Shape& output);

}  // namespace integra::runtime
