// Quantizing constants: weights, biases, and constant operands.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "integra/quantize.hpp"
#include "quantize/scheme.h"

namespace integra::quantize {

// What a recipe says about the weights of one node.
const WeightRecipe& WeightRecipeOf(const Recipe& recipe, const std::string& node);

// Weights seen as [outer, channels, inner]: outer * inner values belong to each output channel.
struct ChannelLayout {
  int64_t outer = 1, channels = 1, inner = 1;

  static ChannelLayout Of(const Shape& shape, int axis);
  int64_t per_channel() const { return outer * inner; }
  // Calls f(i, at) for each value of a channel: its number i in the channel and its place.
  template <typename F>
  void ForEach(int64_t channel, const F& f) const {
    for (int64_t o = 0; o < outer; ++o) {
      const int64_t at = (o * channels + channel) * inner;
      for (int64_t i = 0; i < inner; ++i) {
        f(static_cast<size_t>(o * inner + i), static_cast<size_t>(at + i));
      }
    }
  }
  std::vector<float> Channel(std::span<const float> weights, int64_t channel) const;
};

// One set of parameters per output channel (equal ones where channels share a scale). A channel of
// zeros (dead) represents zero with any scale; it gets the largest scale of the others, or 1.
std::vector<QuantParams> ChooseWeightParams(std::span<const float> weights,
                                            const ChannelLayout& layout,
                                            const WeightRecipe& recipe);

// Raises the scales of channels whose bias could not be held in int32 at scale input * weights with
// room for the accumulation: |bias| < 2^30 steps, where `input_scale` is the smallest of the input.
// Returns how many channels that were.
int64_t FitBias(std::span<const float> bias, float input_scale, std::vector<QuantParams>& params);

// How weights of a recipe are stored: int8, or uint8 where they have a zero point.
DataType StorageOf(const WeightRecipe& recipe);

// Rounds to nearest; the bytes of int8 or uint8 values.
std::vector<uint8_t> RoundWeights(std::span<const float> weights, const ChannelLayout& layout,
                                  const std::vector<QuantParams>& params);

// round(bias / (input_scale * weight_scale)); FitBias() has made sure that it fits.
std::vector<int32_t> RoundBias(std::span<const float> bias, float input_scale,
                               const std::vector<QuantParams>& params);

// The scales as a tensor holds them: one where all channels have the same, else one per channel.
Quantization QuantizationOf(const std::vector<QuantParams>& params, Granularity granularity,
                            int axis);

}  // namespace integra::quantize
