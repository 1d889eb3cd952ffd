// Two modes of a network compared node by node.
#pragma once

#include <vector>

#include "analysis/statistics.h"
#include "analysis/traced_run.h"
#include "integra/compare.hpp"

namespace integra::analysis {

// Collects the differences of all nodes' outputs over any number of samples.
class LayerCollector {
 public:
  LayerCollector(const graph::Graph& graph, Mode a, Mode b, bool same_input);

  // Both runs have just run the same sample. With same_input, the tensors of `a` (which is not in
  // mode integer) are overwritten by those of `b`, node by node.
  void Add(TracedRun& a, const TracedRun& b);

  LayerComparison Result() const;

 private:
  struct Layer {
    const graph::Node* node;
    graph::TensorId tensor;
    Difference difference = {};
    int64_t saturated = 0;
  };
  void AddLayer(Layer& layer, const TracedRun& a, const TracedRun& b) const;

  const graph::Graph& graph_;
  const Mode a_, b_;
  const bool same_input_;
  std::vector<Layer> layers_;  // in the nodes' order, one per output
};

}  // namespace integra::analysis
