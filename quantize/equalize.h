// Cross-layer equalisation: Nagel et al. 2019, "Data-Free Quantization Through Weight Equalization
// and Bias Correction", section 4.1.
#pragma once

#include "graph/graph.h"
#include "quantize/channel_peaks.h"

namespace integra::quantize {

// Where one layer feeds another alone, through nothing or ReLU, dividing output channel i of the
// first by s_i > 0 and multiplying input channel i of the second by s_i changes nothing of what the
// network computes. s_i = sqrt(r1_i / r2_i), with r the largest |weight| of the channel on either
// side, makes both equally large, so that one scale per tensor fits all channels. Repeated over all
// pairs until the scales settle, which evens out chains (expand, depthwise, project) as well.
//
// Two things the paper does not have:
// - ReLU6 in between: the channel's cap becomes 6 / s_i. The layer then ends in ReLU, and a
//   "minimum" node with a constant per channel follows. (The paper drops the cap, which ruins
//   networks that reach it: EfficientNet-Lite0 does in half of its channels.)
// - Activations have one scale per tensor, too. Where `peaks` knows how large a layer's channels
//   become, none is made larger than the largest of them: s_i >= c peak_i / max peak, with c what
//   large channels are scaled by.
//
// Pairs of convolutions, depthwise convolutions and dense layers are found also through pooling and
// means over rows and columns. Channels that are dead on either side stay as they are. Returns the
// number of pairs.
int Equalize(graph::Graph& graph, const ChannelPeaks& peaks);

}  // namespace integra::quantize
