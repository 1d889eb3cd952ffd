#include "kernels/conv2d.h"

#include <type_traits>

namespace integra::kernels {

template <typename T, typename Bias>
void ReferenceConv2d(const Conv2dParams& p, const T* src, const int8_t* weights, const Bias* bias,
                     const OutputStage& stage, T* dst) {
  const int64_t multiplicity = p.out_channels / p.in_channels;  // depthwise
  const int64_t in_group = p.depthwise ? 1 : p.in_channels / p.groups;
  const int64_t out_group = p.depthwise ? multiplicity : p.out_channels / p.groups;
  for (int64_t b = 0; b < p.batch; ++b) {
    for (int64_t oy = 0; oy < p.y.output; ++oy) {
      for (int64_t ox = 0; ox < p.x.output; ++ox) {
        for (int64_t o = 0; o < p.out_channels; ++o) {
          int64_t acc = bias != nullptr ? int64_t{bias[o]} : 0;
          const int64_t first_channel = o / out_group * in_group;
          for (int64_t ky = 0; ky < p.y.kernel; ++ky) {
            const int64_t iy = oy * p.y.stride + ky * p.y.dilation - p.y.pad_before;
            if (iy < 0 || iy >= p.y.input) continue;
            for (int64_t kx = 0; kx < p.x.kernel; ++kx) {
              const int64_t ix = ox * p.x.stride + kx * p.x.dilation - p.x.pad_before;
              if (ix < 0 || ix >= p.x.input) continue;
              const T* x =
                  src + ((b * p.y.input + iy) * p.x.input + ix) * p.in_channels + first_channel;
              const int64_t tap = ky * p.x.kernel + kx;
              for (int64_t i = 0; i < in_group; ++i) {
                const int64_t w = p.depthwise ? tap * p.out_channels + o
                                              : (o * p.y.kernel * p.x.kernel + tap) * in_group + i;
                acc += int64_t{x[i] - p.src_zero_point} * (weights[w] - p.weight_zero_point);
              }
            }
          }
          T& y = dst[((b * p.y.output + oy) * p.x.output + ox) * p.out_channels + o];
          if constexpr (std::is_same_v<T, uint8_t>) {
            y = static_cast<T>(stage.Apply(acc, o));
          } else {
            const int64_t scaled = MultiplyReduced(acc, stage.multiplier(o)) + stage.zero_point;
            y = static_cast<T>(Clamp<int64_t>(scaled, stage.min, stage.max));
          }
        }
      }
    }
  }
}

template void ReferenceConv2d(const Conv2dParams&, const uint8_t*, const int8_t*, const int32_t*,
                              const OutputStage&, uint8_t*);
template void ReferenceConv2d(const Conv2dParams&, const int16_t*, const int8_t*, const int32_t*,
                              const OutputStage&, int16_t*);
template void ReferenceConv2d(const Conv2dParams&, const int16_t*, const int8_t*, const int64_t*,
                              const OutputStage&, int16_t*);

}  // namespace integra::kernels
