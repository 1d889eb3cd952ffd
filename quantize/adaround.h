// Better rounding of weights, and biases that make up for it, from samples of a layer's input.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "quantize/layer_samples.h"
#include "quantize/weights.h"

namespace integra::quantize {

// Nagel et al. 2020, "Up or Down? Adaptive Rounding for Post-Training Quantization", chooses for
// each weight whether it is rounded down or up so that the layer's output changes least:
// minimise E[(dw x)^2] = dw^T E[x x^T] dw over dw in {down, up}^K for every output channel (its
// equation 13). The paper relaxes that to a continuous problem; here it is solved on the integers,
// by coordinate descent from rounding to nearest: one weight at a time takes the other of its two
// values where that makes the error smaller, until none does. The result is never worse than
// nearest on the samples, and needs no tuning.
// `weights` as in RoundWeights(), whose result it replaces.
struct RoundingOptions {
  bool centered = false;   // the mean of the change does not count: bias correction takes it away
  bool reference = false;  // plain loops instead of oneDNN
};
std::vector<uint8_t> RoundAdaptively(std::span<const float> weights, const ChannelLayout& layout,
                                     const std::vector<QuantParams>& params,
                                     const LayerSamples& samples, const RoundingOptions& options);

// Nagel et al. 2019 (DFQ), section 4.2: rounded weights shift a layer's mean output by dw E[x].
// Returns that shift for every output channel; the bias is to be less by it.
std::vector<float> MeanShift(std::span<const float> weights, std::span<const uint8_t> rounded,
                             const ChannelLayout& layout, const std::vector<QuantParams>& params,
                             const LayerSamples& samples);

}  // namespace integra::quantize
