// Convolution and fully connected layers in float32: the plain form, accumulated in double.
//
// kernels/onednn/float/convolution.h has the fast form of the same contracts.
#pragma once

#include <cstdint>
#include <limits>

namespace integra::kernels {

// Images are [batch, height, width, channels]. Output channel o of group g = o / (out_c / groups)
// sees the in_c / groups input channels of group g. Weights are
//   dense      [out_c, filter_h, filter_w, in_c / groups]
//   depthwise  [filter_h, filter_w, out_c], where groups = in_c (one input channel per output)
// Taps outside of the image are 0. Results are clamped to [low, high].
struct FloatConvolution {
  int64_t batch = 1;
  int64_t in_h = 1, in_w = 1, in_c = 1;
  int64_t out_h = 1, out_w = 1, out_c = 1;
  int64_t filter_h = 1, filter_w = 1;
  int64_t stride_h = 1, stride_w = 1;
  int64_t dilation_h = 1, dilation_w = 1;
  int64_t pad_top = 0, pad_left = 0;
  int64_t groups = 1;
  bool depthwise = false;
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();
};

// dst[b, y, x, o] = clamp(bias[o] + sum src * weights). `bias` may be null. dst does not overlap
// src.
void ConvolutionF32(const FloatConvolution& p, const float* src, const float* weights,
                    const float* bias, float* dst);

// dst[m, n] = clamp(bias[n] + sum over k of src[m, k] * weights[n, k]).
struct FloatMatmul {
  int64_t m = 1, n = 1, k = 1;
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();
};
void MatmulF32(const FloatMatmul& p, const float* src, const float* weights, const float* bias,
               float* dst);

}  // namespace integra::kernels
