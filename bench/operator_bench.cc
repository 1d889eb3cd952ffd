// Single operators: a network of one node, run through a session, timed by the session's own
// profile.
#include <algorithm>
#include <random>
#include <vector>

#include "base/error.h"
#include "bench/benches.h"
#include "bench/shapes.h"
#include "graph/graph.h"
#include "graph/schema.h"
#include "integra/integra.hpp"

namespace integra::bench {
namespace {

graph::Tensor Activation(const char* name, Shape shape) {
  graph::Tensor tensor;
  tensor.name = name;
  tensor.dtype = DataType::kInt8;
  tensor.shape = std::move(shape);
  tensor.quantization = {{0.05f}, {-10}, 0};
  return tensor;
}

Network OneNode(std::vector<graph::Tensor> tensors, graph::Node node,
                std::vector<graph::TensorId> inputs) {
  graph::Graph graph;
  graph.name = "bench";
  graph.source = "bench";
  graph.tensors = std::move(tensors);
  graph.inputs = std::move(inputs);
  graph.outputs = node.outputs;
  graph.nodes.push_back(std::move(node));
  graph::Validate(graph);
  return Network(std::move(graph));
}

// Of one type, square images and kernels. A depthwise one has as many outputs as inputs.
struct Convolution {
  graph::OpType type = graph::OpType::kConv2d;
  int64_t size = 1, in = 1, out = 1, kernel = 1, stride = 1;

  bool depthwise() const { return type == graph::OpType::kDepthwiseConv2d; }
  int64_t output() const { return (size + stride - 1) / stride; }
  int64_t weights() const { return kernel * kernel * out * (depthwise() ? 1 : in); }
  double macs() const { return static_cast<double>(output() * output() * weights()); }
  double bytes() const { return static_cast<double>(size * size * in + output() * output() * out); }
};

Network NetworkOf(const Convolution& c) {
  std::mt19937 random(1);
  std::vector<int8_t> weights(static_cast<size_t>(c.weights()));
  std::generate(weights.begin(), weights.end(), [&] { return static_cast<int8_t>(random()); });

  graph::Tensor w;
  w.name = "w";
  w.dtype = DataType::kInt8;
  w.shape =
      c.depthwise() ? Shape{1, c.kernel, c.kernel, c.out} : Shape{c.out, c.kernel, c.kernel, c.in};
  w.quantization = {std::vector<float>(static_cast<size_t>(c.out), 0.01f),
                    std::vector<int32_t>(static_cast<size_t>(c.out), 0), c.depthwise() ? 3 : 0};
  w.data = SharedBytes::Own(std::move(weights));

  const int64_t padding = std::max<int64_t>((c.output() - 1) * c.stride + c.kernel - c.size, 0);
  graph::Node node{"node", c.type, {0, 1}, {2}, {}};
  node.attributes["stride"] = std::vector<int64_t>{c.stride, c.stride};
  node.attributes["padding"] =
      std::vector<int64_t>{padding / 2, padding - padding / 2, padding / 2, padding - padding / 2};
  return OneNode({Activation("x", {1, c.size, c.size, c.in}), w,
                  Activation("y", {1, c.output(), c.output(), c.out})},
                 std::move(node), {0});
}

Network Add(int64_t elements) {
  return OneNode({Activation("a", {1, elements}), Activation("b", {1, elements}),
                  Activation("y", {1, elements})},
                 graph::Node{"node", *graph::ParseOpType("add"), {0, 1}, {2}, {}}, {0, 1});
}

// Runs a network of one node; the time counted is the node's.
void RunNode(benchmark::State& state, const Network& network, double macs, double bytes) {
  Session session(network, {.profile = true});
  std::mt19937 random(1);
  std::vector<std::vector<std::byte>> buffers;
  for (const TensorInfo& info : session.inputs()) {
    auto& buffer = buffers.emplace_back(static_cast<size_t>(ElementCount(info.shape)));
    for (std::byte& byte : buffer) byte = static_cast<std::byte>(random());
  }
  const std::vector<std::span<const std::byte>> inputs(buffers.begin(), buffers.end());
  std::vector<std::byte> output(static_cast<size_t>(ElementCount(session.outputs()[0].shape)));
  const std::span<std::byte> outputs[] = {output};
  session.Run(inputs, outputs);

  const uint64_t begin = session.Profile()[0].total_ns;
  uint64_t before = begin;
  for (auto _ : state) {
    session.Run(inputs, outputs);
    const uint64_t after = session.Profile()[0].total_ns;
    state.SetIterationTime(static_cast<double>(after - before) * 1e-9);
    before = after;
  }
  state.SetLabel(session.Profile()[0].kernel);
  if (macs > 0) CountMacs(state, macs, static_cast<double>(before - begin) * 1e-9);
  state.counters["bytes/s"] =
      benchmark::Counter(bytes, benchmark::Counter::kIsIterationInvariantRate);
}

void RegisterConvolution(const char* kind, const std::string& name, const Convolution& c) {
  const std::string full = StrCat(
      kind, "/", name, "/size:", c.size, c.depthwise() ? "/channels:" : "/in:", c.in,
      c.depthwise() ? "" : StrCat("/out:", c.out), "/kernel:", c.kernel, "/stride:", c.stride);
  benchmark::RegisterBenchmark(full.c_str(), [=](benchmark::State& state) {
    RunNode(state, NetworkOf(c), c.macs(), c.bytes());
  })->UseManualTime();
}

}  // namespace

void RegisterOperators(const std::filesystem::path& shapes) {
  for (const ShapeLine& shape : ReadShapes(shapes / "mobilenet_v2_depthwise.txt", 5)) {
    const int64_t channels = shape.values[1];
    RegisterConvolution("depthwise", shape.name,
                        {.type = graph::OpType::kDepthwiseConv2d,
                         .size = shape.values[0],
                         .in = channels,
                         .out = channels,
                         .kernel = shape.values[2],
                         .stride = shape.values[3]});
  }
  for (const ShapeLine& shape : ReadShapes(shapes / "resnet_conv.txt", 4)) {
    RegisterConvolution("conv", shape.name,
                        {.size = shape.values[0],
                         .in = shape.values[1],
                         .out = shape.values[2],
                         .kernel = 3,
                         .stride = shape.values[3]});
  }
  for (const ShapeLine& shape : ReadShapes(shapes / "add.txt", 2)) {
    const int64_t elements = shape.values[0];
    benchmark::RegisterBenchmark(StrCat("add/elements:", elements).c_str(), [=](benchmark::State&
                                                                                    state) {
      RunNode(state, Add(elements), 0, 3.0 * static_cast<double>(elements));
    })->UseManualTime();
  }
}

}  // namespace integra::bench
