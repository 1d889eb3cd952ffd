// integra info: the machine, oneDNN, and which kernels are chosen.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/common.h"
#include "cli/console.h"
#include "cli/processor.h"
#include "cli/table.h"
#include "cli/verbs.h"
#include "integra/version.hpp"
#include "kernels/gemm.h"
#include "kernels/isa.h"
#include "kernels/onednn/matmul.h"
#include "kernels/self_test.h"

namespace integra::cli {
namespace {

using Json = nlohmann::ordered_json;

struct InfoArguments {
  std::filesystem::path network;
  bool json = false;
};

struct Choice {
  const char* what;
  int64_t rows, depth, outputs;
  std::string kernel;
};

// The self-test of every instruction set down to the one that networks get.
std::vector<std::pair<kernels::Isa, kernels::KernelSelfTest>> SelfTests() {
  std::vector<std::pair<kernels::Isa, kernels::KernelSelfTest>> tests;
  const kernels::Isa used = kernels::HighestExact(kernels::DefaultIsa());
  for (int isa = static_cast<int>(kernels::DefaultIsa()); isa >= static_cast<int>(used); --isa) {
    const auto level = static_cast<kernels::Isa>(isa);
    tests.emplace_back(level, kernels::SelfTestOf(level));
  }
  return tests;
}

// Which matrix product typical layers get on this processor.
std::vector<Choice> TypicalChoices() {
  const kernels::Isa isa = kernels::HighestExact(kernels::DefaultIsa());
  std::vector<Choice> choices = {{"dense layer, one row", 1, 640, 128, ""},
                                 {"classifier, one row", 1, 1280, 1001, ""},
                                 {"first convolution", 12544, 27, 32, ""},
                                 {"narrow pointwise convolution", 3136, 24, 144, ""},
                                 {"pointwise convolution", 196, 384, 64, ""},
                                 {"wide pointwise convolution", 49, 960, 320, ""}};
  for (Choice& choice : choices) {
    const std::vector<int8_t> weights(static_cast<size_t>(choice.depth * choice.outputs), 1);
    kernels::GemmProblem problem;
    problem.n = choice.outputs;
    problem.segment_length = choice.depth;
    problem.weights = weights.data();
    problem.stage.multipliers = {Multiplier{1 << 30, 1}};
    problem.max_rows = choice.rows;
    choice.kernel = kernels::MakeGemm(problem, isa, kernels::GemmKind::kBest)->name();
  }
  return choices;
}

Json NodesToJson(const std::vector<NodeProfile>& nodes) {
  Json all = Json::array();
  for (const NodeProfile& node : nodes) {
    all.push_back({{"node", node.node}, {"op", node.op}, {"kernel", node.kernel}});
  }
  return all;
}

void PrintJson(const InfoArguments& arguments, const std::vector<NodeProfile>& nodes) {
  const Processor processor = DescribeProcessor();
  const auto& test = kernels::onednn::RunSelfTest();
  Json caches = Json::object(), choices = Json::array(), self_tests = Json::array();
  for (const auto& [name, bytes] : processor.caches) caches[name] = bytes;
  for (const Choice& choice : TypicalChoices()) {
    choices.push_back({{"layer", choice.what},
                       {"rows", choice.rows},
                       {"depth", choice.depth},
                       {"outputs", choice.outputs},
                       {"kernel", choice.kernel}});
  }
  for (const auto& [isa, result] : SelfTests()) {
    self_tests.push_back({{"isa", kernels::NameOf(isa)},
                          {"exact", result.exact()},
                          {"kernels", result.families},
                          {"outputs", result.outputs},
                          {"wrong", result.wrong},
                          {"detail", result.detail}});
  }
  Json json = {{"version", Version()},
               {"processor", processor.name},
               {"processors", processor.logical},
               {"usable_processors", processor.usable},
               {"cache_bytes", std::move(caches)},
               {"isa_detected", kernels::NameOf(kernels::DetectIsa())},
               {"isa_used", kernels::NameOf(kernels::HighestExact(kernels::DefaultIsa()))},
               {"kernel_self_tests", std::move(self_tests)},
               {"onednn", kernels::onednn::Version()},
               {"onednn_self_test",
                {{"exact", test.exact},
                 {"outputs", test.outputs},
                 {"wrong", test.wrong},
                 {"detail", test.detail}}},
               {"choices", std::move(choices)}};
  if (!arguments.network.empty()) json["nodes"] = NodesToJson(nodes);
  WriteOut(json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

void PrintText() {
  const Processor processor = DescribeProcessor();
  const auto& test = kernels::onednn::RunSelfTest();
  Print("integra {}\n", Version());
  Print("processor     {}\n", processor.name.empty() ? "unknown" : processor.name);
  Print("threads       {} of {} processors may be used\n", processor.usable, processor.logical);
  std::string caches;
  for (const auto& [name, bytes] : processor.caches) {
    caches += fmt::format("{}{} {} KiB", caches.empty() ? "" : ", ", name, bytes / 1024);
  }
  Print("caches        {}\n", caches.empty() ? "unknown" : caches);
  const auto detected = kernels::DetectIsa();
  const auto used = kernels::HighestExact(kernels::DefaultIsa());
  Print("instructions  {}{}\n", kernels::NameOf(used),
        used == detected
            ? std::string()
            : fmt::format(" ({}; the processor has {})",
                          used == kernels::DefaultIsa() ? "INTEGRA_MAX_ISA" : "see the self-test",
                          kernels::NameOf(detected)));
  Print("oneDNN        {}\n", kernels::onednn::Version());
  for (const auto& [isa, result] : SelfTests()) {
    if (result.exact()) {
      Print("self-test     Integra's {} kinds of kernels are exact with {}: {} outputs compared\n",
            result.families, kernels::NameOf(isa), result.outputs);
    } else {
      Print("self-test     {} is NOT exact here and not used: {} of {} outputs wrong; {}\n",
            kernels::NameOf(isa), result.wrong, result.outputs, result.detail);
    }
  }
  Print("              oneDNN's int8 products are {}: {} of {} outputs wrong{}\n",
        test.exact ? "exact here" : "NOT exact here and not used", test.wrong, test.outputs,
        test.detail.empty() ? "" : "; " + test.detail);
  Print("\nMatrix products chosen for typical layers:\n");
  Table table({"layer", ">rows", ">depth", ">outputs", "kernel"});
  for (const Choice& choice : TypicalChoices()) {
    table.Add({choice.what, std::to_string(choice.rows), std::to_string(choice.depth),
               std::to_string(choice.outputs), choice.kernel});
  }
  WriteOut(table.ToText());
}

int RunInfo(const InfoArguments& arguments) {
  std::vector<NodeProfile> nodes;
  std::string name;
  if (!arguments.network.empty()) {
    const Network network = OpenNetwork(arguments.network);
    name = network.name();
    nodes = AnySession(network, RunOptions{}).Profile();
  }
  if (arguments.json) {
    PrintJson(arguments, nodes);
    return kDone;
  }
  PrintText();
  if (arguments.network.empty()) return kDone;
  Print("\nKernels chosen for {}:\n", name);
  Table table({"node", "operator", "kernel"});
  for (const NodeProfile& node : nodes) table.Add({node.node, node.op, node.kernel});
  WriteOut(table.ToText());
  return kDone;
}

}  // namespace

Action AddInfo(CLI::App& verb) {
  const auto arguments = std::make_shared<InfoArguments>();
  verb.add_option("network", arguments->network, "Show the kernel of each of its nodes, too")
      ->type_name("NETWORK");
  verb.add_flag("--json", arguments->json, "Print the result as JSON");
  return [arguments] { return RunInfo(*arguments); };
}

}  // namespace integra::cli
