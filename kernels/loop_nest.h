// Nested loops over elements that lie in up to three arrays, each with its own strides.
// Broadcasting and data movement are loop nests: a stride of 0 repeats an element, a permuted
// stride transposes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace integra::kernels {

struct LoopNest {
  static constexpr size_t kOperands = 3;
  using Strides = std::array<int64_t, kOperands>;  // of one loop, in elements; unused ones are 0

  struct Loop {
    int64_t count;
    Strides strides;
  };
  std::vector<Loop> loops;  // outermost first

  void Add(int64_t count, Strides strides) { loops.push_back({count, strides}); }

  // Drops loops of one turn and joins neighbours that together are one loop; at least one stays.
  void Simplify();

  // Elements of the innermost loop, and how often it runs.
  int64_t row_length() const { return loops.back().count; }
  int64_t rows() const;

  // Calls row(a, b, c) with the offsets at which rows [first, last) begin.
  template <typename F>
  void ForEachRow(int64_t first, int64_t last, const F& row) const {
    if (first >= last) return;
    const size_t outer = loops.size() - 1;
    std::array<int64_t, kMaxLoops> index{};
    Strides at{};
    int64_t rest = first;
    for (size_t i = outer; i-- > 0;) {
      index[i] = rest % loops[i].count;
      rest /= loops[i].count;
      for (size_t k = 0; k < kOperands; ++k) at[k] += index[i] * loops[i].strides[k];
    }
    for (int64_t r = first;;) {
      row(at[0], at[1], at[2]);
      if (++r == last) return;
      for (size_t i = outer; i-- > 0;) {
        for (size_t k = 0; k < kOperands; ++k) at[k] += loops[i].strides[k];
        if (++index[i] < loops[i].count) break;
        index[i] = 0;
        for (size_t k = 0; k < kOperands; ++k) at[k] -= loops[i].count * loops[i].strides[k];
      }
    }
  }

  static constexpr size_t kMaxLoops = 20;
};

}  // namespace integra::kernels
