// Calibration: runs a float network over samples and observes every activation.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "integra/compare.hpp"
#include "integra/network.hpp"
#include "quantize/layer_samples.h"
#include "quantize/observer.h"
#include "quantize/sample_runs.h"

namespace integra::quantize {

struct CalibrationOptions {
  SampleRunOptions run;
  double momentum = 0.9;
  // Whether a range will be chosen by how values are distributed; else only their extremes are
  // kept.
  bool histograms = true;
  // What the helpers want to know of a layer's input.
  std::function<SampleNeed(const graph::Node&)> need = [](const graph::Node&) {
    return SampleNeed::kNone;
  };
};

struct Calibration {
  int64_t samples = 0;
  // By TensorId. Only float32 inputs of the network and outputs of nodes have seen values.
  std::vector<Observer> observers;
  std::map<std::string, LayerSamples> layers;  // by node name
  SampleRunTimes times;
};

// The result does not depend on the number of threads. Memory does not depend on the number of
// samples. Throws Error: kInvalidFile where an activation is NaN or infinite (names sample and
// tensor), and what RunSamples() throws.
Calibration Calibrate(const Network& network, DataSource& data, const CalibrationOptions& options);

}  // namespace integra::quantize
