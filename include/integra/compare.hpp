// Comparing the modes of a network, and a quantized network with its float original, over a data
// set. Part of integra::tools.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "integra/export.h"
#include "integra/float_session.hpp"
#include "integra/network.hpp"

namespace integra {

// Samples that can be fed to networks.
class INTEGRA_API DataSource {
 public:
  virtual ~DataSource() = default;
  virtual int64_t size() const = 0;
  // Writes sample `i` into the buffers of a network with these inputs (batch 1), dense and in their
  // dtypes. A source holds real values or pixels, so that one sample can feed a float network and
  // its quantized sibling. Throws Error.
  virtual void Read(int64_t i, const std::vector<TensorInfo>& inputs,
                    std::span<const std::span<std::byte>> buffers) = 0;
  virtual std::optional<int64_t> label(int64_t) const { return std::nullopt; }
  virtual std::string name(int64_t i) const { return std::to_string(i); }
};

struct CompareOptions {
  // Each at most once. The order does not matter: pairs are reported as float, simulated, integer.
  std::vector<Mode> modes = {Mode::kFloat, Mode::kSimulated, Mode::kInteger};
  // The float original: takes the place of mode `float`. Its layers are found by the names of
  // tensors, then of nodes; they run freely only.
  std::optional<Network> float_network = {};
  int64_t samples = 0;         // at most this many; 0: all
  int64_t layer_samples = 16;  // how many of them feed the figures per layer; 0: no such figures
  // How many of them feed the sensitivity of layers, which takes about half a run of the network
  // for each sample and layer; 0: none.
  int64_t sensitivity_samples = 0;
  int threads = 1;
  std::function<void(int64_t done, int64_t total)> progress = {};  // called after every sample
};

// One mode over the data set.
struct ModeResult {
  std::string mode;  // "float", "simulated", "integer"
  int64_t top1 = 0;  // labelled samples whose label has the largest output (ties: lower index)
  int64_t top5 = 0;
  double mean_us = 0;  // time of one Run
};

// Samples whose largest output is `a` in one mode and `b` in another.
struct ClassPair {
  int64_t a = 0, b = 0;
  int64_t samples = 0;
};

// Outputs of `b` compared with those of `a`, as real values.
struct OutputDifference {
  std::string a, b;
  int64_t same_top1 = 0;                  // samples with the same largest output
  int64_t equal_samples = 0;              // samples whose outputs are all equal
  double mean_error = 0;                  // mean |a - b| over all output elements
  double worst_error = 0;                 // largest |a - b|
  int64_t worst_sample = -1;              // where that was
  double sqnr_db = 0;                     // 10 log10(sum a^2 / sum (a - b)^2); infinite where equal
  std::vector<ClassPair> confusion = {};  // different classes only; the most frequent come first
};

// A node's output in `b` compared with that in `a`.
struct LayerDifference {
  std::string node, op, tensor;
  double sqnr_db = 0;      // infinite where equal
  double mean_error = 0;   // mean |a - b|, real
  double worst_error = 0;  // largest |a - b|, real
  // The same in steps: divided by the tensor's scale. 0 where it has none.
  double mean_steps = 0;
  double worst_steps = 0;
  // Share of b's values at an end of the tensor's integer range, except an end that the node's own
  // function makes (0 of a ReLU, 0 and 6 of a ReLU6, 0 and 1 of a softmax). 0 in mode float.
  double saturation = 0;
  double a_min = 0, a_max = 0, b_min = 0, b_max = 0;  // smallest and largest values seen
  // What the tensor's type and scale can hold, and the share of it between b's smallest and largest
  // value. All 0 where the tensor has no scale of its own.
  double range_low = 0, range_high = 0, range_use = 0;
  // How a's values lie about that range: kHistogramBins equal bins from a quarter of its width
  // below to a quarter above; the outer ones count everything beyond, too. Empty without a range,
  // and with the same input.
  static constexpr int kHistogramBins = 48;
  std::vector<int64_t> histogram = {};
};

// All nodes, in the network's order, of two modes. Against a float original: those it has, too.
struct LayerComparison {
  std::string a, b;
  // false: both ran freely, so errors add up along the network. true: each of a's nodes was fed
  // what b's node was fed, so that a layer shows its own fault only.
  bool same_input = false;
  std::vector<LayerDifference> layers;
};

// One layer quantized alone: its weights and its output are rounded as in mode simulated, all other
// layers compute in float. What this changes at the network's outputs.
struct LayerSensitivity {
  std::string node, op;
  double sqnr_db = 0;      // of the outputs, against mode float; infinite where equal
  double noise_share = 0;  // of the noise of all layers, each alone, added up
  int64_t same_top1 = 0;   // samples with the same largest output
};

struct INTEGRA_API Comparison {
  std::string network;
  int64_t samples = 0;
  int64_t labelled = 0;
  int64_t layer_samples = 0;
  bool is_classifier = false;  // the first output is one vector of scores: top-1 and top-5 count
  std::vector<ModeResult> modes;
  std::vector<OutputDifference> outputs;
  std::vector<LayerComparison> layers;
  int64_t sensitivity_samples = 0;
  std::vector<LayerSensitivity> sensitivity;  // the most sensitive layer comes first

  // The whole result as JSON (stable key order; infinite values are null).
  std::string ToJson() const;
  // The figures per layer as CSV: a line for every pair of modes and layer, after one of names. The
  // sensitivity of a layer is in each of its lines.
  std::string ToCsv() const;
};

// The result as one HTML page that needs no other file: tables, which classes two modes see instead
// of each other's, and for every layer bars of its signal-to-noise ratio, its worst difference and
// its saturation, and the histogram of its values about the range that its integers hold.
INTEGRA_API std::string RenderHtml(const Comparison& comparison);

// Runs `network` in the given modes over `data`. Throws Error.
INTEGRA_API Comparison Compare(const Network& network, DataSource& data,
                               const CompareOptions& options = {});

}  // namespace integra
