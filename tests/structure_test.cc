// What is checked of a graph that does not come from a network file: one made by an importer or by
// a program. network_refusals_test.cc has those that do.
#include <doctest/doctest.h>

#include <cmath>
#include <functional>

#include "graph/json_writer.h"
#include "graph/network_file.h"
#include "graph/quantized_ops.h"
#include "graph/schema.h"
#include "graph/validation.h"
#include "tests/support/check_nodes.h"
#include "tests/support/networks.h"
#include "tests/support/temporary_folder.h"

namespace integra::test {
namespace {

using graph::Graph;

std::string RefusalOf(Graph graph) {
  try {
    graph::Validate(graph);
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

Graph Small() {
  const TemporaryFolder folder;
  Graph graph = graph::LoadNetwork(folder.Write("net.json", SmallNetworkText()));
  graph.source = "";
  return graph;
}

TEST_CASE("checklist 5: references and operators of a graph that no file checked before") {
  const struct {
    std::function<void(Graph&)> change;
    const char* message;
  } cases[] = {
      {[](Graph&) {}, ""},
      {[](Graph& g) { g.nodes[1].type = static_cast<graph::OpType>(200); },
       "network: node 'dense': there is no operator number 200"},
      {[](Graph& g) { g.nodes[1].inputs[2] = 99; },
       "network: node 'dense' (fully_connected): input 2: no tensor 99"},
      {[](Graph& g) { g.nodes[1].inputs[2] = -7; },
       "network: node 'dense' (fully_connected): input 2: no tensor -7"},
      {[](Graph& g) { g.nodes[1].outputs[0] = 99; },
       "network: node 'dense' (fully_connected): output: there is no tensor 99"},
      {[](Graph& g) { g.inputs = {99}; }, "network: network input: there is no tensor 99"},
      {[](Graph& g) { g.outputs = {-1}; }, "network: network output: there is no tensor -1"},
      {[](Graph& g) { g.tensors[0].name = "\xFF"; },
       "network: the name of a tensor is not valid UTF-8"},
      {[](Graph& g) { g.nodes[0].name = "\xC0\xAF"; },
       "network: the name of a node is not valid UTF-8"},
      {[](Graph& g) { g.tensors[0].name = ""; }, "network: a tensor has no name"},
      {[](Graph& g) { g.nodes[0].outputs.push_back(0); },
       "network: node 'flatten' (reshape): has 2 outputs, but takes 1"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.message);
    Graph graph = Small();
    c.change(graph);
    CHECK(RefusalOf(graph) == c.message);
  }
}

TEST_CASE("checklist 5: cycles of several nodes, and lists of any length that are empty") {
  CheckNodes({{"concatenation", {}, {TensorFields("int8", "")}, "", "has 0 inputs, but takes at"}});
  // "a" reads "z", which reads "y" twice, which reads "a"; "y" leaves its bias out.
  const TemporaryFolder folder;
  const Refusal cycle = TryLoad(folder.Write("net.json", R"({
    "format": "integra-network", "version": 1, "name": "cycle", "inputs": ["x"], "outputs": ["z"],
    "tensors": {"x": {"dtype": "float32", "shape": [2]}, "a": {"dtype": "float32"},
                "w": {"dtype": "float32", "shape": [2, 2], "data": [1, 2, 3, 4]},
                "y": {"dtype": "float32"}, "z": {"dtype": "float32"}},
    "nodes": [
      {"name": "a", "type": "add", "inputs": ["x", "z"], "outputs": ["a"]},
      {"name": "y", "type": "fully_connected", "inputs": ["x", "w", null], "outputs": ["y"]},
      {"name": "z", "type": "add", "inputs": ["y", "y"], "outputs": ["z"]}]})"));
  CHECK(Says(cycle, "net.json: node 'a' (add): reads 'z' of node 'z', which stands behind it"));
}

TEST_CASE("checklist 7: tensors that cannot have a dynamic range") {
  const TemporaryFolder folder;
  const auto refused = [&](const char* dtype, const char* shape, const char* scale,
                           const char* reason) {
    const std::string text = R"({"format": "integra-network", "version": 1, "name": "one",
        "inputs": ["x"], "outputs": ["z"], "tensors": {"x": {"dtype": "float32", "shape": )" +
                             std::string(shape) + R"(}, "z": {"dtype": "float32"},
        "y": {"dtype": ")" + dtype +
                             R"(", "quantization": {"range": "dynamic", "scale": )" + scale +
                             R"(}}}, "nodes": [
        {"name": "a", "type": "cast", "inputs": ["x"], "outputs": ["y"]},
        {"name": "b", "type": "cast", "inputs": ["y"], "outputs": ["z"]}]})";
    const Refusal refusal = TryLoad(folder.Write("net.json", text));
    INFO(refusal.message);
    CHECK(Says(refusal, "net.json: "));
    CHECK(Says(refusal, reason));
  };
  refused("int16", "[1, 2]", "1", "tensor 'y': a dynamic range needs int8 or uint8, not int16");
  refused("int8", "[2]", "[1, 2]", "tensor 'y': a dynamic range needs one scale");
  refused("int8", "[2]", "1", "the first dimension has to be 1, not [2]");
  refused("uint8", "[]", "1", "the first dimension has to be 1, not []");
  refused("uint8", "[1, 2]", "1", "node 'a' (cast): does not work with the dynamic range of");
}

TEST_CASE("checklist 7: factors that are no numbers") {
  CHECK_THROWS_AS(graph::QuantizeMultiplier(-1), Error);
  CHECK_THROWS_AS(graph::QuantizeMultiplier(std::nan("")), Error);
  CHECK(graph::QuantizeMultiplier(0).m == 0);
  CHECK(graph::QuantizeMultiplier(1e-300).m == 0);
  // Rounds up to the next power of two.
  CHECK(graph::QuantizeMultiplier(1 - 0x1p-40).m == 1 << 30);
  CHECK(graph::QuantizeMultiplier(1 - 0x1p-40).s == -1);
}

TEST_CASE("UTF-8: the shortest forms of all characters but surrogates") {
  for (const char* good : {"", "a", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF",
                           "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    CAPTURE(std::string(good));
    CHECK(graph::IsUtf8(good));
  }
  for (const char* bad : {"\x80", "\xC1\xBF", "\xC2", "\xC2\x7F", "\xC2\xC0", "\xE0\x9F\xBF",
                          "\xE1\x80", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
                          "\xF5\x80\x80\x80", "\xFF", "\xE1\x80\xC0", "\xF1\x80\x80"}) {
    CAPTURE(std::string(bad));
    CHECK_FALSE(graph::IsUtf8(bad));
  }
}

TEST_CASE("UTF-8: other names are not written") {
  CHECK_THROWS_WITH_AS(graph::JsonQuote("a\xFF"), doctest::Contains("is not valid UTF-8"), Error);
}

TEST_CASE("attributes: what is missing or of another type is refused by whoever reads it") {
  graph::Node node;
  node.name = "n";
  node.type = graph::OpType::kAdd;
  node.attributes = {{"list", std::vector<double>{0.5}}};
  CHECK(node.reals("list") == std::vector<double>{0.5});
  CHECK_THROWS_WITH_AS(node.integers("list"),
                       doctest::Contains("attribute 'list' is missing or of the wrong type"),
                       Error);
  CHECK_THROWS_AS(node.flag("other"), Error);
}

}  // namespace
}  // namespace integra::test
