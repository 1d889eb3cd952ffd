// Cross-layer equalisation: Nagel et al. 2019, "Data-Free Quantization Through Weight Equalization
// and Bias Correction", section 4.1.
#pragma once

#include "graph/graph.h"

namespace integra::quantize {

// Where one layer feeds another alone, through nothing or ReLU, dividing output channel i of the
// first by s_i > 0 and multiplying input channel i of the second by s_i changes nothing of what the
// network computes. s_i = sqrt(r1_i / r2_i), with r the largest |weight| of the channel on either
// side, makes both equally large, so that one scale per tensor fits all channels. Repeated over all
// pairs until the scales settle. Pairs of convolutions, depthwise convolutions and dense layers are
// found also through average and max pooling. Channels that are dead on either side stay as they
// are. ReLU6 does not commute with scaling and ends a pair. Returns the number of pairs.
int Equalize(graph::Graph& graph);

}  // namespace integra::quantize
