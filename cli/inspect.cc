// integra inspect: what a network consists of.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <sstream>

#include "base/error.h"
#include "cli/common.h"
#include "cli/console.h"
#include "cli/table.h"
#include "cli/verbs.h"
#include "graph/dot.h"
#include "graph/graph.h"

namespace integra::cli {
namespace {

using Json = nlohmann::ordered_json;

struct InspectArguments {
  std::filesystem::path network;
  std::filesystem::path dot;
  bool json = false;
};

// What integer mode would do; nothing where the network cannot run so.
struct Planned {
  std::vector<NodeProfile> nodes;
  std::optional<MemoryUse> memory;
  std::string why_not;
};

Planned Plan(const Network& network) {
  try {
    const AnySession session(network, RunOptions{});
    return {session.Profile(), session.integer()->memory(), ""};
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kSystem) throw;
    return {{}, std::nullopt, error.what()};
  }
}

size_t ConstantBytes(const graph::Graph& graph, const graph::Node& node) {
  size_t bytes = 0;
  for (const graph::TensorId id : node.inputs) {
    if (id != graph::kNoTensor) bytes += graph.tensor(id).data.size();
  }
  return bytes;
}

// Constants that several nodes share count once.
size_t ConstantBytes(const graph::Graph& graph) {
  size_t bytes = 0;
  for (const graph::Tensor& tensor : graph.tensors) bytes += tensor.data.size();
  return bytes;
}

std::string Output(const graph::Graph& graph, const graph::Node& node) {
  if (node.outputs.empty() || node.outputs[0] == graph::kNoTensor) return "";
  const graph::Tensor& tensor = graph.tensor(node.outputs[0]);
  return StrCat(NameOf(tensor.dtype), " ", ToString(tensor.shape));
}

Json TensorsToJson(const std::vector<TensorInfo>& tensors) {
  Json all = Json::array();
  for (const TensorInfo& tensor : tensors) {
    Json json = {{"name", tensor.name}, {"dtype", NameOf(tensor.dtype)}, {"shape", tensor.shape}};
    if (!tensor.quantization.empty()) {
      json["scale"] = tensor.quantization.scale;
      json["zero_point"] = tensor.quantization.zero_point;
    }
    all.push_back(std::move(json));
  }
  return all;
}

Json ToJson(const Network& network, const Planned& plan) {
  const graph::Graph& graph = network.graph();
  Json nodes = Json::array();
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const graph::Node& node = graph.nodes[i];
    Json outputs = Json::array();
    for (const graph::TensorId id : node.outputs) {
      if (id == graph::kNoTensor) continue;
      outputs.push_back({{"name", graph.tensor(id).name},
                         {"dtype", NameOf(graph.tensor(id).dtype)},
                         {"shape", graph.tensor(id).shape}});
    }
    Json json = {{"node", node.name},
                 {"op", graph::NameOf(node.type)},
                 {"float", graph::IsFloatNode(graph, node)},
                 {"outputs", std::move(outputs)},
                 {"constant_bytes", ConstantBytes(graph, node)}};
    if (i < plan.nodes.size()) {
      json["multiply_accumulates"] = plan.nodes[i].multiply_accumulates;
      json["kernel"] = plan.nodes[i].kernel;
    }
    nodes.push_back(std::move(json));
  }
  Json json = {{"network", network.name()},
               {"file", graph.source},
               {"metadata", graph.metadata},
               {"inputs", TensorsToJson(network.inputs())},
               {"outputs", TensorsToJson(network.outputs())},
               {"float_nodes", FloatNodesOf(network)},
               {"constant_bytes", ConstantBytes(graph)}};
  if (plan.memory) {
    json["memory"] = {{"arena_bytes", plan.memory->arena_bytes},
                      {"arena_lower_bound_bytes", plan.memory->arena_lower_bound},
                      {"scratch_bytes", plan.memory->scratch_bytes},
                      {"packed_weights_bytes", plan.memory->packed_weights_bytes}};
  } else {
    json["integer_mode"] = plan.why_not;
  }
  json["nodes"] = std::move(nodes);
  return json;
}

void PrintText(const Network& network, const Planned& plan) {
  const graph::Graph& graph = network.graph();
  Print("{} ({})\n", Printable(network.name()), Printable(graph.source));
  for (const auto& [key, value] : graph.metadata) {
    Print("  {}: {}\n", Printable(key), Printable(value));
  }
  for (const TensorInfo& info : network.inputs()) {
    Print("input   {}: {}\n", Printable(info.name), DescribeTensor(info));
  }
  for (const TensorInfo& info : network.outputs()) {
    Print("output  {}: {}\n", Printable(info.name), DescribeTensor(info));
  }
  Table table({"node", "operator", "output", ">bytes", ">MMAC", "kernel"});
  uint64_t macs = 0;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const graph::Node& node = graph.nodes[i];
    const bool planned = i < plan.nodes.size();
    const uint64_t own = planned ? plan.nodes[i].multiply_accumulates : 0;
    macs += own;
    table.Add({Printable(node.name), graph::NameOf(node.type), Output(graph, node),
               std::to_string(ConstantBytes(graph, node)),
               own > 0 ? fmt::format("{:.3f}", static_cast<double>(own) / 1e6) : "",
               planned                           ? plan.nodes[i].kernel
               : graph::IsFloatNode(graph, node) ? "float"
                                                 : ""});
  }
  Print("\n{}\n{} nodes, {} bytes of constants, {:.3f} million multiply-accumulates\n",
        table.ToText(), graph.nodes.size(), ConstantBytes(graph), static_cast<double>(macs) / 1e6);
  if (plan.memory) {
    Print(
        "memory: activations {} bytes (no plan needs less than {}), scratch {}, packed weights "
        "{}\n",
        plan.memory->arena_bytes, plan.memory->arena_lower_bound, plan.memory->scratch_bytes,
        plan.memory->packed_weights_bytes);
  } else {
    Print("mode integer: {}\n", Printable(plan.why_not));
  }
  const std::vector<std::string> float_nodes = FloatNodesOf(network);
  if (float_nodes.empty()) {
    Print("integer only\n");
    return;
  }
  Print("{} nodes compute in float:\n", float_nodes.size());
  for (const std::string& node : float_nodes) Print("  {}\n", Printable(node));
}

int RunInspect(const InspectArguments& arguments) {
  const Network network = OpenNetwork(arguments.network);
  if (!arguments.dot.empty()) {
    std::ostringstream dot;
    graph::WriteDot(network.graph(), dot);
    WriteFile(arguments.dot, dot.str());
    if (arguments.dot == "-") return kDone;
  }
  const Planned plan = Plan(network);
  if (arguments.json) {
    WriteOut(ToJson(network, plan).dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  } else {
    PrintText(network, plan);
  }
  return kDone;
}

}  // namespace

Action AddInspect(CLI::App& verb) {
  const auto arguments = std::make_shared<InspectArguments>();
  AddNetworkOption(verb, arguments->network);
  verb.add_option("--dot", arguments->dot,
                  "Write a drawing for Graphviz (dot -Tsvg); '-': to standard output, alone")
      ->type_name("FILE");
  verb.add_flag("--json", arguments->json, "Print the result as JSON");
  return [arguments] { return RunInspect(*arguments); };
}

}  // namespace integra::cli
