// From a float network to integers: schemes, calibration, post-training quantization. Part of
// integra::tools.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "integra/compare.hpp"
#include "integra/export.h"
#include "integra/network.hpp"

namespace integra::quantize {

// How real numbers map to b-bit integers; the formulas are in quantize/scheme.h.
enum class Symmetry : uint8_t {
  kSymmetricFull,        // "symmetric_full": zero point 0, all 2^b values
  kSymmetricRestricted,  // "symmetric": zero point 0, the lowest value is left out
  kAsymmetric,           // "asymmetric": a zero point, all 2^b values
};

// How many values share a scale. Activations always have one scale per tensor.
enum class Granularity : uint8_t {
  kPerTensor,   // "per_tensor": one scale
  kPerChannel,  // "per_channel": one scale for each output channel
  kPerGroup,    // "per_group": one scale for each run of `group` neighbouring output channels
};

// How the range of a tensor is chosen from the values it takes.
enum class RangeMethod : uint8_t {
  kMinMax,         // "minmax": every value is represented
  kMovingAverage,  // "moving_average": average of each sample's minimum and maximum
  kPercentile,     // "percentile": all but a small share of the values at either end
  kEntropy,        // "entropy": smallest Kullback-Leibler divergence; known to clip far too much on
                   // some networks
  kMse,            // "mse": smallest mean squared quantization error
  kDynamic,  // "dynamic": found from each input while the network runs; activations only. What
             // cannot have such a range is as kMinMax, with a note
};

// How weights are rounded to integers.
enum class WeightRounding : uint8_t {
  kNearest,   // "nearest"
  kAdaptive,  // "adaround": up or down, whichever changes the layer's output least
};

struct RangeOptions {
  RangeMethod method = RangeMethod::kMinMax;
  double percentile = 99.99;  // share of values kept at either end, in percent: (50, 100]
  double momentum = 0.9;      // weight of the past in the moving average: [0, 1)
  bool operator==(const RangeOptions&) const = default;
};

struct WeightRecipe {
  Symmetry symmetry = Symmetry::kSymmetricRestricted;  // integer layers need a symmetric one
  Granularity granularity = Granularity::kPerChannel;
  int bits = 8;        // 2 to 8, stored as int8
  int64_t group = 8;   // channels that share a scale, with kPerGroup
  RangeOptions range;  // kMovingAverage: as kMinMax
  WeightRounding rounding = WeightRounding::kNearest;
  bool operator==(const WeightRecipe&) const = default;
};

struct ActivationRecipe {
  Symmetry symmetry = Symmetry::kAsymmetric;
  // kUInt8, kInt8 (the same numbers, moved by 128), or kInt16, which has a symmetric scheme.
  DataType dtype = DataType::kUInt8;
  int bits = 8;  // 2 to 8; to 16 with kInt16
  RangeOptions range = {.method = RangeMethod::kMse};
  bool operator==(const ActivationRecipe&) const = default;
};

struct NodeRecipe {
  std::optional<WeightRecipe> weights;
  std::optional<ActivationRecipe> output;
  bool operator==(const NodeRecipe&) const = default;
};

// What to do with a network. docs/QUANTIZATION.md walks through it.
struct Recipe {
  WeightRecipe weights;
  ActivationRecipe activations;
  RangeOptions inputs;                      // of the network's inputs: pixels are rarely clipped
  std::map<std::string, NodeRecipe> nodes;  // by node name; each replaces the ones above
  bool equalize = false;  // even out the channels of neighbouring layers (quantize/equalize.h)
  bool bias_correction = true;     // make up for the mean error of rounded weights
  bool keep_float_weights = true;  // so that the network also runs in float mode
  bool operator==(const Recipe&) const = default;
};

// Reads a recipe from JSON. Fields that are absent keep their defaults, or for a node the values of
// the whole network; unknown ones are refused. Throws Error (kInvalidFile with file and line).
INTEGRA_API Recipe LoadRecipe(const std::filesystem::path& path);
INTEGRA_API Recipe ParseRecipe(const std::string& source, std::string_view json);
// All that matters of it, in a stable order; ParseRecipe() gives an equivalent recipe back.
INTEGRA_API std::string ToJson(const Recipe& recipe);

// What was chosen for one activation.
struct ActivationReport {
  std::string tensor;
  std::string node;  // that made it; "" for inputs of the network
  std::string method;
  double seen_low = 0, seen_high = 0;  // smallest and largest value over the calibration set
  double low = 0, high = 0;            // range that the scale and zero point represent
  float scale = 0;
  int32_t zero_point = 0;
};

// Where the time went: seconds by the clock. What several threads do at the same time counts once.
struct PhaseTime {
  std::string phase;  // "reading samples", "float inference", "observing values" ...
  double seconds = 0;
};

struct Report {
  int64_t samples = 0;
  std::vector<ActivationReport> activations;
  std::vector<std::string> notes;  // fallbacks that were taken: dead channels, constants ...
  std::vector<PhaseTime> times;    // all of Quantize(), in order
  // The part of it that running the float network once over the same samples takes by itself:
  // reading them and inference.
  double float_seconds = 0;
};

struct Options {
  int threads = 1;
  int64_t samples = 0;  // at most this many calibration samples, spread over all; 0: all
  // Calibrate with plain loops: slower, but the same bits on every machine. oneDNN's sums differ in
  // their last bits from one instruction set to the next, and so may the scales chosen.
  bool reference = false;
  std::function<void(int64_t done, int64_t total)> progress = nullptr;
  Report* report = nullptr;
  // A file that keeps what was observed, so that a calibration that was stopped goes on where it
  // was when Quantize() is called again with the same arguments, and gives the same bytes as one
  // that was not. Written every `checkpoint_seconds` and at the end; "": none. A recipe that
  // equalizes has a second file beside it (CheckpointFiles()).
  std::filesystem::path checkpoint = {};
  double checkpoint_seconds = 10;
};

// The files that Options::checkpoint stands for: the one of that name, and that of a recipe which
// equalizes. Quantize() leaves them: the caller removes them once the network is safe.
INTEGRA_API std::vector<std::filesystem::path> CheckpointFiles(
    const std::filesystem::path& checkpoint);

// Quantizes a float network. `calibration` gives it representative samples. The result runs in all
// three modes, rounds with "single" (docs/NUMERICS.md), and says in its metadata how it was made;
// the same arguments give the same bytes, whatever the number of threads.
// Throws Error: kInvalidArgument (no samples, a network that is quantized already, a recipe that
// names unknown nodes), kInvalidFile (NaN or infinity in weights or activations; names the tensor),
// kUnsupported (an operator that has no integer form; names the node).
INTEGRA_API Network Quantize(const Network& network, DataSource& calibration,
                             const Recipe& recipe = {}, const Options& options = {});

}  // namespace integra::quantize
