// Any network that is accepted, a network.json or a .tflite file, runs and gives the same bits on
// every kernel.
#include <algorithm>
#include <random>

#include "convert/convert.h"
#include "graph/graph.h"
#include "integra/error.hpp"
#include "integra/float_session.hpp"
#include "integra/integra.hpp"
#include "tests/fuzz/targets.h"

namespace integra::fuzz {
namespace {

// Networks above this say nothing more about kernels, but keep the fuzzer from trying others.
constexpr int64_t kMaxElements = 1 << 14;
constexpr int64_t kMaxProducts = 1 << 22;

bool IsSmall(const graph::Graph& graph) {
  int64_t products = 0;
  for (const graph::Tensor& tensor : graph.tensors) {
    if (ElementCount(tensor.shape) > kMaxElements) return false;
  }
  for (const graph::Node& node : graph.nodes) {
    int64_t elements = 1;
    for (const graph::TensorId id : node.outputs) elements += ElementCount(graph.tensor(id).shape);
    int64_t taps = 1;
    for (const char* const window : {"filter", "window"}) {
      if (!node.has(window)) continue;
      for (const int64_t length : node.integers(window)) taps *= std::min(length, kMaxElements);
    }
    for (const graph::TensorId id : node.inputs) {
      if (id != graph::kNoTensor) taps = std::max(taps, ElementCount(graph.tensor(id).shape));
    }
    products += elements * taps;
    if (products > kMaxProducts * 16) return false;
  }
  return true;
}

struct Outcome {
  bool refused = false;
  std::string message;
  std::vector<Bytes> outputs;
};

Bytes Random(const TensorInfo& info, std::mt19937& random) {
  Bytes bytes(static_cast<size_t>(ElementCount(info.shape)) * SizeOf(info.dtype));
  for (std::byte& b : bytes) {
    b = static_cast<std::byte>(random());
    if (info.dtype == DataType::kBool) b &= std::byte{1};
  }
  return bytes;
}

Outcome RunOn(const Network& network, const SessionOptions& options, uint32_t seed) {
  Outcome outcome;
  try {
    Session session(network, options);
    std::mt19937 random(seed);
    std::vector<Bytes> inputs;
    for (const TensorInfo& info : session.inputs()) inputs.push_back(Random(info, random));
    for (const TensorInfo& info : session.outputs()) {
      outcome.outputs.emplace_back(static_cast<size_t>(ElementCount(info.shape)) *
                                   SizeOf(info.dtype));
    }
    const std::vector<BytesView> in(inputs.begin(), inputs.end());
    const std::vector<std::span<std::byte>> out(outcome.outputs.begin(), outcome.outputs.end());
    session.Run(in, out);
  } catch (const Error& error) {
    outcome.refused = true;
    outcome.message = error.what();
  }
  return outcome;
}

}  // namespace

graph::Graph LoadAny(BytesView input) {
  const bool is_text = !input.empty() && input[0] == std::byte{'{'};
  return is_text ? LoadText(input) : convert::ImportTflite(input, "fuzz.tflite");
}

void RunExecute(BytesView input) {
  try {
    graph::Graph graph = LoadAny(input);
    if (!IsSmall(graph)) return;
    const Network network(std::move(graph));
    const auto seed = static_cast<uint32_t>(input.size());
    SessionOptions options;
    options.float_nodes = FloatIslands();
    options.gemm = "reference";
    options.max_isa = "portable";
    const Outcome expected = RunOn(network, options, seed);
    for (const char* const isa : {"portable", "sse41", "avx2", ""}) {
      options.gemm = "";
      options.max_isa = isa;
      const Outcome got = RunOn(network, options, seed);
      if (got.refused != expected.refused) {
        Finding(("only some kernels refuse: " + got.message + expected.message).c_str());
      }
      if (!got.refused && got.outputs != expected.outputs) {
        Finding("kernels give other bits than the reference");
      }
    }
  } catch (const Error&) {
  }
}

std::vector<Bytes> ExecuteSeeds() {
  std::vector<Bytes> seeds = TfliteSeeds();
  for (Bytes& text : NetworkSeeds()) seeds.push_back(std::move(text));
  return seeds;
}

}  // namespace integra::fuzz
