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
