// What LoadNetwork() and SaveNetwork() promise about good files; network_file_refusals_test.cc has
// the bad ones.
#include "graph/network_file.h"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <random>

#include "base/atomic_file.h"
#include "graph/json_reader.h"
#include "graph/json_writer.h"
#include "graph/safetensors.h"
#include "tests/support/networks.h"
#include "tests/support/temporary_folder.h"

namespace integra::test {
namespace {

using graph::Graph;
using graph::LoadNetwork;
using graph::SaveNetwork;

TEST_CASE("network file: a network written by hand loads, shapes and integers filled in") {
  const TemporaryFolder folder;
  const auto path = folder.Write("hand.json", SmallNetworkText());
  const Graph g = LoadNetwork(path);
  CHECK(g.name == "small");
  CHECK(g.source == path.string());
  CHECK(g.metadata.at("origin") == "a test");
  REQUIRE(g.tensors.size() == 5);
  CHECK(g.tensor(*g.Find("flat")).shape == Shape{1, 4});
  CHECK(g.tensor(*g.Find("y")).shape == Shape{1, 2});
  const auto& w = g.tensor(*g.Find("w"));
  CHECK(w.data.as<int8_t>()[7] == 127);
  CHECK(w.float_data.as<float>()[3] == 1.0f);
  CHECK(w.quantization == Quantization{{0.25f, 0.1f}, {0, 0}, 0});
  const graph::Node& dense = g.nodes[1];
  CHECK(dense.text("activation") == "relu");
  CHECK(dense.text("rounding") == "single");
  CHECK(dense.integers("multiplier").size() == 2);
  CHECK(dense.integers("clamp") == std::vector<int64_t>{7, 127});
}

TEST_CASE("network file: load(save(g)) == g, and saving again writes the same bytes") {
  for (const bool small : {true, false}) {
    CAPTURE(small);
    const TemporaryFolder folder;
    const Graph g =
        small ? LoadNetwork(folder.Write("hand.json", SmallNetworkText())) : ConvolutionNetwork();
    SaveNetwork(g, folder / "first");
    const Graph back = LoadNetwork(folder / "first");
    CHECK(SameGraph(g, back));
    SaveNetwork(back, folder / "second");
    CHECK(ReadText(folder / "first/network.json") == ReadText(folder / "second/network.json"));
    CHECK(std::filesystem::exists(folder / "first/weights.safetensors") == !small);
    if (!small) {
      CHECK(ReadText(folder / "first/weights.safetensors") ==
            ReadText(folder / "second/weights.safetensors"));
    }
  }
}

// Each of these constants is the second input of a node that lets any type through.
TEST_CASE("network file: constants of every type, in the network file and in the weights file") {
  struct Case {
    const char* dtype;
    const char* values;
  };
  const Case cases[] = {{"int8", "-128, 127"},
                        {"uint8", "0, 255"},
                        {"int16", "-32768, 32767"},
                        {"int32", "-2147483648, 2147483647"},
                        {"int64", "-9223372036854775808, 9223372036854775807"},
                        {"bool", "true, false"},
                        {"float32", "-0.0, 1e-40"}};
  const TemporaryFolder folder;
  for (const Case& c : cases) {
    CAPTURE(c.dtype);
    for (const size_t pairs : {size_t{1}, size_t{20}}) {
      CAPTURE(pairs);
      std::string values = c.values;
      for (size_t i = 1; i < pairs; ++i) values += std::string(", ") + c.values;
      const std::string type = std::string(R"({"dtype": ")") + c.dtype + "\"";
      const Graph g = LoadNetwork(folder.Write(
          "net.json",
          R"({"format": "integra-network", "version": 1, "name": "one", "inputs": ["x"],)"
          R"( "outputs": ["y"], "tensors": {"x": )" +
              type + R"(, "shape": [2]}, "c": )" + type + R"(, "shape": [)" +
              std::to_string(2 * pairs) + R"(], "data": [)" + values + R"(]}, "y": )" + type +
              R"(}}, "nodes": [{"name": "n", "type": "concatenation", "inputs": ["x", "c"],)"
              R"( "outputs": ["y"], "attributes": {"axis": 0}}]})"));
      REQUIRE(g.tensor(*g.Find("c")).data.size() ==
              2 * pairs * SizeOf(g.tensor(*g.Find("c")).dtype));
      const auto saved = folder / (std::string(c.dtype) + std::to_string(pairs));
      SaveNetwork(g, saved);
      CHECK(std::filesystem::exists(saved / "weights.safetensors") == (pairs > 1));
      CHECK(SameGraph(g, LoadNetwork(saved)));
    }
  }
}

// x -> y -> z; y has `count` channels with a scale and a zero point each.
std::string ManyZeroPoints(size_t count) {
  std::string scales, zero_points;
  for (size_t i = 0; i < count; ++i) {
    scales += (i > 0 ? ", " : "") + std::to_string(i + 1);
    zero_points += (i > 0 ? ", " : "") + std::to_string(i % 2);
  }
  const std::string shape = R"("shape": [1, )" + std::to_string(count) + "]";
  return R"({"format": "integra-network", "version": 1, "name": "one", "inputs": ["x"],
             "outputs": ["z"], "tensors": {"x": {"dtype": "float32", )" +
         shape + R"(}, "z": {"dtype": "float32"}, "y": {"dtype": "int8", "quantization":
             {"scale": [)" +
         scales + R"(], "zero_point": [)" + zero_points + R"(], "axis": 1}}}, "nodes": [
             {"name": "a", "type": "cast", "inputs": ["x"], "outputs": ["y"]},
             {"name": "b", "type": "cast", "inputs": ["y"], "outputs": ["z"]}]})";
}

TEST_CASE("network file: a zero point for each channel, in place and in the weights file") {
  const TemporaryFolder folder;
  for (const size_t count : {size_t{2}, graph::kMaxInlineElements + 1}) {
    const Graph g = LoadNetwork(folder.Write("net.json", ManyZeroPoints(count)));
    CHECK(g.tensor(*g.Find("y")).quantization.zero_point[1] == 1);
    SaveNetwork(g, folder / "saved");
    CHECK(SameGraph(g, LoadNetwork(folder / "saved")));
  }
}

TEST_CASE("network file: a list of 64-bit integers in the weights file") {
  const TemporaryFolder folder;
  AtomicFile file(folder / "w");
  const std::vector<int64_t> perm = {1, 0}, far = {int64_t{1} << 40};
  graph::WriteSafetensors(file, {{"perm", DataType::kInt64, {2}, SharedBytes::Own(perm)},
                                 {"far", DataType::kInt64, {1}, SharedBytes::Own(far)}});
  file.Commit();
  const std::string text = R"({"format": "integra-network", "version": 1, "name": "one",
      "weights": "w", "inputs": ["x"], "outputs": ["y"], "tensors": {
      "x": {"dtype": "float32", "shape": [2, 3]}, "y": {"dtype": "float32"}}, "nodes": [
      {"name": "n", "type": "transpose", "inputs": ["x"], "outputs": ["y"],
       "attributes": {"perm": {"weights": "perm"}}}]})";
  const Graph g = LoadNetwork(folder.Write("net.json", text));
  CHECK(g.tensor(g.outputs[0]).shape == Shape{3, 2});
  const Refusal refusal =
      TryLoad(folder.Write("net.json", Replaced(text, "\"perm\"}", "\"far\"}")));
  CHECK(Says(refusal, "'perm' has 1 values instead of 2"));
}

TEST_CASE("network file: saving over the folder that the graph is mapped from") {
  const TemporaryFolder folder;
  SaveNetwork(ConvolutionNetwork(), folder.path());
  const Graph mapped = LoadNetwork(folder.path());
  SaveNetwork(mapped, folder.path());
  CHECK(SameGraph(mapped, LoadNetwork(folder.path())));
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    files += entry.is_regular_file() ? 1 : 0;
  }
  CHECK(files == 2);  // no temporary files stay
}

TEST_CASE("network file: a folder and the file in it are the same") {
  const TemporaryFolder folder;
  folder.Write("network.json", SmallNetworkText());
  CHECK(SameGraph(LoadNetwork(folder.path()), LoadNetwork(folder / "network.json")));
}

TEST_CASE("network file: names of tensors do not collide with those of lists") {
  const TemporaryFolder folder;
  Graph g = ConvolutionNetwork();
  g.tensors[1].name = "conv.multiplier";
  g.tensors[2].name = "__pad.0";
  SaveNetwork(g, folder.path());
  CHECK(SameGraph(g, LoadNetwork(folder.path())));
}

TEST_CASE("network file: scales are written with the fewest digits that read back exactly") {
  CHECK(graph::JsonNumber(0.1f) == "0.1");
  CHECK(graph::JsonNumber(3.0f) == "3.0");
  CHECK(graph::JsonNumber(-0.0f) == "-0.0");
  std::mt19937 random(7);
  for (int i = 0; i < 100000; ++i) {
    const auto bits = static_cast<uint32_t>(random());
    const auto value = std::bit_cast<float>(bits);
    if (!std::isfinite(value)) continue;
    const std::string text = graph::JsonNumber(value);
    const graph::JsonDocument json("number", text);
    const auto read = static_cast<float>(*json.root().real());
    if (std::bit_cast<uint32_t>(read) != bits) {
      CAPTURE(text);
      REQUIRE(read == value);
    }
  }
}

TEST_CASE("network file: messages name the line") {
  const graph::JsonDocument json("f", "{\n\"a\": 1,\n\n\"b\": [2,\n3\n]}\n");
  const auto& fields = *json.root().object();
  CHECK(json.root().line == 1);
  CHECK(fields[0].second.line == 2);
  CHECK(fields[1].second.line == 4);
  CHECK((*fields[1].second.array())[0].line == 4);
  CHECK((*fields[1].second.array())[1].line == 5);
}

}  // namespace
}  // namespace integra::test
