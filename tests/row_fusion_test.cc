// A depthwise convolution that takes its input row by row from the convolution before it gives the
// bits of two steps.
#include <doctest/doctest.h>

#include <string>

#include "graph/schema.h"
#include "integra/session.hpp"
#include "kernels/isa.h"
#include "tests/support/random_layer.h"
#include "tests/support/random_run.h"
#include "tests/support/tunable_network.h"

namespace integra::test {
namespace {

// `second` reads what `first` makes.
graph::Graph Joined(const Layer& first, const Layer& second) {
  graph::Graph g = first.graph;
  const graph::TensorId between = g.outputs[0];
  std::vector<graph::TensorId> moved;
  for (const graph::Tensor& tensor : second.graph.tensors) {
    if (tensor.name == "x") {
      moved.push_back(between);
      continue;
    }
    moved.push_back(static_cast<graph::TensorId>(g.tensors.size()));
    g.tensors.push_back(tensor);
    g.tensors.back().name = "second " + tensor.name;
  }
  graph::Node node = second.graph.nodes[0];
  node.name = "second";
  for (graph::TensorId& id : node.inputs) id = moved[static_cast<size_t>(id)];
  for (graph::TensorId& id : node.outputs) id = moved[static_cast<size_t>(id)];
  g.tensors[static_cast<size_t>(node.outputs[0])].shape[0] = first.params.batch;
  g.nodes.push_back(node);
  g.outputs = node.outputs;
  graph::Validate(g);
  return g;
}

bool Fused(const Session& session) {
  return session.Profile()[0].kernel.find(" within second") != std::string::npos;
}

// Large enough to be worth it, unless the second layer has many planes.
Layer FirstLayer(Random& random, int64_t out) {
  const int64_t kernel = Pick(random, 0, 2) == 0 ? 3 : 1;
  Layer first;
  do {
    first = RandomLayer(
        random, {Pick(random, 8, 24), Pick(random, 90, 300), Pick(random, 1, 9), out, 1, kernel});
  } while (first.params.x.output < 48 || first.params.y.output < 5);
  return first;
}

Layer SecondLayer(Random& random, const Layer& first, int64_t multiplicity) {
  const int64_t in = first.params.out_channels, kernel = Pick(random, 0, 3) == 0 ? 5 : 3;
  Layer second;
  do {
    second = RandomLayer(random, {first.params.y.output, first.params.x.output, in,
                                  in * multiplicity, kernel, kernel, true});
  } while (second.graph.tensors[0].dtype != first.graph.tensors[0].dtype);
  return second;
}

TEST_CASE("rows of a convolution within the next layer: the bits of two steps") {
  Random random(17);
  int fused = 0;
  for (int round = 0; round < 60; ++round) {
    const Layer first = FirstLayer(random, Pick(random, 16, 80));
    const kernels::Conv2dParams& p = first.params;
    const Layer second = SecondLayer(random, first, 1);
    const Network network(Joined(first, second));
    Session apart(network, {.keep_all_tensors = true});
    REQUIRE_FALSE(Fused(apart));
    const std::vector<std::byte> expected = RunOnRandom(apart, 1);
    for (int isa = 0; isa <= static_cast<int>(kernels::DetectIsa()); ++isa) {
      for (const char* gemm : {"", "reference"}) {
        SessionOptions options;
        options.max_isa = kernels::NameOf(static_cast<kernels::Isa>(isa));
        options.gemm = gemm;
        options.threads = 1 + (round + isa) % 3;
        Session session(network, options);
        CAPTURE(options.max_isa);
        CAPTURE(options.threads);
        CAPTURE(p.x.output);
        CAPTURE(second.params.x.stride);
        fused += Fused(session) ? 1 : 0;
        CHECK(RunOnRandom(session, 1) == expected);
        // Nothing is left of another run.
        RunOnRandom(session, 2);
        CHECK(RunOnRandom(session, 1) == expected);
      }
    }
  }
  CHECK(fused > 30);
}

TEST_CASE("rows of a convolution within the next layer: only where nobody else needs them") {
  Random random(5);
  Layer first, second;
  graph::Graph graph;
  do {
    first = FirstLayer(random, 64);
    second = SecondLayer(random, first, 1);
    graph = Joined(first, second);
  } while (!Fused(Session(Network(graph))));

  SUBCASE("an output of the network") {
    graph.outputs.push_back(graph.nodes[0].outputs[0]);
    CHECK_FALSE(Fused(Session(Network(graph))));
  }
  SUBCASE("two readers") {
    graph::Node again = graph.nodes[1];
    graph::Tensor other = graph.tensor(again.outputs[0]);
    again.name = other.name = "again";
    again.outputs = {static_cast<graph::TensorId>(graph.tensors.size())};
    graph.outputs.push_back(again.outputs[0]);
    graph.tensors.push_back(std::move(other));
    graph.nodes.push_back(std::move(again));
    CHECK_FALSE(Fused(Session(Network(graph))));
  }
  SUBCASE("channels that are repeated") {
    CHECK_FALSE(Fused(Session(Network(Joined(first, SecondLayer(random, first, 2))))));
  }
  SUBCASE("the tensor between takes no memory") {
    const Network network(graph);
    const size_t fused = Session(network).memory().arena_bytes;
    const size_t whole = Session(network, {.keep_all_tensors = true}).memory().arena_bytes;
    const auto between =
        static_cast<size_t>(ElementCount(graph.tensor(graph.nodes[0].outputs[0]).shape));
    CHECK(fused + between <= whole);
  }
}

TEST_CASE("rows of a convolution within the next layer: not where that finds a dynamic range") {
  const auto fused = [](const Session& session) {
    return session.Profile()[1].kernel.find(" within depthwise") != std::string::npos;
  };
  graph::Graph graph = TunableNetwork(32, 48);
  REQUIRE(fused(Session(Network(graph))));
  graph.tensor(graph.nodes[2].outputs[0]).quantization.dynamic = true;
  graph::Validate(graph);
  const Network network(graph);
  Session session(network), reference(network, {.gemm = "reference", .keep_all_tensors = true});
  CHECK_FALSE(fused(session));
  CHECK(RunOnRandom(session, 1) == RunOnRandom(reference, 1));
}

}  // namespace
}  // namespace integra::test
