#include "io/resize.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "base/fixed_point.h"

namespace integra::io {
namespace {

constexpr int kFractionBits = 22;

// The weights of one output position: taps [first, first + count) of the input.
struct Taps {
  int first = 0;
  int count = 0;
  size_t weights = 0;  // index of the first weight
};

struct Filter {
  std::vector<Taps> taps;
  std::vector<int32_t> weights;
};

Filter MakeFilter(int in_size, int out_size) {
  Filter filter;
  filter.taps.resize(static_cast<size_t>(out_size));
  const double scale = static_cast<double>(in_size) / out_size;
  const double support = std::max(scale, 1.0);  // half the width of the triangle
  std::vector<double> weights;
  for (int i = 0; i < out_size; ++i) {
    Taps& taps = filter.taps[static_cast<size_t>(i)];
    const double center = (i + 0.5) * scale;
    // NOLINTBEGIN(bugprone-incorrect-roundings): Pillow rounds so; std::lround() is for negative
    // halves another number.
    taps.first = std::max(static_cast<int>(center - support + 0.5), 0);
    taps.count = std::min(static_cast<int>(center + support + 0.5), in_size) - taps.first;
    // NOLINTEND(bugprone-incorrect-roundings)
    taps.weights = filter.weights.size();
    weights.clear();
    double sum = 0;
    for (int t = 0; t < taps.count; ++t) {
      // Multiplied by the inverse, as Pillow does: a division could differ in the last bit.
      const double distance = std::abs((t + taps.first - center + 0.5) * (1.0 / support));
      weights.push_back(distance < 1.0 ? 1.0 - distance : 0.0);
      sum += weights.back();
    }
    for (const double weight : weights) {
      const double share = sum != 0 ? weight / sum : weight;
      // NOLINTNEXTLINE(bugprone-incorrect-roundings): as above; weights are not negative.
      filter.weights.push_back(static_cast<int32_t>(0.5 + share * (1 << kFractionBits)));
    }
  }
  return filter;
}

uint8_t Round(int32_t sum) { return static_cast<uint8_t>(Clamp(sum >> kFractionBits, 0, 255)); }

Picture ResizeRows(const Picture& in, int width) {
  const Filter filter = MakeFilter(in.width, width);
  Picture out{width, in.height, std::vector<uint8_t>(size_t(width) * size_t(in.height) * 3)};
  for (int y = 0; y < in.height; ++y) {
    uint8_t* to = out.row(y);
    for (const Taps& taps : filter.taps) {
      const uint8_t* from = in.row(y) + size_t(taps.first) * 3;
      const int32_t* weights = filter.weights.data() + taps.weights;
      int32_t sum[3] = {1 << (kFractionBits - 1), 1 << (kFractionBits - 1),
                        1 << (kFractionBits - 1)};
      for (int t = 0; t < taps.count; ++t) {
        for (int c = 0; c < 3; ++c) sum[c] += from[3 * t + c] * weights[t];
      }
      for (int c = 0; c < 3; ++c) *to++ = Round(sum[c]);
    }
  }
  return out;
}

Picture ResizeColumns(const Picture& in, int height) {
  const Filter filter = MakeFilter(in.height, height);
  const size_t row_bytes = size_t(in.width) * 3;
  Picture out{in.width, height, std::vector<uint8_t>(row_bytes * size_t(height))};
  std::vector<int32_t> sums(row_bytes);
  for (int y = 0; y < height; ++y) {
    const Taps& taps = filter.taps[static_cast<size_t>(y)];
    std::fill(sums.begin(), sums.end(), 1 << (kFractionBits - 1));
    for (int t = 0; t < taps.count; ++t) {
      const uint8_t* from = in.row(taps.first + t);
      const int32_t weight = filter.weights[taps.weights + static_cast<size_t>(t)];
      for (size_t i = 0; i < row_bytes; ++i) sums[i] += from[i] * weight;
    }
    std::transform(sums.begin(), sums.end(), out.row(y), Round);
  }
  return out;
}

}  // namespace

Picture ResizeBilinear(const Picture& picture, int width, int height) {
  if (width > picture.width && height < picture.height) {
    return ResizeRows(ResizeColumns(picture, height), width);
  }
  Picture out = width == picture.width ? picture : ResizeRows(picture, width);
  return height == out.height ? out : ResizeColumns(out, height);
}

Picture CropCenter(const Picture& picture, int width, int height) {
  if (width > picture.width || height > picture.height) {
    Fail(ErrorCode::kInvalidArgument, "cannot crop ", picture.width, " x ", picture.height, " to ",
         width, " x ", height);
  }
  Picture out{width, height, std::vector<uint8_t>(size_t(width) * size_t(height) * 3)};
  const int left = (picture.width - width) / 2;
  const int top = (picture.height - height) / 2;
  for (int y = 0; y < height; ++y) {
    std::memcpy(out.row(y), picture.row(top + y) + size_t(left) * 3, size_t(width) * 3);
  }
  return out;
}

}  // namespace integra::io
