// Moving elements without changing them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/loop_nest.h"

namespace integra::kernels {

// For every element of `nest`: dst[dst_offset + b] = src[src_offset + a], a and b being the offsets
// of its operands 0 and 1. Offsets and strides count elements of `element_bytes` (1, 2, 4 or 8).
struct Copy {
  LoopNest nest;  // simplified
  int64_t src_offset = 0;
  int64_t dst_offset = 0;
};

// Rows [first, last) of the nest. src and dst do not overlap.
void CopyRows(const Copy& copy, size_t element_bytes, const std::byte* src, std::byte* dst,
              int64_t first, int64_t last);

// dst[i] = *value for `count` elements.
void Fill(size_t element_bytes, const std::byte* value, std::byte* dst, int64_t count);

}  // namespace integra::kernels
