// Weights of a GEMM packed in pairs of values for the 16-bit multiply-add (pmaddwd). For one
// instruction set: see channel_sums.h about how it is included.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "kernels/output_stage.h"

namespace integra::kernels {
namespace {

// `count` rows of `length` weights, less their zero point, to [steps][width][2], steps = length / 2
// rounded up; the rows are `stride` apart. What lies behind the last row or value is left as it is.
// Where kShuffled, row n goes to position VectorOutputStage::Shuffled(n).
// A few steps of all rows at a time: what is written then stays in the first-level cache, and each
// row of weights is still read in order.
template <bool kShuffled = false, typename T>
inline __attribute__((always_inline)) void PackPairs(const int8_t* weights, int64_t stride,
                                                     int32_t zero_point, int64_t length,
                                                     int64_t count, int64_t width, T* to) {
  constexpr int64_t kSteps = 8;
  for (int64_t k = 0; k < length; k += 2 * kSteps) {
    const int64_t values = std::min(2 * kSteps, length - k);
    for (int64_t n = 0; n < count; ++n) {
      const int8_t* from = weights + n * stride + k;
      T pairs[2 * kSteps] = {};
      if (values == 2 * kSteps) {  // a constant number of values: one vector
        for (int64_t i = 0; i < 2 * kSteps; ++i) pairs[i] = static_cast<T>(from[i] - zero_point);
      } else {
        for (int64_t i = 0; i < values; ++i) pairs[i] = static_cast<T>(from[i] - zero_point);
      }
      const int64_t position = kShuffled ? VectorOutputStage::Shuffled(n) : n;
      T* place = to + (k / 2 * width + position) * 2;
      for (int64_t i = 0; i < values; i += 2, place += 2 * width) {
        std::memcpy(place, pairs + i, 2 * sizeof(T));
      }
    }
  }
}

}  // namespace
}  // namespace integra::kernels
