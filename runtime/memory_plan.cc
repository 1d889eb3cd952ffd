#include "runtime/memory_plan.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "base/buffer.h"

namespace integra::runtime {
namespace {

// Offsets given to some of the buffers, none overlapping another that is alive at the same time.
class Placement {
 public:
  explicit Placement(const std::vector<Lifetime>& lifetimes)
      : lifetimes_(lifetimes), offsets_(lifetimes.size()) {}

  // The lowest offset that is free for buffer `i`.
  size_t Lowest(size_t i) const {
    size_t offset = 0;
    ForEachNeighbour(i, placed_.begin(), placed_.end(), [&](size_t other) {
      if (offsets_[other] >= offset + Bytes(i)) return false;  // fits into the gap before it
      offset = std::max(offset, offsets_[other] + Bytes(other));
      return true;
    });
    return offset;
  }

  // The highest one with which it ends by `limit`; Lowest() where there is none.
  size_t Highest(size_t i, size_t limit) const {
    size_t end = limit;
    ForEachNeighbour(i, placed_.rbegin(), placed_.rend(), [&](size_t other) {
      if (offsets_[other] + Bytes(other) + Bytes(i) <= end) return false;
      end = std::min(end, offsets_[other]);
      return true;
    });
    return end >= Bytes(i) ? end - Bytes(i) : Lowest(i);
  }

  void Place(size_t i, size_t offset) {
    offsets_[i] = offset;
    arena_bytes_ = std::max(arena_bytes_, offset + Bytes(i));
    placed_.insert(std::upper_bound(placed_.begin(), placed_.end(), offset,
                                    [&](size_t at, size_t p) { return at < offsets_[p]; }),
                   i);
  }

  size_t arena_bytes() const { return arena_bytes_; }
  const std::vector<size_t>& offsets() const { return offsets_; }

 private:
  size_t Bytes(size_t i) const { return AlignUp(lifetimes_[i].bytes); }

  // Calls visit(other) for placed buffers that are alive together with buffer `i`, until it says
  // no.
  template <typename Iterator, typename Visit>
  void ForEachNeighbour(size_t i, Iterator begin, Iterator end, const Visit& visit) const {
    const Lifetime& buffer = lifetimes_[i];
    for (; begin != end; ++begin) {
      const Lifetime& other = lifetimes_[*begin];
      if (other.first <= buffer.last && buffer.first <= other.last && !visit(*begin)) return;
    }
  }

  const std::vector<Lifetime>& lifetimes_;
  std::vector<size_t> offsets_;
  std::vector<size_t> placed_;  // by offset
  size_t arena_bytes_ = 0;
};

template <typename Before>
std::vector<size_t> Sorted(size_t count, const Before& before) {
  std::vector<size_t> order(count);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), before);
  return order;
}

Placement LargestFirst(const std::vector<Lifetime>& lifetimes) {
  Placement placement(lifetimes);
  for (const size_t i : Sorted(lifetimes.size(), [&](size_t a, size_t b) {
         return lifetimes[a].bytes > lifetimes[b].bytes;
       })) {
    placement.Place(i, placement.Lowest(i));
  }
  return placement;
}

Placement FromBothEnds(const std::vector<Lifetime>& lifetimes, size_t limit) {
  Placement placement(lifetimes);
  bool low = true;
  for (const size_t i : Sorted(lifetimes.size(), [&](size_t a, size_t b) {
         return lifetimes[a].first < lifetimes[b].first;
       })) {
    placement.Place(i, low ? placement.Lowest(i) : placement.Highest(i, limit));
    low = !low;
  }
  return placement;
}

size_t LowerBound(const std::vector<Lifetime>& lifetimes) {
  std::map<int64_t, int64_t> changes;  // step -> bytes that come (+) or go (-) there
  for (const Lifetime& buffer : lifetimes) {
    const auto bytes = static_cast<int64_t>(AlignUp(buffer.bytes));
    changes[buffer.first] += bytes;
    changes[buffer.last + 1] -= bytes;
  }
  int64_t alive = 0, most = 0;
  for (const auto& [step, change] : changes) {
    alive += change;
    most = std::max(most, alive);
  }
  return static_cast<size_t>(most);
}

}  // namespace

MemoryPlan PlanMemory(const std::vector<Lifetime>& lifetimes) {
  const size_t bound = LowerBound(lifetimes);
  const Placement by_size = LargestFirst(lifetimes);
  if (by_size.arena_bytes() > bound) {
    const Placement by_time = FromBothEnds(lifetimes, bound);
    if (by_time.arena_bytes() < by_size.arena_bytes()) {
      return {by_time.offsets(), by_time.arena_bytes(), bound};
    }
  }
  return {by_size.offsets(), by_size.arena_bytes(), bound};
}

}  // namespace integra::runtime
