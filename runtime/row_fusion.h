// Which layers make their output row by row, within the step of the layer that reads it.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "graph/graph.h"
#include "runtime/lowering.h"
#include "runtime/plan.h"

namespace integra::runtime {

class RowFusion {
 public:
  // `keep_all`: every tensor is to exist as a whole, and nothing is fused.
  RowFusion(const graph::Graph& graph, bool keep_all);

  // What makes rows of input 0 of `node`, if that may stand in for the whole tensor; or null.
  const RowSource* SourceFor(const graph::Node& node) const;

  // Node `i` has been lowered and is in the plan. Where it takes rows, the step that it makes
  // superfluous goes.
  void Add(const graph::Node& node, size_t i, const Lowering& lowering, Plan& plan);

 private:
  struct Source {
    bool read_once = false;
    std::shared_ptr<const RowSource> rows;
    size_t node = 0;  // that makes them
  };
  std::vector<Source> sources_;  // by TensorId
  const bool keep_all_;
};

}  // namespace integra::runtime
