// A plan: a network made ready to run. Kernels are chosen, weights packed, memory laid out.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "integra/session.hpp"
#include "kernels/isa.h"
#include "runtime/candidate.h"
#include "runtime/lowering.h"
#include "runtime/memory_plan.h"

namespace integra::runtime {

struct PlannedStep {
  size_t node;  // index in graph.nodes; of several that were joined, the first one's
  Step run;
  RowLayer row_layer = {};
  PixelStep pixel_step = {};
};

struct PlannedNode {
  std::string kernel;
  uint64_t multiply_accumulates = 0;
};

struct Plan {
  kernels::Isa isa;
  std::vector<PlannedStep> steps;
  std::vector<PlannedNode> nodes;  // every node, those without a step too
  // By node: the one in whose step it runs, its own or that of the layer that takes its rows.
  std::vector<size_t> runs_within;
  // Nodes whose steps run as one, on different pixels at the same time: the first one's and the
  // last one's index. All tensors that they read or make exist side by side.
  struct Chain {
    size_t first, last;
  };
  std::vector<Chain> chains;
  size_t scratch_bytes = 0;    // per thread, so that they can lie side by side
  size_t workspace_bytes = 0;  // shared by all threads
  std::vector<graph::TensorId> range_owners;

  // Per tensor: where it lives in the arena, or kNotInArena for constants.
  static constexpr size_t kNotInArena = ~size_t{0};
  std::vector<size_t> offsets;
  std::vector<AlignedBuffer> constants;  // constants used as activations, in the stored domain
  std::vector<const std::byte*> constant_addresses;  // per tensor; null if not a constant
  size_t arena_bytes = 0;
  size_t arena_lower_bound = 0;
};

// Throws Error (kUnsupported, kInvalidArgument) naming the node that cannot run.
Plan MakePlan(const graph::Graph& graph, const SessionOptions& options, WeightCache& cache,
              const Choices& choices = {});

// The instruction set of plans with these options: one whose kernels are right on this processor.
// Throws Error as MakePlan.
kernels::Isa IsaOf(const graph::Graph& graph, const SessionOptions& options);

// Between a tensor's own dtype and the stored domain: int8 values move by 128; `from` and `to` may
// be the same.
void ToStored(DataType dtype, const std::byte* from, std::byte* to, size_t bytes);
void FromStored(DataType dtype, const std::byte* from, std::byte* to, size_t bytes);

}  // namespace integra::runtime
