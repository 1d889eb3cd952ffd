// Packing of weights for VNNI in 256-bit registers.
#pragma once

#include <algorithm>
#include <cstring>

#include "kernels/gemm.h"

namespace integra::kernels {
namespace {

// The weights of `width` channels (-1: none) as [steps][width][4]. `to` is filled with zeros, which
// remain where segments end within a step.
inline void PackTile(const GemmProblem& p, const int64_t* order, int64_t width, int8_t* to) {
  for (int64_t lane = 0; lane < width; ++lane) {
    if (order[lane] < 0) continue;
    const int8_t* from = p.weights + order[lane] * p.depth();
    int8_t* at = to + 4 * lane;
    for (int64_t t = 0; t < p.segments; ++t, from += p.segment_length) {
      int64_t k = 0;
      for (; k + 4 <= p.segment_length; k += 4, at += 4 * width) std::memcpy(at, from + k, 4);
      if (k == p.segment_length) continue;
      std::memcpy(at, from + k, static_cast<size_t>(p.segment_length - k));
      at += 4 * width;
    }
  }
}

}  // namespace
}  // namespace integra::kernels
