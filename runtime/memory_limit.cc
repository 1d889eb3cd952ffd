#include "runtime/memory_limit.h"

#include <unistd.h>

#include <limits>

#include "base/error.h"

namespace integra::runtime {
namespace {

uint64_t MachineMemory() {
  const auto pages = ::sysconf(_SC_PHYS_PAGES);
  const auto page_bytes = ::sysconf(_SC_PAGESIZE);
  if (pages <= 0 || page_bytes <= 0) return std::numeric_limits<uint64_t>::max();
  return static_cast<uint64_t>(pages) * static_cast<uint64_t>(page_bytes);
}

}  // namespace

uint64_t MemoryLimit(const SessionOptions& options) {
  return options.max_memory_bytes > 0 ? options.max_memory_bytes : MachineMemory();
}

uint64_t WorkingBytes(const Plan& plan, int threads) {
  return plan.arena_bytes + plan.scratch_bytes * static_cast<uint64_t>(threads) +
         plan.workspace_bytes;
}

Plan Affordable(Plan plan, uint64_t weights, const graph::Graph& graph,
                const SessionOptions& options) {
  const uint64_t limit = MemoryLimit(options), working = WorkingBytes(plan, options.threads);
  if (working + weights > limit) {
    Fail(ErrorCode::kSystem, graph.source, ": needs ", working + weights, " bytes (activations ",
         plan.arena_bytes, ", scratch ", working - plan.arena_bytes, ", packed weights ", weights,
         "), more than the limit of ", limit,
         options.max_memory_bytes > 0 ? " (max_memory_bytes)" : ", which is all the machine has");
  }
  return plan;
}

}  // namespace integra::runtime
