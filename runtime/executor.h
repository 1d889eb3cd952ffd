// What runs a plan: its memory, and how long its steps took.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <vector>

#include "base/buffer.h"
#include "base/dynamic_range.h"
#include "base/thread_pool.h"
#include "graph/graph.h"
#include "integra/session.hpp"
#include "runtime/plan.h"

namespace integra::runtime {

class Executor {
 public:
  // `options` with the threads that are used. All but the plan have to outlive it.
  Executor(const graph::Graph& graph, Plan plan, const SessionOptions& options, ThreadPool& pool);

  // Runs every step once. Throws kCancelled where should_stop asks for it.
  void Run();

  const Plan& plan() const { return plan_; }
  // In the stored domain; null for a tensor that no step reads or makes.
  std::byte* address(graph::TensorId id) const { return addresses_[static_cast<size_t>(id)]; }
  // Of the tensor that owns a range.
  const DynamicRange& range(graph::TensorId id) const { return ranges_[static_cast<size_t>(id)]; }
  size_t scratch_bytes() const { return scratch_.size() + workspace_.size(); }

  // With options.profile: of a node's step, and of the runs since StartTrace().
  const NodeProfile& profile(size_t node) const { return profile_[node]; }
  void StartTrace() { trace_.clear(); }
  void WriteChromeTrace(std::ostream& out) const;

 private:
  struct Event {
    size_t node;
    uint64_t begin_ns, end_ns;
  };

  void StopWhereAsked(const PlannedStep& next) const;

  const graph::Graph& graph_;
  const SessionOptions& options_;
  const Plan plan_;
  ThreadPool& pool_;
  AlignedBuffer arena_;
  AlignedBuffer scratch_;
  AlignedBuffer workspace_;
  std::vector<DynamicRange> ranges_;  // by TensorId, where a tensor owns one
  std::vector<std::byte*> addresses_;
  std::vector<std::byte*> scratch_addresses_;
  std::vector<NodeProfile> profile_;  // times alone
  std::vector<Event> trace_;
};

}  // namespace integra::runtime
