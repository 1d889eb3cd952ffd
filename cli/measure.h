// Timing of short, repeated work.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace integra::cli {

// Times of one call in nanoseconds, over many slices of the measuring time. Calls that take less
// than some microseconds are timed in groups, so that reading the clock does not count.
struct Timing {
  double best_ns = 0, median_ns = 0, mean_ns = 0, p99_ns = 0;
  int64_t calls = 0;
  int64_t calls_per_slice = 1;
};

// Calls `work` for `warm_up` seconds (at least once) and then measures it for `min_time` seconds
// (at least three slices).
Timing Measure(const std::function<void()>& work, double warm_up, double min_time);

uint64_t NowNs();

}  // namespace integra::cli
