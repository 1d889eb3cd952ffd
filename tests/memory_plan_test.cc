#include "runtime/memory_plan.h"

#include <doctest/doctest.h>

#include <random>

#include "base/buffer.h"

namespace integra::runtime {
namespace {

// No two buffers that are alive together share a byte, and all lie in the arena.
void CheckPlan(const std::vector<Lifetime>& buffers, const MemoryPlan& plan) {
  REQUIRE(plan.offsets.size() == buffers.size());
  CHECK(plan.arena_bytes >= plan.lower_bound);
  for (size_t i = 0; i < buffers.size(); ++i) {
    CHECK(plan.offsets[i] % kAlignment == 0);
    CHECK(plan.offsets[i] + buffers[i].bytes <= plan.arena_bytes);
    for (size_t j = 0; j < i; ++j) {
      const bool together =
          buffers[i].first <= buffers[j].last && buffers[j].first <= buffers[i].last;
      const bool apart = plan.offsets[i] + buffers[i].bytes <= plan.offsets[j] ||
                         plan.offsets[j] + buffers[j].bytes <= plan.offsets[i];
      CHECK((apart || !together || buffers[i].bytes == 0 || buffers[j].bytes == 0));
    }
  }
}

TEST_CASE("memory plan: nothing needs nothing") {
  const MemoryPlan plan = PlanMemory({});
  CHECK(plan.arena_bytes == 0);
  CHECK(plan.lower_bound == 0);
}

TEST_CASE("memory plan: a chain takes its two largest neighbours") {
  const std::vector<Lifetime> chain = {{640, 0, 1}, {1280, 1, 2}, {320, 2, 3}, {128, 3, 4}};
  const MemoryPlan plan = PlanMemory(chain);
  CheckPlan(chain, plan);
  CHECK(plan.lower_bound == 1920);
  CHECK(plan.arena_bytes == 1920);
}

TEST_CASE("memory plan: no chain takes more than its two largest neighbours") {
  std::mt19937 random(5);
  for (int round = 0; round < 200; ++round) {
    std::vector<Lifetime> chain;
    const auto count = static_cast<int64_t>(1 + random() % 20);
    for (int64_t i = 0; i < count; ++i) chain.push_back({1 + random() % 5000, i, i + 1});
    const MemoryPlan plan = PlanMemory(chain);
    CheckPlan(chain, plan);
    CHECK(plan.arena_bytes == plan.lower_bound);
  }
}

TEST_CASE("memory plan: buffers alive together stay apart, whatever their lifetimes") {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    std::vector<Lifetime> buffers;
    const size_t count = 1 + random() % 40;
    for (size_t i = 0; i < count; ++i) {
      const int64_t first = static_cast<int64_t>(random() % 30);
      buffers.push_back({random() % 5000, first, first + static_cast<int64_t>(random() % 6)});
    }
    CheckPlan(buffers, PlanMemory(buffers));
  }
}

}  // namespace
}  // namespace integra::runtime
