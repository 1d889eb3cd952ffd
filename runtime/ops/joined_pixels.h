// Convolutions of few output channels, several pixels of a row at a time.
//
// Neighbouring outputs read overlapping inputs. Taken as one output of as many times the channels,
// with the weights of each at its own place between zeros, they read them once, and fill vectors
// that the channels of one pixel would leave half empty. In memory nothing moves: channels of
// neighbouring pixels are neighbours.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/conv2d.h"
#include "kernels/isa.h"
#include "kernels/output_stage.h"
#include "runtime/ops/dense.h"

namespace integra::runtime {

// A convolution of 8-bit values with what it multiplies and adds.
struct DenseConvolution {
  kernels::Conv2dParams params;
  Int8Weights weights;        // [out][ky][kx][in / groups]
  std::vector<int32_t> bias;  // or empty
  kernels::OutputStage stage;
};

// How many pixels are best made at once: 1 where nothing is gained. They divide rows evenly.
int64_t PixelsToJoin(const kernels::Conv2dParams& params, kernels::Isa isa);

// The same outputs as a convolution of `pixels` times the channels and a row's pixels / `pixels`.
// Of one group, without dilation along x.
DenseConvolution JoinPixels(const DenseConvolution& convolution, int64_t pixels);

}  // namespace integra::runtime
