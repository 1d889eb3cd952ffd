// conv_2d by Winograd's minimal filtering (kernels/winograd.h).
#pragma once

#include "kernels/conv2d.h"
#include "runtime/lowering.h"

namespace integra::runtime {

// False where EmitWinograd is false for the taps alone, and for other operators.
bool MayTakeWinograd(const graph::Graph& graph, const graph::Node& node);

// Emits the step of a convolution of 3 x 3 taps, where there is a kernel for it and it is large
// enough to gain from one, or is asked to take it; false otherwise.
bool EmitWinograd(Lowering& l, const kernels::Conv2dParams& params);

}  // namespace integra::runtime
