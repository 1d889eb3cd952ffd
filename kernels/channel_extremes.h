// Extremes of sums by channel, for one instruction set: see channel_sums.h about how it is
// included.
#pragma once

#include <algorithm>
#include <cstring>

#include "kernels/dynamic_stage.h"

namespace integra::kernels {
namespace {

// A ChannelExtremesFunction. V: the Vectors of an instruction set.
template <typename V>
inline void ChannelExtremesOf(const int32_t* sums, int64_t rows, int64_t n, int32_t* lowest,
                              int32_t* highest) {
  using Vector = typename V::Vector;
  constexpr int64_t kChannels = 16, kLanes = V::kBytes / 4;  // a cache line
  constexpr int kVectors = kChannels / kLanes;
  for (int64_t j = 0; j < n; j += kChannels) {
    Vector low[kVectors], high[kVectors];
    for (int v = 0; v < kVectors; ++v) low[v] = high[v] = V::Load(sums + j + kLanes * v);
    for (int64_t r = 1; r < rows; ++r) {
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) {
        const Vector x = V::Load(sums + r * n + j + kLanes * v);
        low[v] = V::Min(low[v], x);
        high[v] = V::Max(high[v], x);
      }
    }
    const auto bytes = static_cast<size_t>(std::min(kChannels, n - j)) * sizeof(int32_t);
    std::memcpy(lowest + j, low, bytes);
    std::memcpy(highest + j, high, bytes);
  }
}

}  // namespace
}  // namespace integra::kernels
