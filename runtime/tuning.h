// Choosing kernels by measuring: each of the candidates runs, and the fastest is taken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/thread_pool.h"
#include "graph/graph.h"
#include "integra/network.hpp"
#include "integra/session.hpp"
#include "runtime/candidate.h"

namespace integra::runtime {

// What SessionOptions::tuning, which is not empty, stands for: the layers that have several
// candidates, and which of them was chosen, from the file or by measuring. `options` with the
// threads that are used.
std::vector<TunedLayer> Tune(const Network& network, const SessionOptions& options,
                             ThreadPool& pool);

// As MakePlan takes them. All nodes and candidates have to be known.
Choices ChoicesOf(const graph::Graph& graph, const std::vector<TunedLayer>& layers);

// A plan in which every node was asked to take the same candidate. By node:
struct MeasuredPlan {
  Candidate candidate;
  std::vector<std::string> kernels;
  std::vector<size_t> runs_within;  // as Plan's
  std::vector<uint64_t> best_ns;    // of its step; 0 where it has none
};

// Nodes that run as one step in some plan are chosen for together, by the sum of their times; plans
// that differ in none of their kernels count once. The first plan is the default: another one has
// to be clearly faster.
std::vector<TunedLayer> ChooseFastest(const graph::Graph& graph,
                                      std::span<const MeasuredPlan> plans);

}  // namespace integra::runtime
