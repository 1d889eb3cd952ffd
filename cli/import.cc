// integra import: from other formats to a network folder.
#include "integra/import.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cli/common.h"
#include "cli/console.h"
#include "cli/verbs.h"
#include "graph/network_file.h"

namespace integra::cli {
namespace {

struct ImportArguments {
  std::filesystem::path file;
  std::filesystem::path folder;
  std::string rounding = "auto";
  bool json = false;
};

ImportOptions::Rounding RoundingOf(const std::string& name) {
  if (name == "auto") return ImportOptions::Rounding::kAuto;
  if (name == "single") return ImportOptions::Rounding::kSingle;
  if (name == "double") return ImportOptions::Rounding::kDouble;
  Fail(ErrorCode::kInvalidArgument, "unknown rounding '", name,
       "'; known are auto, single, double");
}

int RunImport(const ImportArguments& arguments) {
  const Network network = Import(arguments.file, {.rounding = RoundingOf(arguments.rounding)});
  graph::SaveNetwork(network.graph(), arguments.folder);
  const std::vector<std::string> float_nodes = FloatNodesOf(network);
  const size_t nodes = network.graph().nodes.size();
  if (arguments.json) {
    const nlohmann::ordered_json json = {{"network", network.name()},
                                         {"folder", arguments.folder.string()},
                                         {"nodes", nodes},
                                         {"float_nodes", float_nodes}};
    WriteOut(json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
    return kDone;
  }
  Print("{}: {} nodes, {} of them compute in float\n", arguments.folder.string(), nodes,
        float_nodes.size());
  return kDone;
}

}  // namespace

Action AddImport(CLI::App& verb) {
  const auto arguments = std::make_shared<ImportArguments>();
  verb.add_option("file", arguments->file, "The network to convert: .tflite")
      ->required()
      ->type_name("FILE");
  verb.add_option("-o,--output", arguments->folder,
                  "Folder for network.json and weights.safetensors; made where it is not there")
      ->required()
      ->type_name("DIR");
  verb.add_option("--rounding", arguments->rounding,
                  "How scaled sums are rounded: auto (default; the same bits as the reference "
                  "kernels of the file's framework), single (fastest), double")
      ->type_name("RULE");
  verb.add_flag("--json", arguments->json, "Print the summary as JSON");
  return [arguments] { return RunImport(*arguments); };
}

}  // namespace integra::cli
