#include "runtime/memory_plan.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <span>
#include <utility>

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

  std::span<const Lifetime> lifetimes_;
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

// Bytes alive at every step at which that changes.
std::map<int64_t, int64_t> BytesAlive(const std::vector<Lifetime>& lifetimes) {
  std::map<int64_t, int64_t> alive;  // at first: what comes (+) or goes (-)
  for (const Lifetime& buffer : lifetimes) {
    const auto bytes = static_cast<int64_t>(AlignUp(buffer.bytes));
    alive[buffer.first] += bytes;
    alive[buffer.last + 1] -= bytes;
  }
  int64_t sum = 0;
  for (auto& [step, bytes] : alive) bytes = sum += bytes;
  return alive;
}

// The steps with most bytes alive first, and of each step the largest buffers.
Placement WidestFirst(const std::vector<Lifetime>& lifetimes,
                      const std::map<int64_t, int64_t>& bytes_alive) {
  std::vector<int64_t> widest(lifetimes.size(), 0);  // of a buffer's steps
  for (size_t i = 0; i < lifetimes.size(); ++i) {
    const auto end = bytes_alive.upper_bound(lifetimes[i].last);
    for (auto step = bytes_alive.find(lifetimes[i].first); step != end; ++step) {
      widest[i] = std::max(widest[i], step->second);
    }
  }
  Placement placement(lifetimes);
  for (const size_t i : Sorted(lifetimes.size(), [&](size_t a, size_t b) {
         return widest[a] != widest[b] ? widest[a] > widest[b]
                                       : lifetimes[a].bytes > lifetimes[b].bytes;
       })) {
    placement.Place(i, placement.Lowest(i));
  }
  return placement;
}

}  // namespace

MemoryPlan PlanMemory(const std::vector<Lifetime>& lifetimes) {
  const std::map<int64_t, int64_t> bytes_alive = BytesAlive(lifetimes);
  int64_t most = 0;
  for (const auto& [step, bytes] : bytes_alive) most = std::max(most, bytes);
  const auto bound = static_cast<size_t>(most);

  Placement best = LargestFirst(lifetimes);
  const auto consider = [&](const auto& place) {
    if (best.arena_bytes() == bound) return;
    Placement other = place();
    if (other.arena_bytes() < best.arena_bytes()) best = std::move(other);
  };
  consider([&] { return FromBothEnds(lifetimes, bound); });
  consider([&] { return WidestFirst(lifetimes, bytes_alive); });
  return {best.offsets(), best.arena_bytes(), bound};
}

}  // namespace integra::runtime
