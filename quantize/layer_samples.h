// What the inputs of weighted layers look like, for helpers that need more than a range: bias
// correction and AdaRound.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "graph/safetensors.h"

namespace integra::quantize {

// Patches of one layer's input: what the filter sees at some output positions. A patch has the
// order of one filter: [kh, kw, channels] for convolutions (depthwise ones too), [inputs] for dense
// layers. Padding is 0.
struct LayerSamples {
  bool depthwise = false;
  int64_t taps = 0;           // kh * kw, or 1 for dense layers
  int64_t channels = 0;       // of the input
  std::vector<double> mean;   // [taps * channels], over all patches that were seen
  int64_t count = 0;          // of the patches that were kept
  std::vector<float> values;  // [count, taps * channels]

  // The mean of what meets the weights of output channel `c` of `channels_out`: [K], K as in
  // ChannelLayout::Channel().
  std::vector<double> MeanForChannel(int64_t c, int64_t channels_out) const;
};

// What a layer's helpers ask for: bias correction for the mean, AdaRound for patches.
enum class SampleNeed : uint8_t { kNone, kMean, kPatches };

// Takes patches while calibration runs. Which ones depends on the numbers of node and sample alone.
class LayerSampler {
 public:
  // For each convolution and dense layer what need(node) says, out of all `samples` samples.
  // Grouped and transposed convolutions are left out. At most `slots` samples come at once.
  template <typename Need>
  LayerSampler(const graph::Graph& graph, int64_t samples, int64_t slots, const Need& need)
      : graph_(graph), samples_(samples) {
    for (size_t n = 0; n < graph.nodes.size(); ++n) {
      if (const SampleNeed what = need(graph.nodes[n]); what != SampleNeed::kNone) {
        AddLayer(n, what, slots);
      }
    }
  }

  // From the value of an activation for `sample`. Distinct slots may come at once.
  void Take(int64_t slot, int64_t sample, graph::TensorId id, const float* values);
  // The sample in `slot` is the next in order.
  void TakeIn(int64_t slot);

  std::map<std::string, LayerSamples> Done() &&;  // by node name

  // For a checkpoint (quantize/checkpoint.h).
  std::vector<graph::StoredTensor> Save() const;
  void Restore(const graph::SafetensorsReader& state);

 private:
  struct Layer {
    size_t node = 0;
    LayerSamples samples;
    bool keep = false;
    int64_t per_sample = 1;               // patches
    int64_t rows = 1, columns = 1;        // of the output
    int64_t in_rows = 1, in_columns = 1;  // of the input
    int64_t filter_rows = 1, filter_columns = 1;
    std::vector<int64_t> stride = {1, 1}, dilation = {1, 1}, padding = {0, 0, 0, 0};
    std::vector<double> sum;               // over the samples that were taken in
    std::vector<std::vector<float>> sums;  // of the samples in the slots

    void CopyPatch(int64_t position, const float* input, float* out) const;
  };
  void AddLayer(size_t node, SampleNeed need, int64_t slots);

  const graph::Graph& graph_;
  int64_t samples_;
  std::multimap<graph::TensorId, Layer> layers_;  // by input
};

}  // namespace integra::quantize
