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

namespace integra::quantize {

struct CalibrationOptions {
  int threads = 1;      // samples run at the same time, each on one thread
  int64_t samples = 0;  // at most this many; 0: all
  double momentum = 0.9;
  int64_t patches = 0;     // of each layer's input to keep (quantize/layer_samples.h); 0: none
  bool reference = false;  // plain loops instead of oneDNN
  std::function<void(int64_t done, int64_t total)> progress =
      nullptr;  // called from one thread at a time
};

struct Calibration {
  int64_t samples = 0;
  // By TensorId. Only float32 inputs of the network and outputs of nodes have seen values.
  std::vector<Observer> observers;
  std::map<std::string, LayerSamples> layers;  // by node name
};

// The result does not depend on the number of threads. Memory does not depend on the number of
// samples. Throws Error: kInvalidArgument where there are no samples, kInvalidFile where an
// activation is NaN or infinite (names sample and tensor), and what reading the data throws.
Calibration Calibrate(const Network& network, DataSource& data, const CalibrationOptions& options);

}  // namespace integra::quantize
