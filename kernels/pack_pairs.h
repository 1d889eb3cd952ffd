// Weights of a GEMM packed in pairs of values for the 16-bit multiply-add (pmaddwd). For one
// instruction set: see channel_sums.h about how it is included.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "kernels/gemm.h"

namespace integra::kernels {
namespace {

// Channels [first, first + count) of `p`, less their zero point, to [steps][width][2]; what lies
// behind the last channel or value is left as it is. A few steps of all channels at a time: what is
// written then stays in the first-level cache, and each row of weights is still read in order.
template <typename T>
inline __attribute__((always_inline)) void PackPairs(const GemmProblem& p, int64_t first,
                                                     int64_t count, int64_t width, T* to) {
  constexpr int64_t kSteps = 8;
  const int64_t depth = p.depth();
  for (int64_t k = 0; k < depth; k += 2 * kSteps) {
    const int64_t values = std::min(2 * kSteps, depth - k);
    for (int64_t n = 0; n < count; ++n) {
      const int8_t* from = p.weights + (first + n) * depth + k;
      T pairs[2 * kSteps] = {};
      if (values == 2 * kSteps) {  // a constant number of values: one vector
        for (int64_t i = 0; i < 2 * kSteps; ++i) {
          pairs[i] = static_cast<T>(from[i] - p.weight_zero_point);
        }
      } else {
        for (int64_t i = 0; i < values; ++i) {
          pairs[i] = static_cast<T>(from[i] - p.weight_zero_point);
        }
      }
      T* place = to + (k / 2 * width + n) * 2;
      for (int64_t i = 0; i < values; i += 2, place += 2 * width) {
        std::memcpy(place, pairs + i, 2 * sizeof(T));
      }
    }
  }
}

}  // namespace
}  // namespace integra::kernels
