// How much memory a session may take.
#pragma once

#include <cstdint>

#include "graph/graph.h"
#include "integra/session.hpp"
#include "runtime/plan.h"

namespace integra::runtime {

// options.max_memory_bytes, or what the machine has.
uint64_t MemoryLimit(const SessionOptions& options);

// Of activations and scratch: what running a plan takes beside its packed weights.
uint64_t WorkingBytes(const Plan& plan, int threads);

// The plan, which so far is only a plan: shapes in a file of a few bytes can ask for any amount.
// Throws Error (kSystem) where it needs more than the limit. `weights`: bytes of packed ones.
Plan Affordable(Plan plan, uint64_t weights, const graph::Graph& graph,
                const SessionOptions& options);

}  // namespace integra::runtime
