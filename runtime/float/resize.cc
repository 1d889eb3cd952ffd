// Resizing of images in float.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "graph/graph.h"
#include "runtime/float/float_call.h"

namespace integra::floats {
namespace {

struct Grid {
  int64_t in, out;
  bool align_corners, half_pixel;

  float step() const {
    const bool corners = align_corners && out > 1;
    return static_cast<float>(corners ? in - 1 : in) / static_cast<float>(corners ? out - 1 : out);
  }
};

Grid GridOf(const FloatCall& call, size_t dimension) {
  return {call.inputs[0].shape[dimension], call.outputs[0].shape[dimension],
          call.node.flag("align_corners"), call.node.flag("half_pixel_centers")};
}

struct Neighbors {
  int64_t lower, upper;
  float fraction;
};

Neighbors NeighborsOf(const Grid& g, int64_t i) {
  const float center = g.half_pixel ? 0.5f : 0.0f;
  const float at = (static_cast<float>(i) + center) * g.step() - center;
  const int64_t lower = std::clamp<int64_t>(static_cast<int64_t>(std::floor(at)), 0, g.in - 1);
  const int64_t upper = std::min(static_cast<int64_t>(std::ceil(at)), g.in - 1);
  return {lower, upper, at - static_cast<float>(lower)};
}

int64_t NearestOf(const Grid& g, int64_t i) {
  const float at = (static_cast<float>(i) + (g.half_pixel ? 0.5f : 0.0f)) * g.step();
  const float nearest = g.align_corners ? std::round(at) : std::floor(at);
  return std::clamp<int64_t>(static_cast<int64_t>(nearest), 0, g.in - 1);
}

}  // namespace

void FloatResizeBilinear(FloatCall& call) {
  const Grid rows = GridOf(call, 1), columns = GridOf(call, 2);
  const int64_t channels = call.inputs[0].shape[3];
  float* y = call.outputs[0].floats();
  for (int64_t n = 0; n < call.inputs[0].shape[0]; ++n) {
    const float* image = call.inputs[0].floats() + n * rows.in * columns.in * channels;
    for (int64_t i = 0; i < rows.out; ++i) {
      const Neighbors r = NeighborsOf(rows, i);
      for (int64_t j = 0; j < columns.out; ++j) {
        const Neighbors c = NeighborsOf(columns, j);
        for (int64_t k = 0; k < channels; ++k) {
          const auto at = [&](int64_t row, int64_t column) {
            return image[(row * columns.in + column) * channels + k];
          };
          *y++ = at(r.lower, c.lower) * (1 - r.fraction) * (1 - c.fraction) +
                 at(r.upper, c.lower) * r.fraction * (1 - c.fraction) +
                 at(r.lower, c.upper) * (1 - r.fraction) * c.fraction +
                 at(r.upper, c.upper) * r.fraction * c.fraction;
        }
      }
    }
  }
}

void FloatResizeNearestNeighbor(FloatCall& call) {
  const Grid rows = GridOf(call, 1), columns = GridOf(call, 2);
  const auto pixel = SizeOf(call.inputs[0].dtype) * static_cast<size_t>(call.inputs[0].shape[3]);
  const auto* x = static_cast<const char*>(call.inputs[0].data);
  auto* y = static_cast<char*>(call.outputs[0].data);
  for (int64_t n = 0; n < call.inputs[0].shape[0]; ++n) {
    for (int64_t i = 0; i < rows.out; ++i) {
      const int64_t row = n * rows.in + NearestOf(rows, i);
      for (int64_t j = 0; j < columns.out; ++j, y += pixel) {
        const int64_t from = row * columns.in + NearestOf(columns, j);
        std::memcpy(y, x + static_cast<size_t>(from) * pixel, pixel);
      }
    }
  }
}

}  // namespace integra::floats
