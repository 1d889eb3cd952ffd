#include "cli/measure.h"

#include <algorithm>
#include <chrono>
#include <numeric>

namespace integra::cli {
namespace {

// A slice this long makes the clock's 50 ns a matter of a quarter percent.
constexpr double kSliceNs = 20'000;

double TimeOf(const std::function<void()>& work, int64_t calls) {
  const uint64_t start = NowNs();
  for (int64_t i = 0; i < calls; ++i) work();
  return static_cast<double>(NowNs() - start) / static_cast<double>(calls);
}

}  // namespace

uint64_t NowNs() {
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                   std::chrono::steady_clock::now().time_since_epoch())
                                   .count());
}

Timing Measure(const std::function<void()>& work, double warm_up, double min_time) {
  const auto seconds = [](double s) { return static_cast<uint64_t>(s * 1e9); };
  double quick = TimeOf(work, 1);
  for (const uint64_t end = NowNs() + seconds(warm_up); NowNs() < end;) {
    quick = std::min(quick, TimeOf(work, 1));
  }
  Timing timing;
  timing.calls_per_slice = std::clamp<int64_t>(
      static_cast<int64_t>(kSliceNs / std::max(quick, 1.0)) + (quick < kSliceNs ? 1 : 0), 1,
      1 << 20);
  std::vector<double> times;
  for (const uint64_t end = NowNs() + seconds(min_time); NowNs() < end || times.size() < 3;) {
    times.push_back(TimeOf(work, timing.calls_per_slice));
  }
  timing.calls = timing.calls_per_slice * static_cast<int64_t>(times.size());
  timing.mean_ns =
      std::accumulate(times.begin(), times.end(), 0.0) / static_cast<double>(times.size());
  std::sort(times.begin(), times.end());
  timing.best_ns = times.front();
  timing.median_ns = times[times.size() / 2];
  timing.p99_ns = times[(times.size() - 1) * 99 / 100];
  return timing;
}

}  // namespace integra::cli
