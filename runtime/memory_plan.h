// Where every activation lives in one arena: lifetimes to offsets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace integra::runtime {

// A buffer that is alive from step `first` to step `last`, both included.
struct Lifetime {
  size_t bytes = 0;
  int64_t first = 0;
  int64_t last = 0;
};

struct MemoryPlan {
  std::vector<size_t> offsets;  // one per lifetime, each a multiple of kAlignment
  size_t arena_bytes = 0;
  size_t lower_bound = 0;  // the largest sum of sizes alive at one step
};

// Places the largest buffers first, each at the lowest offset where it overlaps no placed buffer
// that is alive at the same time (Pisarchyk & Lee 2020, "Efficient Memory Management for Deep
// Neural Net Inference", section 4.3: greedy by size for offset calculation). Where that is not as
// small as can be, buffers are also placed in the order of their first use, at the two ends in
// turn: a chain of layers then needs no more than its two largest neighbours; and those of the
// steps with the most bytes alive first (section 4.2, greedy by breadth). The smallest plan counts.
MemoryPlan PlanMemory(const std::vector<Lifetime>& lifetimes);

}  // namespace integra::runtime
