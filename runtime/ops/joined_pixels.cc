#include "runtime/ops/joined_pixels.h"

#include <algorithm>

namespace integra::runtime {
namespace {

using kernels::Conv2dParams;
using kernels::ConvAxis;

ConvAxis Joined(ConvAxis x, int64_t pixels) {
  x.kernel += (pixels - 1) * x.stride;
  x.stride *= pixels;
  x.output /= pixels;
  return x;
}

// Of so many pixels, in sixteenths of a vector's product.
int64_t CostOf(const Conv2dParams& p, int64_t pixels) {
  constexpr int64_t kLanes = 16;           // output channels of a vector
  constexpr int64_t kOutputStage = 8 * 4;  // of a vector
  const int64_t channels = pixels * p.out_channels;
  const int64_t vectors = (channels + kLanes - 1) / kLanes;
  // The last vector of several may be half a one.
  const int64_t halves = 2 * vectors - (vectors > 1 && channels <= vectors * kLanes - 8 ? 1 : 0);
  const int64_t steps = p.y.kernel * ((Joined(p.x, pixels).kernel * p.in_channels + 3) / 4);
  // Products of a single vector load inputs each by itself.
  return halves * (steps * (vectors == 1 ? 9 : 8) + kOutputStage);
}

}  // namespace

int64_t PixelsToJoin(const Conv2dParams& p, kernels::Isa isa) {
  // Other kernels multiply blocks of eight channels or widen inputs before. Rows of 1 x 1
  // convolutions may be made for the layer that follows, pixel by pixel.
  if (isa != kernels::Isa::kAvx512Vnni) return 1;
  if (p.groups != 1 || p.x.dilation != 1 || p.y.kernel == 1) return 1;
  int64_t best = 1, least = CostOf(p, 1) * 95 / 100;  // below that it is worth while
  for (int64_t pixels = 2; pixels <= 8; ++pixels) {
    if (p.x.output % pixels != 0) continue;
    const int64_t cost = CostOf(p, pixels);
    if (cost * best < least * pixels) {
      best = pixels;
      least = cost;
    }
  }
  return best;
}

DenseConvolution JoinPixels(const DenseConvolution& from, int64_t pixels) {
  const Conv2dParams& p = from.params;
  DenseConvolution to;
  to.params = p;
  to.params.x = Joined(p.x, pixels);
  to.params.out_channels = pixels * p.out_channels;
  to.weights.zero_point = from.weights.zero_point;
  to.stage = from.stage;
  to.stage.multipliers.clear();

  const int64_t row = p.x.kernel * p.in_channels;
  const int64_t joined_row = to.params.x.kernel * p.in_channels;
  std::vector<int8_t>& weights = to.weights.copy;
  weights.assign(static_cast<size_t>(to.params.out_channels * p.y.kernel * joined_row),
                 static_cast<int8_t>(from.weights.zero_point));
  for (int64_t i = 0; i < pixels; ++i) {
    for (int64_t t = 0; t < p.out_channels * p.y.kernel; ++t) {
      std::copy_n(from.weights.data + t * row, row,
                  weights.begin() + (i * p.out_channels * p.y.kernel + t) * joined_row +
                      i * p.x.stride * p.in_channels);
    }
    to.bias.insert(to.bias.end(), from.bias.begin(), from.bias.end());
    if (i == 0 || from.stage.multipliers.size() > 1) {
      to.stage.multipliers.insert(to.stage.multipliers.end(), from.stage.multipliers.begin(),
                                  from.stage.multipliers.end());
    }
  }
  to.weights.data = weights.data();
  return to;
}

}  // namespace integra::runtime
