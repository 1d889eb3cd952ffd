// 2-D convolutions over channels-last images: their parameters and their specification.
#pragma once

#include <cstdint>

#include "kernels/output_stage.h"

namespace integra::kernels {

// One spatial dimension of a convolution.
struct ConvAxis {
  int64_t input = 1;
  int64_t output = 1;
  int64_t kernel = 1;
  int64_t stride = 1;
  int64_t dilation = 1;
  int64_t pad_before = 0;

  int64_t extent() const { return (kernel - 1) * dilation + 1; }
  // Input positions that `count` outputs read, padding included.
  int64_t reach(int64_t count) const { return (count - 1) * stride + extent(); }
};

struct Conv2dParams {
  int64_t batch = 1;
  ConvAxis y, x;
  int64_t in_channels = 1;
  int64_t out_channels = 1;
  // A convolution: weights [out][ky][kx][in / groups].
  // Depthwise: weights [ky][kx][out], output channel o reads input channel o / (out / in).
  bool depthwise = false;
  int64_t groups = 1;
  int32_t src_zero_point = 0;     // T's stored domain; padding has this value
  int32_t weight_zero_point = 0;  // of the int8 values
};

// T is uint8_t (stored domain) or int16_t. acc = sum((x - zx) * (w - zw)) + bias over the taps
// inside the image; uint8_t: y = stage.Apply(acc); int16_t: y = clamp(MultiplyReduced(acc) + zero
// point). `bias` may be null. src [batch, y.input, x.input, in], dst [batch, y.output, x.output,
// out].
template <typename T, typename Bias>
void ReferenceConv2d(const Conv2dParams& p, const T* src, const int8_t* weights, const Bias* bias,
                     const OutputStage& stage, T* dst);

}  // namespace integra::kernels
