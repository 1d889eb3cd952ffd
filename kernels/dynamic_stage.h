// The output stage of a layer whose input or output has a dynamic range (base/dynamic_range.h).
#pragma once

#include <cstdint>
#include <vector>

#include "base/dynamic_range.h"
#include "kernels/isa.h"
#include "kernels/output_stage.h"
#include "kernels/requantize.h"

namespace integra::kernels {

// What does not change from run to run. The layer has computed sum(x * (w - zw)) of stored values.
struct DynamicLayer {
  OutputStage stage;             // for nominal scales, in the stored domain
  std::vector<int32_t> addends;  // by channel: what the zero points add to the sums
  std::vector<int32_t> bias;     // by channel, in units of the input's nominal scale; or empty
  bool finds_range = false;      // of the output; else it is static and `stage` says its clamp
  int64_t low = 0, high = 0;  // what the activation function lets through, with kStepFractionBits
  int64_t largest_sum = 0;    // bound of the absolute values of sums

  int64_t channels() const { return static_cast<int64_t>(addends.size()); }
};

// What one run makes of it.
struct DynamicStage {
  std::vector<Multiplier> multipliers;  // by channel
  std::vector<int32_t> addends;         // by channel, the bias included
  int32_t min = 0, max = 255;
  DynamicRange range;  // of the output
};

// The specification, in three steps that share `run`, whose vectors have a value per channel.
//   1. bias and multipliers for an input with range `x`
//   2. where the layer finds its range: from the extremes of each channel's sums
//   3. y = clamp(Multiply(sum + addend, multiplier) + zero_point): OutputStage
void TakeInputRange(const DynamicLayer& layer, const DynamicRange& x, DynamicStage& run);
void FindOutputRange(const DynamicLayer& layer, const int32_t* lowest, const int32_t* highest,
                     DynamicStage& run);

// Smallest and largest of sums[r * n + j] by channel j, over rows [0, rows), rows >= 1. Sums past
// the last one, up to a multiple of 16 channels, may be read.
using ChannelExtremesFunction = void (*)(const int32_t* sums, int64_t rows, int64_t n,
                                         int32_t* lowest, int32_t* highest);
ChannelExtremesFunction ChooseChannelExtremes(Isa isa);
void ChannelExtremesReference(const int32_t* sums, int64_t rows, int64_t n, int32_t* lowest,
                              int32_t* highest);
void ChannelExtremesSse41(const int32_t* sums, int64_t rows, int64_t n, int32_t* lowest,
                          int32_t* highest);
void ChannelExtremesAvx2(const int32_t* sums, int64_t rows, int64_t n, int32_t* lowest,
                         int32_t* highest);

// All three on a whole layer, in plain loops. sums: [rows][channels], dst likewise.
DynamicRange ReferenceDynamicLayer(const DynamicLayer& layer, const DynamicRange& x,
                                   const int32_t* sums, int64_t rows, uint8_t* dst);

}  // namespace integra::kernels
