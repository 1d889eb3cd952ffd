// Layers of one row that run as one step give the bits of a step for each.
#include "runtime/row_layers.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "graph/schema.h"
#include "integra/session.hpp"
#include "kernels/isa.h"
#include "runtime/weight_cache.h"
#include "tests/support/networks.h"
#include "tests/support/random_layer.h"
#include "tests/support/random_run.h"

namespace integra::test {
namespace {

using graph::Graph;
using graph::OpType;
using graph::TensorId;

template <typename T>
SharedBytes RandomBytes(Random& random, int64_t count, int64_t low, int64_t high) {
  std::vector<T> values;
  for (int64_t i = 0; i < count; ++i) values.push_back(static_cast<T>(Pick(random, low, high)));
  return SharedBytes::Own(std::move(values));
}

// Dense layers of `widths`, the first of which is the input. Behind the third one stands an
// activation by itself.
Graph DenseLayers(Random& random, const std::vector<int64_t>& widths) {
  Graph g;
  g.name = "dense layers";
  TensorId x = AddTensor(g, DataType::kInt8, {1, widths[0]}, 0.1f, -3);
  g.inputs = {x};
  for (size_t i = 1; i < widths.size(); ++i) {
    const int64_t in = widths[i - 1], out = widths[i];
    const TensorId w = AddTensor(g, DataType::kInt8, {out, in}, 0.01f, 0,
                                 RandomBytes<int8_t>(random, out * in, -127, 127));
    const TensorId bias = AddTensor(g, DataType::kInt32, {out}, 0.001f, 0,
                                    RandomBytes<int32_t>(random, out, -2000, 2000));
    const TensorId y = AddTensor(g, DataType::kInt8, {}, 0.1f, i % 2 ? -3 : 20);
    g.nodes.push_back(
        {"dense" + std::to_string(i), OpType::kFullyConnected, {x, w, bias}, {y}, {}});
    if (i % 2) g.nodes.back().attributes = {{"activation", std::string("relu")}};
    x = y;
    if (i == 3) {
      x = AddTensor(g, DataType::kInt8, {}, 0.1f, g.tensor(y).quantization.zero_point[0]);
      g.nodes.push_back({"relu", OpType::kRelu, {y}, {x}, {}});
    }
  }
  g.outputs = {x};
  graph::Validate(g);
  return g;
}

// The fifth is large enough to be shared out to threads.
const std::vector<int64_t> kWidths = {40, 130, 20, 5, 300, 700, 64, 8, 33};

TEST_CASE("layers of one row: the bits of a step for each") {
  Random random(3);
  const Network network(DenseLayers(random, kWidths));
  for (int isa = 0; isa <= static_cast<int>(kernels::DetectIsa()); ++isa) {
    SessionOptions options;
    options.max_isa = kernels::NameOf(static_cast<kernels::Isa>(isa));
    CAPTURE(options.max_isa);
    Session joined(network, options);
    options.threads = 2;
    Session shared(network, options);
    options.profile = true;
    Session apart(network, options);
    options.profile = false;
    options.gemm = "reference";
    Session reference(network, options);
    for (unsigned seed = 0; seed < 5; ++seed) {
      const std::vector<std::byte> expected = RunOnRandom(reference, seed);
      CHECK(RunOnRandom(joined, seed) == expected);
      CHECK(RunOnRandom(shared, seed) == expected);
      CHECK(RunOnRandom(apart, seed) == expected);
    }
  }
}

TEST_CASE("layers of one row: one step of those that follow each other") {
  Random random(4);
  const Network network(DenseLayers(random, kWidths));
  const auto steps = [&](const SessionOptions& options) {
    WeightCache cache;
    return runtime::MakePlan(network.graph(), options, cache).steps;
  };
  const size_t apart = steps({.profile = true}).size();
  CHECK(apart == kWidths.size());
  CHECK(steps({.should_stop = [] { return false; }}).size() == apart);
  // Where kernels have row steps: three layers, an activation, five layers. Threads take parts of
  // the second of these five.
  const bool has_row_steps = kernels::DefaultIsa() == kernels::Isa::kAvx512Vnni;
  CHECK(steps({.threads = 1}).size() == (has_row_steps ? 3 : apart));
  CHECK(steps({.threads = 2}).size() == (has_row_steps ? 5 : apart));
}

TEST_CASE("layers of one row: a caller is asked before each whether to go on") {
  Random random(5);
  const Network network(DenseLayers(random, kWidths));
  size_t asked = 0;
  Session session(network, {.should_stop = [&] {
                    ++asked;
                    return false;
                  }});
  RunOnRandom(session, 0);
  CHECK(asked == kWidths.size());
}

}  // namespace
}  // namespace integra::test
