// integra verify: is a network integer only, and how much of its accumulators does it use?
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cfenv>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>

#include "cli/common.h"
#include "cli/console.h"
#include "cli/table.h"
#include "cli/verbs.h"
#include "graph/accumulators.h"
#include "graph/graph.h"
#include "kernels/self_test.h"

namespace integra::cli {
namespace {

using Json = nlohmann::ordered_json;

struct VerifyArguments {
  std::filesystem::path network;
  bool json = false;
};

using Bounds = std::vector<std::optional<graph::AccumulatorBound>>;

void PrintBounds(const graph::Graph& graph, const Bounds& bounds) {
  Table table({"node", "operator", ">bits used", ">of", ">largest sum possible", ">in channel"});
  bool any = false;
  for (size_t i = 0; i < bounds.size(); ++i) {
    if (!bounds[i]) continue;
    any = true;
    const auto& bound = *bounds[i];
    table.Add({graph.nodes[i].name, graph::NameOf(graph.nodes[i].type),
               std::to_string(bound.bits()), std::to_string(bound.limit_bits()),
               std::to_string(bound.bound), std::to_string(bound.channel)});
  }
  if (any) WriteOut("\n" + table.ToText());
}

Json ToJson(const graph::Graph& graph, const Bounds& bounds) {
  Json all = Json::array();
  for (size_t i = 0; i < bounds.size(); ++i) {
    if (!bounds[i]) continue;
    all.push_back({{"node", graph.nodes[i].name},
                   {"op", graph::NameOf(graph.nodes[i].type)},
                   {"bits", bounds[i]->bits()},
                   {"limit_bits", bounds[i]->limit_bits()},
                   {"bound", bounds[i]->bound},
                   {"channel", bounds[i]->channel}});
  }
  return all;
}

// One run on random values. An inexact, overflowing, underflowing, dividing or invalid operation on
// floating-point numbers leaves a flag behind in the processor.
bool RunLeavesStatusClear(AnySession& session) {
  const Buffers inputs(session.inputs()), outputs(session.outputs());
  std::mt19937 random(1);
  for (const auto& input : inputs.writable()) {
    for (std::byte& byte : input) byte = static_cast<std::byte>(random());
  }
  std::feclearexcept(FE_ALL_EXCEPT);
  session.Run(inputs.readable(), outputs.writable());
  return std::fetestexcept(FE_ALL_EXCEPT) == 0;
}

// Each operator with each kernel that its nodes got, and how many did.
using Kernels = std::map<std::pair<std::string, std::string>, int>;
Kernels KernelsOf(const AnySession& session) {
  Kernels kernels;
  for (const NodeProfile& node : session.Profile()) ++kernels[{node.op, node.kernel}];
  return kernels;
}

void PrintKernels(const Kernels& kernels) {
  Table table({"operator", "kernel", ">nodes"});
  for (const auto& [which, nodes] : kernels) {
    table.Add({which.first, which.second, std::to_string(nodes)});
  }
  WriteOut("\n" + table.ToText());
}

Json ToJson(const Kernels& kernels) {
  Json all = Json::array();
  for (const auto& [which, nodes] : kernels) {
    all.push_back({{"op", which.first}, {"kernel", which.second}, {"nodes", nodes}});
  }
  return all;
}

int RunVerify(const VerifyArguments& arguments) {
  const Network network = OpenNetwork(arguments.network);  // checks everything that can be checked
  const graph::Graph& graph = network.graph();
  const std::vector<std::string> float_nodes = FloatNodesOf(network);
  const Bounds bounds = graph::AccumulatorBounds(graph);
  const bool integer = float_nodes.empty();
  // That a plan can be made is a part of the answer: an operator may lack an integer form.
  AnySession session(network, RunOptions{});
  const Kernels kernels = KernelsOf(session);
  const auto isa = kernels::HighestExact(kernels::DefaultIsa());
  const bool clear = integer && RunLeavesStatusClear(session);
  if (arguments.json) {
    const Json json = {{"network", network.name()},
                       {"integer_only", integer},
                       {"nodes", graph.nodes.size()},
                       {"float_nodes", float_nodes},
                       {"float_status_clear", clear},
                       {"isa", kernels::NameOf(isa)},
                       {"self_test_outputs", kernels::SelfTestOf(isa).outputs},
                       {"kernels", ToJson(kernels)},
                       {"accumulators", ToJson(graph, bounds)}};
    WriteOut(json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
    return clear ? kDone : kAnswerIsNo;
  }
  Print("{}: {} nodes, valid\n", network.name(), graph.nodes.size());
  PrintBounds(graph, bounds);
  Print("\nno accumulator can overflow\n");
  PrintKernels(kernels);
  Print("\nkernels: exact with {} ({} outputs compared with plain C++ on this processor)\n",
        kernels::NameOf(isa), kernels::SelfTestOf(isa).outputs);
  if (integer) {
    Print("floating-point status after a run on random values: {}\n",
          clear ? "clear" : "NOT CLEAR");
    Print("integer only: {}\n", clear ? "yes" : "no, a kernel computed in floating point");
    return clear ? kDone : kAnswerIsNo;
  }
  Print("integer only: no, {} of {} nodes compute in float:\n", float_nodes.size(),
        graph.nodes.size());
  for (const std::string& node : float_nodes) Print("  {}\n", node);
  return kAnswerIsNo;
}

}  // namespace

Action AddVerify(CLI::App& verb) {
  const auto arguments = std::make_shared<VerifyArguments>();
  AddNetworkOption(verb, arguments->network);
  verb.add_flag("--json", arguments->json, "Print the result as JSON");
  return [arguments] { return RunVerify(*arguments); };
}

}  // namespace integra::cli
