// Sharing the rows of a loop nest out to threads.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/thread_pool.h"
#include "kernels/loop_nest.h"

namespace integra::runtime {

// Fewer elements than this are not worth a thread of their own.
inline constexpr int64_t kElementsPerPart = 16384;

// Calls row(a, b, c, count) for every row of the nest, or for pieces of rows: `count` elements of
// its innermost loop, the first at offsets a, b and c.
template <typename F>
void ParallelRows(ThreadPool& pool, const kernels::LoopNest& nest, const F& row) {
  const int64_t length = nest.row_length(), rows = nest.rows();
  const int64_t wanted = std::min<int64_t>(pool.threads(), length * rows / kElementsPerPart);
  if (wanted <= 1 || rows >= wanted) {
    const int64_t parts = std::max<int64_t>(wanted, 1);
    pool.ParallelFor(parts, [&](int64_t part, int) {
      nest.ForEachRow(rows * part / parts, rows * (part + 1) / parts,
                      [&](int64_t a, int64_t b, int64_t c) { row(a, b, c, length); });
    });
    return;
  }
  // Few long rows: cut each, at whole vectors.
  const auto& strides = nest.loops.back().strides;
  const int64_t piece = (length / wanted + 63) / 64 * 64;
  const int64_t pieces = (length + piece - 1) / piece;
  pool.ParallelFor(rows * pieces, [&](int64_t part, int) {
    const int64_t first = part % pieces * piece;
    const int64_t count = std::min(piece, length - first);
    nest.ForEachRow(part / pieces, part / pieces + 1, [&](int64_t a, int64_t b, int64_t c) {
      row(a + first * strides[0], b + first * strides[1], c + first * strides[2], count);
    });
  });
}

}  // namespace integra::runtime
