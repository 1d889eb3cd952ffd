// One operator each, with the results of LiteRT's reference kernels: tests/litert/*.json, written
// by tests/litert/make_*_cases.py. INTEGRA_LITERT_CASES names a folder of further files.
#include <doctest/doctest.h>

#include <algorithm>
#include <cfenv>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "graph/graph.h"
#include "graph/schema.h"
#include "integra/session.hpp"
#include "kernels/isa.h"

namespace integra {
namespace {

using nlohmann::json;

template <typename T>
std::vector<T> Elements(const json& data) {
  std::vector<T> values;
  values.reserve(data.size());
  for (const json& element : data) values.push_back(element.get<T>());
  return values;
}

std::vector<std::byte> BytesOf(DataType type, const json& data) {
  const auto bytes = [](const auto& values) {
    const auto view = std::as_bytes(std::span(values));
    return std::vector<std::byte>(view.begin(), view.end());
  };
  switch (type) {
    case DataType::kInt8:
      return bytes(Elements<int8_t>(data));
    case DataType::kUInt8:
      return bytes(Elements<uint8_t>(data));
    case DataType::kInt16:
      return bytes(Elements<int16_t>(data));
    case DataType::kInt32:
      return bytes(Elements<int32_t>(data));
    case DataType::kInt64:
      return bytes(Elements<int64_t>(data));
    case DataType::kFloat32:
      return bytes(Elements<float>(data));
    case DataType::kBool: {
      std::vector<uint8_t> values;
      for (const json& element : data) values.push_back(element.get<bool>() ? 1 : 0);
      return bytes(values);
    }
  }
  return {};
}

graph::Attribute AttributeOf(const json& value, graph::AttributeType type) {
  switch (type) {
    case graph::AttributeType::kBool:
      return value.get<bool>();
    case graph::AttributeType::kInteger:
      return value.get<int64_t>();
    case graph::AttributeType::kReal:
      return value.get<double>();
    case graph::AttributeType::kText:
      return value.get<std::string>();
    case graph::AttributeType::kIntegers:
      return value.get<std::vector<int64_t>>();
    case graph::AttributeType::kReals:
      return value.get<std::vector<double>>();
  }
  return false;
}

struct Case {
  graph::Graph graph;
  std::vector<std::vector<std::byte>> inputs;
  std::vector<std::vector<std::byte>> outputs;
};

graph::TensorId AddTensor(graph::Graph& graph, const json& entry, const std::string& name) {
  graph::Tensor tensor;
  tensor.name = name;
  REQUIRE(ParseDataType(entry.at("dtype").get<std::string>(), &tensor.dtype));
  tensor.shape = entry.at("shape").get<Shape>();
  if (entry.contains("scale")) {
    const json& scale = entry["scale"];
    const json& zero = entry["zero_point"];
    tensor.quantization.scale =
        scale.is_array() ? scale.get<std::vector<float>>() : std::vector{scale.get<float>()};
    tensor.quantization.zero_point =
        zero.is_array() ? zero.get<std::vector<int32_t>>() : std::vector{zero.get<int32_t>()};
    tensor.quantization.axis = entry.value("axis", 0);
  }
  if (entry.value("constant", false)) {
    tensor.data = SharedBytes::Own(BytesOf(tensor.dtype, entry["data"]));
  }
  graph.tensors.push_back(std::move(tensor));
  return static_cast<graph::TensorId>(graph.tensors.size() - 1);
}

Case CaseOf(const json& entry) {
  Case result;
  graph::Graph& graph = result.graph;
  graph::Node node;
  node.name = "node";
  const auto type = graph::ParseOpType(entry.at("operator").get<std::string>());
  REQUIRE(type.has_value());
  node.type = *type;
  for (const auto& attribute : graph::SchemaOf(*type).attributes) {
    if (entry["attributes"].contains(attribute.name)) {
      node.attributes[attribute.name] =
          AttributeOf(entry["attributes"][attribute.name], attribute.type);
    }
  }
  for (const json& input : entry.at("inputs")) {
    if (input.is_null()) {
      node.inputs.push_back(graph::kNoTensor);
      continue;
    }
    node.inputs.push_back(AddTensor(graph, input, StrCat("input", node.inputs.size())));
    if (!input.value("constant", false)) {
      graph.inputs.push_back(node.inputs.back());
      result.inputs.push_back(BytesOf(graph.tensors.back().dtype, input["data"]));
    }
  }
  for (const json& output : entry.at("outputs")) {
    node.outputs.push_back(AddTensor(graph, output, StrCat("output", node.outputs.size())));
    result.outputs.push_back(BytesOf(graph.tensors.back().dtype, output["data"]));
  }
  graph.outputs = node.outputs;
  graph.nodes.push_back(std::move(node));
  graph::Validate(graph);
  return result;
}

// The first output that differs, in words; "" where all are the same.
std::string Difference(const Case& c, const std::vector<std::vector<std::byte>>& outputs) {
  for (size_t i = 0; i < outputs.size(); ++i) {
    const auto wrong = std::mismatch(outputs[i].begin(), outputs[i].end(), c.outputs[i].begin());
    if (wrong.first == outputs[i].end()) continue;
    const auto at = static_cast<size_t>(wrong.first - outputs[i].begin());
    size_t count = 0;
    for (size_t k = 0; k < outputs[i].size(); ++k) count += outputs[i][k] != c.outputs[i][k];
    return StrCat("output ", i, ": ", count, " of ", outputs[i].size(), " bytes differ; byte ", at,
                  " is ", std::to_integer<int>(outputs[i][at]), " instead of ",
                  std::to_integer<int>(c.outputs[i][at]));
  }
  return "";
}

std::string RunAndCompare(const Case& c, const Network& network, const SessionOptions& options) {
  Session session(network, options);
  std::vector<std::vector<std::byte>> outputs;
  for (const auto& expected : c.outputs) outputs.emplace_back(expected.size());
  std::vector<std::span<const std::byte>> in(c.inputs.begin(), c.inputs.end());
  std::vector<std::span<std::byte>> out(outputs.begin(), outputs.end());
  std::feclearexcept(FE_ALL_EXCEPT);
  session.Run(in, out);
  // No operator leaves a trace in the processor's floating-point status.
  const int raised = std::fetestexcept(FE_ALL_EXCEPT);
  if (raised != 0) return StrCat("floating-point status ", raised, " was raised");
  return Difference(c, outputs);
}

void RunFile(const std::filesystem::path& path) {
  std::ifstream file(path);
  const json cases = json::parse(file).at("cases");
  int64_t differing = 0;
  for (size_t i = 0; i < cases.size(); ++i) {
    try {
      const Case c = CaseOf(cases[i]);
      const Network network(c.graph);
      for (int isa = 0; isa <= static_cast<int>(kernels::DetectIsa()); ++isa) {
        SessionOptions options;
        options.max_isa = NameOf(static_cast<kernels::Isa>(isa));
        std::string difference = RunAndCompare(c, network, options);
        options.threads = 3;
        if (difference.empty()) difference = RunAndCompare(c, network, options);
        if (difference.empty()) continue;
        // Every case that differs counts; the first ones of a file are shown.
        if (++differing > 5) break;
        INFO(path.filename().string(), " case ", i, " (", cases[i]["operator"].get<std::string>(),
             "), ", options.max_isa);
        CHECK(difference == "");
        break;
      }
    } catch (const Error& error) {
      INFO(path.filename().string(), " case ", i, " (", cases[i]["operator"].get<std::string>(),
           ")");
      CHECK(std::string(error.what()) == "");
    }
  }
  INFO(path.filename().string(), ": ", cases.size(), " cases");
  CHECK(differing == 0);
}

void RunFolder(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const auto& path : files) RunFile(path);
}

TEST_CASE("operators equal LiteRT's reference kernels") {
  RunFolder(std::filesystem::path(INTEGRA_SOURCE_DIR) / "tests" / "litert");
  if (const char* more = std::getenv("INTEGRA_LITERT_CASES"); more != nullptr) RunFolder(more);
}

}  // namespace
}  // namespace integra
