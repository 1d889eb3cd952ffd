// What each layer of a quantized network costs by itself: the network runs in float, with one layer
// as in mode simulated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "analysis/statistics.h"
#include "analysis/traced_run.h"
#include "integra/compare.hpp"

namespace integra::analysis {

class SensitivityCollector {
 public:
  // Layers are the nodes whose outputs are quantized. Those that only move values (reshape, maxima)
  // are left out: what they move was rounded before. Throws Error (kInvalidArgument) where there is
  // no layer.
  SensitivityCollector(const Network& network, int threads);

  void Add(DataSource& data, int64_t sample);

  std::vector<LayerSensitivity> Result() const;  // the most sensitive first

 private:
  struct Layer {
    size_t node = 0;
    bool weighted = false;  // it has constants, or a range of its own in each run
    Difference difference = {};
    int64_t same_top1 = 0;
  };
  void RunAlone(const Layer& layer);
  std::vector<std::vector<float>> Outputs() const;

  const Network network_;  // keeps the graph alive
  const graph::Graph& graph_;
  TracedRun float_, simulated_;
  std::vector<std::vector<std::byte>> inputs_;
  std::vector<Layer> layers_;  // in the network's order
};

}  // namespace integra::analysis
