#include "kernels/float/convolution.h"

#include <algorithm>

namespace integra::kernels {
namespace {

float Finish(double sum, float low, float high) {
  return std::min(std::max(static_cast<float>(sum), low), high);
}

// One output value.
double Taps(const FloatConvolution& p, const float* image, const float* weights, int64_t y,
            int64_t x, int64_t o) {
  const int64_t depth = p.in_c / p.groups;
  const int64_t first = o / (p.out_c / p.groups) * depth;
  double sum = 0;
  for (int64_t fy = 0; fy < p.filter_h; ++fy) {
    const int64_t in_y = y * p.stride_h - p.pad_top + fy * p.dilation_h;
    if (in_y < 0 || in_y >= p.in_h) continue;
    for (int64_t fx = 0; fx < p.filter_w; ++fx) {
      const int64_t in_x = x * p.stride_w - p.pad_left + fx * p.dilation_w;
      if (in_x < 0 || in_x >= p.in_w) continue;
      const float* src = image + (in_y * p.in_w + in_x) * p.in_c + first;
      if (p.depthwise) {
        sum += static_cast<double>(src[0]) * weights[(fy * p.filter_w + fx) * p.out_c + o];
        continue;
      }
      const float* w = weights + ((o * p.filter_h + fy) * p.filter_w + fx) * depth;
      for (int64_t c = 0; c < depth; ++c) sum += static_cast<double>(src[c]) * w[c];
    }
  }
  return sum;
}

}  // namespace

void ConvolutionF32(const FloatConvolution& p, const float* src, const float* weights,
                    const float* bias, float* dst) {
  for (int64_t b = 0; b < p.batch; ++b) {
    const float* image = src + b * p.in_h * p.in_w * p.in_c;
    for (int64_t y = 0; y < p.out_h; ++y) {
      for (int64_t x = 0; x < p.out_w; ++x) {
        for (int64_t o = 0; o < p.out_c; ++o) {
          const double sum = Taps(p, image, weights, y, x, o);
          *dst++ = Finish(sum + (bias == nullptr ? 0.0 : bias[o]), p.low, p.high);
        }
      }
    }
  }
}

void MatmulF32(const FloatMatmul& p, const float* src, const float* weights, const float* bias,
               float* dst) {
  for (int64_t m = 0; m < p.m; ++m) {
    for (int64_t n = 0; n < p.n; ++n) {
      double sum = bias == nullptr ? 0.0 : bias[n];
      for (int64_t k = 0; k < p.k; ++k) {
        sum += static_cast<double>(src[m * p.k + k]) * weights[n * p.k + k];
      }
      dst[m * p.n + n] = Finish(sum, p.low, p.high);
    }
  }
}

}  // namespace integra::kernels
