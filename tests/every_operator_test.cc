// The nodes of tests/support/operator_nodes.h, from which the fuzzers start.
#include <doctest/doctest.h>

#include <set>

#include "graph/network_file.h"
#include "integra/float_session.hpp"
#include "integra/session.hpp"
#include "tests/support/operator_nodes.h"
#include "tests/support/temporary_folder.h"

namespace integra::test {
namespace {

using Bytes = std::vector<std::byte>;

// Runs the network on zeros.
void Run(const Network& network) {
  SessionOptions options;
  options.float_nodes = FloatIslands();
  Session session(network, options);
  std::vector<Bytes> buffers;
  for (const auto* infos : {&session.inputs(), &session.outputs()}) {
    for (const TensorInfo& info : *infos) {
      buffers.emplace_back(static_cast<size_t>(ElementCount(info.shape)) * SizeOf(info.dtype));
    }
  }
  const auto first_output = buffers.begin() + static_cast<std::ptrdiff_t>(session.inputs().size());
  const std::vector<std::span<const std::byte>> inputs(buffers.begin(), first_output);
  const std::vector<std::span<std::byte>> outputs(first_output, buffers.end());
  session.Run(inputs, outputs);
}

TEST_CASE("A small node of every operator and type loads and runs") {
  const TemporaryFolder folder;
  std::set<graph::OpType> found;
  for (const OneNode& node : OperatorNodes()) {
    CAPTURE(node.type);
    CAPTURE(node.inputs[0]);
    try {
      graph::Graph graph = graph::LoadNetwork(folder.Write("net.json", NetworkText(node)));
      found.insert(graph.nodes.at(0).type);
      Run(Network(std::move(graph)));
    } catch (const Error& error) {
      FAIL_CHECK(std::string(error.what()));
    }
  }
  for (size_t i = 0; i < graph::kOpTypeCount; ++i) {
    CAPTURE(std::string(graph::NameOf(static_cast<graph::OpType>(i))));
    CHECK(found.contains(static_cast<graph::OpType>(i)));
  }
}

}  // namespace
}  // namespace integra::test
