// What the inputs of weighted layers look like, for helpers that need more than a range: bias
// correction and AdaRound.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace integra::quantize {

// Patches of one layer's input: what the filter sees at some output positions. A patch has the
// order of one filter: [kh, kw, channels] for convolutions (depthwise ones too), [inputs] for dense
// layers. Padding is 0.
struct LayerSamples {
  bool depthwise = false;
  int64_t taps = 0;           // kh * kw, or 1 for dense layers
  int64_t channels = 0;       // of the input
  int64_t count = 0;          // patches
  std::vector<float> values;  // [count, taps * channels]

  // For output channel `c` of `channels_out`: the values that meet its weights, [count, K], K as in
  // ChannelLayout::Channel().
  std::vector<float> ForChannel(int64_t c, int64_t channels_out) const;
};

// Takes patches while calibration runs. Which ones depends on the numbers of node and sample alone.
class LayerSampler {
 public:
  // About `patches` patches for each convolution and dense layer, spread over `samples` samples.
  // Grouped and transposed convolutions are left out.
  LayerSampler(const graph::Graph& graph, int64_t samples, int64_t patches);

  // From the value of node `node`'s input 0 for `sample`. Distinct samples may come at once.
  void Take(size_t node, int64_t sample, const float* input);

  std::map<std::string, LayerSamples> Done() &&;  // by node name

 private:
  struct Layer {
    LayerSamples samples;
    int64_t rows = 1, columns = 1;        // of the output
    int64_t in_rows = 1, in_columns = 1;  // of the input
    int64_t filter_rows = 1, filter_columns = 1;
    std::vector<int64_t> stride = {1, 1}, dilation = {1, 1}, padding = {0, 0, 0, 0};
  };
  const graph::Graph& graph_;
  int64_t per_sample_;
  std::map<size_t, Layer> layers_;  // by node
};

}  // namespace integra::quantize
