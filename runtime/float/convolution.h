// The shapes of a node as the float kernels want them.
#pragma once

#include "kernels/float/convolution.h"
#include "runtime/float/float_call.h"

namespace integra::floats {

// Of a conv_2d or depthwise_conv_2d node: inputs image, weights and optional bias.
kernels::FloatConvolution ConvolutionOf(const FloatCall& call);
// Of a fully_connected node: everything but the weights' last dimension k is rows.
kernels::FloatMatmul MatmulOf(const FloatCall& call);

}  // namespace integra::floats
