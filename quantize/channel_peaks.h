// How large every channel of a layer's output becomes.
#pragma once

#include <map>
#include <vector>

#include "integra/compare.hpp"
#include "integra/network.hpp"
#include "quantize/sample_runs.h"

namespace integra::quantize {

// By tensor: the largest |value| of each channel (the last dimension) over the samples.
using ChannelPeaks = std::map<graph::TensorId, std::vector<float>>;

// Of the outputs of convolutions and dense layers. One pass over the samples.
ChannelPeaks MeasurePeaks(const Network& network, DataSource& data,
                          const SampleRunOptions& options);

}  // namespace integra::quantize
