#include "runtime/memory_plan.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "base/buffer.h"

namespace integra::runtime {

MemoryPlan PlanMemory(const std::vector<Lifetime>& lifetimes) {
  MemoryPlan plan;
  plan.offsets.resize(lifetimes.size());
  std::vector<size_t> order(lifetimes.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return lifetimes[a].bytes > lifetimes[b].bytes; });

  std::vector<size_t> placed;  // by offset
  for (const size_t i : order) {
    const Lifetime& buffer = lifetimes[i];
    const size_t bytes = AlignUp(buffer.bytes);
    size_t offset = 0;
    for (const size_t other : placed) {
      const bool together =
          lifetimes[other].first <= buffer.last && buffer.first <= lifetimes[other].last;
      if (!together) continue;
      if (plan.offsets[other] >= offset + bytes) break;  // fits into the gap before it
      offset = std::max(offset, plan.offsets[other] + AlignUp(lifetimes[other].bytes));
    }
    plan.offsets[i] = offset;
    plan.arena_bytes = std::max(plan.arena_bytes, offset + bytes);
    placed.insert(std::upper_bound(placed.begin(), placed.end(), offset,
                                   [&](size_t at, size_t p) { return at < plan.offsets[p]; }),
                  i);
  }

  std::map<int64_t, int64_t> changes;  // step -> bytes that come (+) or go (-) there
  for (const Lifetime& buffer : lifetimes) {
    const auto bytes = static_cast<int64_t>(AlignUp(buffer.bytes));
    changes[buffer.first] += bytes;
    changes[buffer.last + 1] -= bytes;
  }
  int64_t alive = 0;
  for (const auto& [step, change] : changes) {
    alive += change;
    plan.lower_bound = std::max(plan.lower_bound, static_cast<size_t>(alive));
  }
  return plan;
}

}  // namespace integra::runtime
