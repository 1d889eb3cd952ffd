// Which layers suffer most from few bits, and how many bits each should get.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "integra/compare.hpp"
#include "integra/network.hpp"
#include "integra/quantize.hpp"

namespace integra::quantize {

// Weights have 2 to 8 bits.
inline constexpr int kMinWeightBits = 2;
inline constexpr int kMaxWeightBits = 8;

// One layer with weights, quantized alone: all the others stay in float.
struct LayerSensitivity {
  std::string node;
  int64_t weights = 0;  // how many
  // noise[b - kMinWeightBits]: squared change of the network's outputs, relative to their squares,
  // when this layer's weights have b bits. 10 log10(1 / noise) is the SQNR in dB.
  std::vector<double> noise;
};

struct SensitivityOptions {
  int threads = 1;
  int64_t samples = 16;  // of the data; 0: all
  std::function<void(int64_t done, int64_t total)> progress = nullptr;
};

// In the network's order. `recipe` says how weights are quantized; its bits are not used.
// Throws Error as Quantize() does.
std::vector<LayerSensitivity> MeasureSensitivity(const Network& network, DataSource& data,
                                                 const Recipe& recipe,
                                                 const SensitivityOptions& options = {});

// Bits for each layer, at most `average_bits` per weight in the mean: all start with 8, and the
// layer whose next bit costs the least noise per bit of storage gives one away until that is so.
// That noises of layers add up is an assumption; it holds as long as all are small.
// `average_bits` in [2, 8], else kInvalidArgument.
std::vector<int> AllocateBits(const std::vector<LayerSensitivity>& layers, double average_bits);

// `recipe` with these bits as settings of the nodes.
Recipe WithBits(Recipe recipe, const std::vector<LayerSensitivity>& layers,
                const std::vector<int>& bits);

}  // namespace integra::quantize
