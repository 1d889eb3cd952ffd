#include "kernels/loop_nest.h"

namespace integra::kernels {

void LoopNest::Simplify() {
  std::vector<Loop> kept;
  for (const Loop& loop : loops) {
    if (loop.count == 1) continue;
    bool joins = !kept.empty();
    for (size_t k = 0; joins && k < kOperands; ++k) {
      joins = kept.back().strides[k] == loop.count * loop.strides[k];
    }
    if (joins) {
      kept.back() = {kept.back().count * loop.count, loop.strides};
    } else {
      kept.push_back(loop);
    }
  }
  if (kept.empty()) kept.push_back({1, {1, 1, 1}});
  loops = std::move(kept);
}

int64_t LoopNest::rows() const {
  int64_t rows = 1;
  for (size_t i = 0; i + 1 < loops.size(); ++i) rows *= loops[i].count;
  return rows;
}

}  // namespace integra::kernels
