// Bilinear interpolation for one instruction set: see channel_sums.h about how it is included.
//
// Rows are blended first, once for each source pixel, then columns. Where all weights together have
// few bits, 16-bit lanes hold the sums; else 32-bit ones do.
#pragma once

#include "kernels/resize.h"

namespace integra::kernels {
namespace {

// y = v / 2^bits, rounded half away from zero, + offset.
template <typename Sum>
struct Finish {
  Sum half;
  int bits;
  int offset;

  uint8_t operator()(Sum v) const {
    const Sum magnitude = static_cast<Sum>((v < 0 ? -v : v) + half);
    const Sum y = static_cast<Sum>(magnitude >> bits);
    return static_cast<uint8_t>((v < 0 ? -y : y) + offset);
  }
};

// Sum is int16_t, or int32_t. kLanes outputs are written at a time where more pixels of the row
// follow, which overwrite the surplus.
template <typename Sum>
inline __attribute__((always_inline)) void InterpolateRow(const BilinearParams& p,
                                                          const uint8_t* lower,
                                                          const uint8_t* upper, int32_t fraction,
                                                          Sum* blend, uint8_t* dst) {
  constexpr int64_t kLanes = 64 / static_cast<int64_t>(sizeof(Sum));
  const int64_t width = p.in_w * p.channels;
  const auto lower_weight = static_cast<Sum>((1 << p.row_bits) - fraction);
  const auto upper_weight = static_cast<Sum>(fraction);
  const auto offset = static_cast<Sum>(p.offset);
  if (fraction == 0) {
    for (int64_t i = 0; i < width; ++i) {
      blend[i] = static_cast<Sum>((lower[i] - offset) * lower_weight);
    }
  } else {
    for (int64_t i = 0; i < width; ++i) {
      blend[i] =
          static_cast<Sum>((lower[i] - offset) * lower_weight + (upper[i] - offset) * upper_weight);
    }
  }
  const int bits = p.row_bits + p.column_bits;
  const Finish<Sum> finish = {static_cast<Sum>(bits > 0 ? 1 << (bits - 1) : 0), bits, p.offset};
  const int64_t padded = (p.channels + kLanes - 1) / kLanes * kLanes;
  const uint8_t* end = dst + p.out_w * p.channels;
  for (int64_t x = 0; x < p.out_w; ++x, dst += p.channels) {
    const Neighbors& n = p.columns[x];
    const Sum* left = blend + n.lower * p.channels;
    const Sum* right = blend + n.upper * p.channels;
    const auto left_weight = static_cast<Sum>((1 << p.column_bits) - n.fraction);
    const auto right_weight = static_cast<Sum>(n.fraction);
    if (dst + padded <= end) {
      for (int64_t first = 0; first < padded; first += kLanes) {
        uint8_t lanes[kLanes];
        for (int64_t c = 0; c < kLanes; ++c) {
          lanes[c] = finish(
              static_cast<Sum>(left[first + c] * left_weight + right[first + c] * right_weight));
        }
        __builtin_memcpy(dst + first, lanes, sizeof(lanes));
      }
    } else {
      for (int64_t c = 0; c < p.channels; ++c) {
        dst[c] = finish(static_cast<Sum>(left[c] * left_weight + right[c] * right_weight));
      }
    }
  }
}

inline void BilinearOneRow(const BilinearParams& p, const uint8_t* lower, const uint8_t* upper,
                           int32_t fraction, int32_t* blend, uint8_t* dst) {
  // 7 bits of weights leave room in 16 bits for the half that rounding adds: 255 * 2^7 + 2^6 <
  // 2^15.
  if (p.row_bits + p.column_bits <= 7) {
    InterpolateRow(p, lower, upper, fraction, reinterpret_cast<int16_t*>(blend), dst);
  } else {
    InterpolateRow(p, lower, upper, fraction, blend, dst);
  }
}

}  // namespace
}  // namespace integra::kernels
