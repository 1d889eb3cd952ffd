// Two modes of a network, or a network and its float original, compared node by node.
#pragma once

#include <vector>

#include "analysis/statistics.h"
#include "analysis/traced_run.h"
#include "integra/compare.hpp"

namespace integra::analysis {

// Collects the differences of all nodes' outputs over any number of samples.
class LayerCollector {
 public:
  // Where the runs are of different networks, layers belong together whose output tensors have the
  // same name, or else whose nodes have, and as many elements; the others are left out.
  // `same_input` needs runs of one network.
  LayerCollector(const TracedRun& a, const TracedRun& b, bool same_input);

  // Both runs have just run the same sample. With same_input, the tensors of `a` (which is not in
  // mode integer) are overwritten by those of `b`, node by node. The runs are those that the
  // constructor saw.
  void Add(TracedRun& a, const TracedRun& b);

  LayerComparison Result() const;

 private:
  struct Layer {
    const graph::Node* node;  // of b
    graph::TensorId a, b;     // the tensor in either network
    Difference difference = {};
    Difference steps = {};  // in steps of each sample's scale, where the range is dynamic
    int64_t saturated = 0;
    std::vector<int64_t> histogram = {};  // as LayerDifference has it
  };
  void AddLayer(Layer& layer, const TracedRun& a, const TracedRun& b) const;

  const graph::Graph& graph_;  // of b
  const Mode a_, b_;
  const bool same_input_;
  std::vector<Layer> layers_;  // in the order of b's nodes, one per output
};

}  // namespace integra::analysis
