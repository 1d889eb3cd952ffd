#include "base/thread_pool.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace integra {
namespace {

TEST_CASE("every part runs exactly once, on a known thread") {
  for (const int threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    CHECK(pool.threads() == threads);
    for (int round = 0; round < 300; ++round) {
      const int64_t parts = round % 23;
      std::vector<std::atomic<int>> runs(static_cast<size_t>(parts));
      std::atomic<bool> known{true};
      pool.ParallelFor(parts, [&](int64_t i, int thread) {
        runs[static_cast<size_t>(i)].fetch_add(1);
        if (thread < 0 || thread >= threads) known = false;
      });
      for (const auto& count : runs) CHECK(count.load() == 1);
      CHECK(known.load());
    }
  }
}

// More than are handed out at once, and more tasks than have different numbers.
TEST_CASE("very many parts, and very many tasks") {
  ThreadPool pool(2);
  int64_t sums[2] = {0, 0};
  constexpr int64_t kParts = 17'000'000;
  pool.ParallelFor(kParts, [&](int64_t i, int thread) { sums[thread] += i; });
  CHECK(sums[0] + sums[1] == kParts * (kParts - 1) / 2);

  std::atomic<int64_t> runs{0};
  for (int task = 0; task < 70'000; ++task) {
    pool.ParallelFor(3, [&](int64_t, int) { runs.fetch_add(1, std::memory_order_relaxed); });
  }
  CHECK(runs.load() == 3 * 70'000);
}

TEST_CASE("two callers share a pool") {
  ThreadPool pool(3);
  std::atomic<int64_t> sum{0};
  const auto work = [&] {
    for (int round = 0; round < 200; ++round) {
      pool.ParallelFor(10, [&](int64_t i, int) { sum.fetch_add(i); });
    }
  };
  std::thread other(work);
  work();
  other.join();
  CHECK(sum.load() == 2 * 200 * 45);
}

}  // namespace
}  // namespace integra
