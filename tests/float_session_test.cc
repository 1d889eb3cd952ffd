// Modes float and simulated on a small network made here, against each other and integer mode.
#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <vector>

#include "graph/schema.h"
#include "integra/compare.hpp"
#include "integra/float_session.hpp"

namespace integra {
namespace {

using graph::Graph;
using graph::Node;
using graph::OpType;
using graph::Tensor;
using graph::TensorId;

TensorId AddTensor(Graph& graph, const char* name, DataType dtype, Shape shape,
                   std::vector<float> scale, int32_t zero_point) {
  Tensor tensor;
  tensor.name = name;
  tensor.dtype = dtype;
  tensor.shape = std::move(shape);
  tensor.quantization.zero_point.assign(scale.size(), zero_point);
  tensor.quantization.scale = std::move(scale);
  graph.tensors.push_back(std::move(tensor));
  return static_cast<TensorId>(graph.tensors.size()) - 1;
}

template <typename T>
void Fill(Tensor& tensor, int low, int high, std::mt19937& random) {
  std::uniform_int_distribution<int> uniform(low, high);
  std::vector<T> values(static_cast<size_t>(ElementCount(tensor.shape)));
  for (T& value : values) value = static_cast<T>(uniform(random));
  tensor.data = SharedBytes::Own(std::move(values));
}

// conv_2d 3x3 per channel with ReLU, depthwise_conv_2d 3x3, reshape, fully_connected.
Graph SmallNetwork() {
  std::mt19937 random(3);
  Graph graph;
  graph.name = "small";
  const auto activation = [&](const char* name, Shape shape, float scale, int32_t zero_point) {
    return AddTensor(graph, name, DataType::kInt8, std::move(shape), {scale}, zero_point);
  };
  const auto constant = [&](const char* name, Shape shape, std::vector<float> scale, int axis) {
    const TensorId id =
        AddTensor(graph, name, DataType::kInt8, std::move(shape), std::move(scale), 0);
    graph.tensor(id).quantization.axis = axis;
    Fill<int8_t>(graph.tensor(id), -127, 127, random);
    return id;
  };
  const auto bias = [&](const char* name, int64_t count) {
    const TensorId id = AddTensor(graph, name, DataType::kInt32, {count}, {}, 0);
    Fill<int32_t>(graph.tensor(id), -5000, 5000, random);
    return id;
  };
  const auto node = [&](const char* name, OpType type, std::vector<TensorId> inputs,
                        TensorId output) -> Node& {
    graph.nodes.push_back({name, type, std::move(inputs), {output}, {}});
    return graph.nodes.back();
  };
  using Integers = std::vector<int64_t>;
  const TensorId x = activation("x", {1, 6, 6, 3}, 0.02f, -5);
  const TensorId a = activation("a", {1, 6, 6, 4}, 0.05f, -128);
  const TensorId b = activation("b", {1, 3, 3, 4}, 0.1f, 3);
  const TensorId c = activation("c", {1, 36}, 0.1f, 3);
  const TensorId y = activation("y", {1, 5}, 0.3f, 10);
  Node& conv =
      node("conv", OpType::kConv2d,
           {x, constant("w1", {4, 3, 3, 3}, {.01f, .02f, .005f, .01f}, 0), bias("b1", 4)}, a);
  conv.attributes["padding"] = Integers{1, 1, 1, 1};
  conv.attributes["activation"] = std::string("relu");
  Node& depthwise = node("depthwise", OpType::kDepthwiseConv2d,
                         {a, constant("w2", {1, 3, 3, 4}, {.01f, .02f, .005f, .01f}, 3)}, b);
  depthwise.attributes["padding"] = Integers{0, 1, 0, 1};
  depthwise.attributes["stride"] = Integers{2, 2};
  node("reshape", OpType::kReshape, {b}, c).attributes["shape"] = Integers{1, 36};
  node("dense", OpType::kFullyConnected, {c, constant("w3", {5, 36}, {.02f}, 0), bias("b3", 5)}, y);
  graph.inputs = {x};
  graph.outputs = {y};
  graph::Validate(graph);
  return graph;
}

class RandomSamples : public DataSource {
 public:
  int64_t size() const override { return 20; }
  void Read(int64_t i, const std::vector<TensorInfo>&,
            std::span<const std::span<std::byte>> buffers) override {
    std::mt19937 random(static_cast<unsigned>(i));
    for (const auto& buffer : buffers) {
      for (std::byte& byte : buffer) byte = static_cast<std::byte>(random());
    }
  }
  std::optional<int64_t> label(int64_t i) const override { return i % 5; }
};

TEST_CASE("float session: simulated agrees with integer mode within one step per layer") {
  const Network network(SmallNetwork());
  RandomSamples data;
  const Comparison comparison = Compare(network, data);
  CHECK(comparison.samples == 20);
  CHECK(comparison.labelled == 20);
  CHECK(comparison.layer_samples == 16);
  CHECK(comparison.is_classifier);
  REQUIRE(comparison.modes.size() == 3);
  REQUIRE(comparison.outputs.size() == 3);
  REQUIRE(comparison.layers.size() == 6);  // three pairs, free and with the same input
  for (const LayerComparison& pair : comparison.layers) {
    REQUIRE(pair.layers.size() == 4);
    if (!pair.same_input || pair.a != "simulated" || pair.b != "integer") continue;
    for (const LayerDifference& layer : pair.layers) {
      CAPTURE(layer.node);
      CHECK(layer.worst_steps <= 1.001);
      CHECK(layer.mean_steps <= 0.01);
      CHECK(layer.b_max > layer.b_min);
    }
    CHECK(pair.layers[2].worst_steps == 0);  // reshape
  }
  const std::string json = comparison.ToJson();
  CHECK(json.find("\"same_input\": true") != json.npos);
}

// One sample through a session: its output's bytes.
std::vector<std::byte> RunOnce(FloatSession& session, std::span<const std::byte> input) {
  std::vector<std::byte> output(5 * static_cast<size_t>(session.outputs()[0].shape[0]));
  const std::span<const std::byte> in[] = {input};
  const std::span<std::byte> out[] = {output};
  session.Run(in, out);
  return output;
}

TEST_CASE("float session: oneDNN, plain loops, threads and batches agree") {
  const Network network(SmallNetwork());
  RandomSamples data;
  std::vector<std::byte> input(3 * 6 * 6 * 3);
  const std::span<std::byte> all[] = {input};
  data.Read(1, {}, all);
  for (const Mode mode : {Mode::kFloat, Mode::kSimulated}) {
    FloatSession session(network, {.mode = mode});
    FloatSession plain(network, {.mode = mode, .reference = true});
    FloatSession batched(network, {.mode = mode, .threads = 2, .batch = 3});
    const auto together = RunOnce(batched, input);
    for (size_t i = 0; i < 3; ++i) {
      const auto sample = std::span(input).subspan(i * 108, 108);
      const auto got = RunOnce(session, sample);
      const auto expected = RunOnce(plain, sample);
      for (size_t k = 0; k < 5; ++k) {
        CHECK(std::abs(static_cast<int>(got[k]) - static_cast<int>(expected[k])) <= 1);
        CHECK(std::abs(session.OutputValues(0)[k] - plain.OutputValues(0)[k]) <
              (mode == Mode::kFloat ? 1e-3f : 0.31f));
        CHECK(together[i * 5 + k] == got[k]);
      }
    }
    CHECK(session.Profile()[0].multiply_accumulates == 6 * 6 * 4 * 27);
    CHECK(session.Profile()[1].multiply_accumulates == 3 * 3 * 4 * 9);
    CHECK(plain.Profile()[0].kernel == "float conv_2d");
  }
}

TEST_CASE("float session: mode float prefers original weights") {
  Graph graph = SmallNetwork();
  Tensor& weights = graph.tensor(*graph.Find("w3"));
  weights.float_data = SharedBytes::Own(std::vector<float>(5 * 36, 0.0f));
  Tensor& bias = graph.tensor(*graph.Find("b3"));
  bias.float_data = SharedBytes::Own(std::vector<float>{1, 2, 3, 4, 100});
  const Network network(std::move(graph));
  const std::vector<std::byte> input(108);
  FloatSession floats(network, {});
  RunOnce(floats, input);
  CHECK(floats.OutputValues(0) == std::vector<float>{1, 2, 3, 4, 100});
  CHECK(std::to_integer<int>(RunOnce(floats, input)[4]) == 127);  // clamped in the network's type
  FloatSession simulated(network, {.mode = Mode::kSimulated});
  RunOnce(simulated, input);
  CHECK(simulated.OutputValues(0)[4] != 100);
}

TEST_CASE("float session: wrong use is an error that says how") {
  const Network network(SmallNetwork());
  CHECK_THROWS_AS(FloatSession(network, {.mode = Mode::kInteger}), Error);
  CHECK_THROWS_AS(FloatSession(network, {.threads = -1}), Error);
  CHECK_THROWS_AS(FloatSession(network, {.batch = 0}), Error);
  FloatSession session(network);
  const std::vector<std::byte> wrong(7);
  CHECK_THROWS_AS(RunOnce(session, wrong), Error);
  CHECK_THROWS_AS(session.ReadValues("a"), Error);
  CHECK_THROWS_AS(session.ReadValues("none"), Error);
  CHECK_THROWS_AS(session.OutputValues(1), Error);
  RandomSamples data;
  CHECK_THROWS_AS(Compare(network, data, {.modes = {}}), Error);
  CHECK_THROWS_AS(Compare(network, data, {.modes = {Mode::kFloat, Mode::kFloat}}), Error);
}

}  // namespace
}  // namespace integra
