// Real networks, imported from .tflite, give the bits of LiteRT's reference kernels.
#include <doctest/doctest.h>

#include "convert/convert.h"
#include "graph/network_file.h"
#include "graph/schema.h"
#include "integra/float_session.hpp"
#include "integra/integra.hpp"
#include "tests/support/difference.h"
#include "tests/support/golden.h"
#include "tests/support/golden_network.h"
#include "tests/support/one_node.h"
#include "tests/support/temporary_folder.h"

namespace integra::test {
namespace {

// LiteRT keeps the states of its LSTM from one run to the next.
constexpr const char* kRecurrent = "keras_lstm_mnist_ptq";

using Bytes = std::vector<std::byte>;
using BytesView = std::span<const std::byte>;

std::vector<Bytes> Run(Session& session, const std::vector<BytesView>& inputs) {
  std::vector<Bytes> outputs;
  std::vector<std::span<std::byte>> views;
  for (const TensorInfo& info : session.outputs()) {
    outputs.emplace_back(static_cast<size_t>(ElementCount(info.shape)) * SizeOf(info.dtype));
  }
  for (Bytes& output : outputs) views.emplace_back(output);
  session.Run(inputs, views);
  return outputs;
}

std::vector<BytesView> Sample(const std::vector<Array>& arrays, int64_t i) {
  std::vector<BytesView> sample;
  for (const Array& array : arrays) sample.push_back(array.slices(i));
  return sample;
}

// The network as a user gets it: imported, written to disk and read again.
graph::Graph ImportAndReload(const GoldenNetwork& golden) {
  const TemporaryFolder folder;
  graph::SaveNetwork(convert::ImportTflite(golden.model), folder.path());
  return graph::LoadNetwork(folder.path());
}

std::vector<std::string> AllNames() {
  std::vector<std::string> names;
  for (const GoldenName& golden : GoldenNames()) names.push_back(golden.name);
  return names;
}

// Calls test(golden) for every network; an error of Integra fails the test and goes on.
template <typename Test>
void ForEachNetwork(Test test, const std::vector<std::string>& names = AllNames()) {
  const auto data = GoldenFolder();
  if (!data) return;
  for (const std::string& name : names) {
    CAPTURE(name);
    try {
      test(LoadGolden(*data, name));
    } catch (const Error& error) {
      FAIL_CHECK(std::string(error.what()));
    }
  }
}

TEST_CASE("Activations take at most a tenth more memory than any plan needs") {
  ForEachNetwork([](const GoldenNetwork& golden) {
    const Network network = Import(golden.model);
    const Session session(network, {.float_nodes = FloatIslands()});
    const MemoryUse memory = session.memory();
    MESSAGE(golden.name << ": " << memory.arena_bytes << " bytes, lower bound "
                        << memory.arena_lower_bound);
    CHECK(memory.arena_bytes >= memory.arena_lower_bound);
    CHECK(10 * memory.arena_bytes <= 11 * memory.arena_lower_bound);
  });
}

TEST_CASE("Integer mode gives the outputs of LiteRT's reference kernels") {
  ForEachNetwork([](const GoldenNetwork& golden) {
    if (golden.name == kRecurrent) return;  // below
    const Network network(ImportAndReload(golden));
    SessionOptions options;
    options.float_nodes = FloatIslands();
    Session session(network, options);
    REQUIRE(session.outputs().size() == golden.outputs.size());
    for (int64_t i = 0; i < golden.samples(); ++i) {
      CAPTURE(i);
      const auto outputs = Run(session, Sample(golden.inputs, i));
      for (size_t k = 0; k < outputs.size(); ++k) {
        const TensorInfo& info = session.outputs()[k];
        const auto expected = golden.outputs[k].slices(i);
        CHECK(Difference(info.dtype, info.shape, expected, outputs[k]) == "");
      }
    }
  });
}

// Makes the states of the network's LSTM inputs and outputs of the network, behind the others.
void ExposeStates(graph::Graph& graph) {
  for (graph::Node& node : graph.nodes) {
    if (NameOf(node.type) != std::string("unidirectional_sequence_lstm")) continue;
    const graph::Tensor sequence = graph.tensor(node.outputs[0]);
    const auto add = [&](const char* name, bool is_cell) {
      graph::Tensor state;
      state.name = name;
      state.dtype = is_cell ? DataType::kInt16 : sequence.dtype;
      state.shape = {sequence.shape[0], sequence.shape[2]};
      state.quantization = sequence.quantization;
      if (is_cell) state.quantization = {{1.0f / 4096}, {0}, 0};
      graph.tensors.push_back(std::move(state));
      return static_cast<graph::TensorId>(graph.tensors.size() - 1);
    };
    for (const bool is_cell : {false, true}) {
      node.inputs.push_back(add(is_cell ? "cell before" : "state before", is_cell));
      graph.inputs.push_back(node.inputs.back());
      node.outputs.push_back(add(is_cell ? "cell after" : "state after", is_cell));
      graph.outputs.push_back(node.outputs.back());
    }
  }
  graph::Validate(graph);
}

TEST_CASE("An LSTM goes on from the states of the sample before, as LiteRT's does") {
  ForEachNetwork(
      [](const GoldenNetwork& golden) {
        graph::Graph graph = ImportAndReload(golden);
        ExposeStates(graph);
        REQUIRE(graph.inputs.size() == 3);
        const auto zero =
            static_cast<std::byte>(graph.tensor(graph.inputs[1]).quantization.zero_point[0]);
        const Network network(std::move(graph));
        Session session(network);
        const auto cells = static_cast<size_t>(network.inputs()[1].shape[1]);
        std::vector<Bytes> states = {Bytes(cells, zero), Bytes(2 * cells)};
        for (int64_t i = 0; i < golden.samples(); ++i) {
          CAPTURE(i);
          std::vector<BytesView> inputs = Sample(golden.inputs, i);
          inputs.insert(inputs.end(), states.begin(), states.end());
          const auto outputs = Run(session, inputs);
          const TensorInfo& info = session.outputs()[0];
          const auto expected = golden.outputs[0].slices(i);
          CHECK(Difference(info.dtype, info.shape, expected, outputs[0]) == "");
          states = {outputs[1], outputs[2]};
        }
      },
      {kRecurrent});
}

TEST_CASE("Integer mode gives every intermediate tensor of LiteRT's reference kernels") {
  ForEachNetwork([](const GoldenNetwork& golden) {
    if (golden.tensors.empty()) return;
    const Network network(ImportAndReload(golden));
    const graph::Graph& graph = network.graph();
    SessionOptions options;
    options.keep_all_tensors = true;
    options.float_nodes = FloatIslands();
    Session session(network, options);
    Run(session, Sample(golden.inputs, 0));
    for (const graph::Node& node : graph.nodes) {
      for (const graph::TensorId id : node.outputs) {
        const graph::Tensor& tensor = graph.tensor(id);
        CAPTURE(node.name);
        CAPTURE(tensor.name);
        const auto expected = golden.tensors.find(tensor.name);
        REQUIRE(expected != golden.tensors.end());
        const std::string difference = Difference(
            tensor.dtype, tensor.shape, expected->second.bytes, session.ReadTensor(tensor.name));
        CHECK(difference == "");
        if (!difference.empty()) return;  // what follows is a consequence
      }
    }
  });
}

TEST_CASE("Every node by itself gives LiteRT's bits from LiteRT's inputs") {
  ForEachNetwork([](const GoldenNetwork& golden) {
    if (golden.tensors.empty()) return;
    const graph::Graph graph = convert::ImportTflite(golden.model);
    for (size_t n = 0; n < graph.nodes.size(); ++n) {
      CAPTURE(graph.nodes[n].name);
      const Network network(CutNode(graph, n));
      SessionOptions options;
      options.float_nodes = FloatIslands();
      Session session(network, options);
      std::vector<BytesView> inputs;
      for (const TensorInfo& info : network.inputs()) {
        inputs.emplace_back(golden.tensors.at(info.name).bytes);
      }
      const auto outputs = Run(session, inputs);
      for (size_t k = 0; k < outputs.size(); ++k) {
        const TensorInfo& info = network.outputs()[k];
        CAPTURE(info.name);
        const auto& expected = golden.tensors.at(info.name).bytes;
        CHECK(Difference(info.dtype, info.shape, expected, outputs[k]) == "");
      }
    }
  });
}

TEST_CASE("Float operators of an otherwise integer network run only where the caller allows it") {
  const auto data = GoldenFolder();
  if (!data) return;
  const GoldenNetwork golden = LoadGolden(*data, "movenet_single_pose_lightning_ptq");
  const Network network(convert::ImportTflite(golden.model));
  try {
    const Session session(network);
    FAIL_CHECK("accepted");
  } catch (const Error& error) {
    CAPTURE(std::string(error.what()));
    CHECK(error.code() == ErrorCode::kUnsupported);
    CHECK(std::string(error.what()).find("dequantize_") != std::string::npos);
    CHECK(std::string(error.what()).find("float") != std::string::npos);
  }
}

}  // namespace
}  // namespace integra::test
