// Layers of which each thread runs all on its own pixels give the bits of layers one by one.
#include "runtime/pixel_chains.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "graph/schema.h"
#include "integra/session.hpp"
#include "kernels/isa.h"
#include "runtime/weight_cache.h"
#include "tests/support/add_layer.h"
#include "tests/support/networks.h"
#include "tests/support/random_run.h"

namespace integra::test {
namespace {

using graph::Graph;
using graph::OpType;
using graph::TensorId;

struct Sizes {
  int64_t rows, columns, channels, wide;
};

// Two blocks of 1 x 1, depthwise, 1 x 1 and an addition, as in MobileNetV2, between two 3 x 3
// convolutions.
Graph Blocks(const Sizes& s) {
  Random random(6);
  Graph g;
  g.name = "blocks";
  TensorId x = AddTensor(g, DataType::kInt8, {1, s.rows, s.columns, 3}, 0.1f, -3);
  g.inputs = {x};
  x = AddLayer(g, random, "first", OpType::kConv2d, x, {s.channels, 3, 3, 3}, 1);
  for (const char* name : {"a", "b"}) {
    const auto add = [&](const char* what, OpType type, TensorId from, Shape shape, int64_t pad) {
      return AddLayer(g, random, std::string(name) + what, type, from, std::move(shape), pad);
    };
    TensorId y = add(" expand", OpType::kConv2d, x, {s.wide, 1, 1, s.channels}, 0);
    y = add(" depthwise", OpType::kDepthwiseConv2d, y, {1, 3, 3, s.wide}, 1);
    y = add(" project", OpType::kConv2d, y, {s.channels, 1, 1, s.wide}, 0);
    const TensorId sum = AddTensor(g, DataType::kInt8, {}, 0.1f, 5);
    g.nodes.push_back({std::string(name) + " add", OpType::kAdd, {x, y}, {sum}, {}});
    x = sum;
  }
  x = AddLayer(g, random, "last", OpType::kConv2d, x, {s.wide, 3, 3, s.channels}, 1);
  g.outputs = {x};
  graph::Validate(g);
  return g;
}

// Names of the nodes that run as one, joined by '+', of a plan for so many threads.
std::vector<std::string> Chains(const Graph& g, const SessionOptions& options) {
  WeightCache cache;
  const runtime::Plan plan = runtime::MakePlan(g, options, cache);
  std::vector<std::string> chains;
  for (const runtime::Plan::Chain& chain : plan.chains) {
    std::string names;
    for (size_t i = chain.first; i <= chain.last; ++i) {
      names += (i == chain.first ? "" : "+") + g.nodes[i].name;
    }
    chains.push_back(names);
  }
  return chains;
}

TEST_CASE("pixel chains: the bits of layers one by one") {
  for (const Sizes& s : {Sizes{16, 16, 16, 64}, Sizes{14, 14, 24, 40}, Sizes{7, 7, 64, 128},
                         Sizes{9, 3, 5, 7}, Sizes{40, 56, 16, 48}, Sizes{1, 1, 8, 8}}) {
    CAPTURE(s.rows);
    const Network network(Blocks(s));
    Session reference(network, {.max_isa = "portable", .gemm = "reference"});
    for (int isa = 0; isa <= static_cast<int>(kernels::DetectIsa()); ++isa) {
      for (const int threads : {2, 3, 5}) {
        const std::string max_isa = kernels::NameOf(static_cast<kernels::Isa>(isa));
        CAPTURE(max_isa);
        CAPTURE(threads);
        Session session(network, {.threads = threads, .batch = 2, .max_isa = max_isa});
        Session single(network, {.threads = 1, .batch = 2, .max_isa = max_isa});
        for (unsigned seed = 0; seed < 3; ++seed) {
          const std::vector<std::byte> expected = RunOnRandom(single, seed);
          CHECK(RunOnRandom(session, seed) == expected);
          if (seed > 0) continue;
          // (Of the batch, the first sample has the same values.)
          const std::vector<std::byte> first = RunOnRandom(reference, seed);
          CHECK(std::equal(first.begin(), first.end(), expected.begin()));
        }
      }
    }
  }
}

TEST_CASE("pixel chains: a depthwise layer and what follows, up to the next one") {
  const Graph g = Blocks({14, 14, 64, 128});
  CHECK(Chains(g, {.threads = 2}) ==
        std::vector<std::string>{"first+a expand", "a depthwise+a project+a add+b expand",
                                 "b depthwise+b project+b add"});
  CHECK(Chains(g, {.threads = 1}).empty());
  CHECK(Chains(g, {.threads = 2, .profile = true}).empty());
  CHECK(Chains(g, {.threads = 2, .should_stop = [] { return false; }}).empty());
}

TEST_CASE("pixel chains: without a first layer whose rows are too few to be shared out") {
  CHECK(Chains(Blocks({7, 7, 64, 128}), {.threads = 2}) ==
        std::vector<std::string>{"a project+a add+b expand", "b project+b add"});
}

TEST_CASE("pixel chains: all tensors of a chain exist side by side") {
  const Graph g = Blocks({14, 14, 64, 128});
  WeightCache cache;
  const runtime::Plan plan = runtime::MakePlan(g, {.threads = 2}, cache);
  for (const runtime::Plan::Chain& chain : plan.chains) {
    std::vector<std::pair<size_t, size_t>> places;  // from, to
    const auto add = [&](TensorId id) {
      const size_t from = plan.offsets[static_cast<size_t>(id)];
      const auto bytes = static_cast<size_t>(ElementCount(g.tensor(id).shape));
      places.emplace_back(from, from + bytes);
    };
    for (size_t i = chain.first; i <= chain.last; ++i) {
      add(g.nodes[i].inputs[0]);
      add(g.nodes[i].outputs[0]);
    }
    for (const auto& a : places) {
      for (const auto& b : places) CHECK((a == b || a.second <= b.first || b.second <= a.first));
    }
  }
}

}  // namespace
}  // namespace integra::test
