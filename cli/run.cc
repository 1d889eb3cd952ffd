// integra run: inputs from files, outputs to files.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cli/common.h"
#include "cli/console.h"
#include "cli/run_files.h"
#include "cli/verbs.h"
#include "io/labels.h"

namespace integra::cli {
namespace {

using Json = nlohmann::ordered_json;

struct RunArguments {
  std::filesystem::path network;
  RunOptions run;
  InputOptions inputs;
  std::vector<std::filesystem::path> outputs;
  std::filesystem::path dump;
  std::filesystem::path labels;
  int64_t top = 0;
  bool json = false;
};

// All samples' outputs, one after the other.
using Results = std::vector<std::vector<std::byte>>;

// Runs every sample and hands each to `seen`.
template <typename Seen>
void RunSamples(AnySession& session, DataSource& data, const Seen& seen) {
  const Buffers inputs(session.inputs()), outputs(session.outputs());
  Progress progress("running");
  for (int64_t i = 0; i < data.size(); ++i) {
    data.Read(i, session.inputs(), inputs.writable());
    session.Run(inputs.readable(), outputs.writable());
    seen(i, outputs.readable());
    progress.Update(i + 1, data.size());
  }
}

std::vector<std::string> ClassNames(const RunArguments& arguments, const TensorInfo& output) {
  if (arguments.labels.empty()) return {};
  const int64_t classes = output.shape.empty() ? 1 : output.shape.back();
  return io::ReadClassNames(arguments.labels, {.outputs = classes});
}

void PrintSample(const std::string& name, const std::vector<ScoredClass>& best) {
  Print("{}\n", name);
  for (const ScoredClass& one : best) {
    Print("  {:>5}  {:.6g}{}{}\n", one.index, one.score, one.name.empty() ? "" : "  ", one.name);
  }
}

Json ToJson(const std::string& name, const std::vector<ScoredClass>& best) {
  Json classes = Json::array();
  for (const ScoredClass& one : best) {
    Json entry = {{"index", one.index}, {"score", one.score}};
    if (!one.name.empty()) entry["name"] = one.name;
    classes.push_back(std::move(entry));
  }
  return {{"sample", name}, {"classes", std::move(classes)}};
}

Json Describe(const std::vector<TensorInfo>& outputs, int64_t samples) {
  Json all = Json::array();
  for (const TensorInfo& info : outputs) {
    all.push_back({{"name", info.name},
                   {"dtype", NameOf(info.dtype)},
                   {"shape", SampledShape(info, samples)}});
  }
  return all;
}

int RunRun(const RunArguments& arguments) {
  const Network network = OpenNetwork(arguments.network);
  RunOptions options = arguments.run;
  options.keep_all_tensors = !arguments.dump.empty();
  AnySession session(network, options);
  if (arguments.outputs.size() > session.outputs().size()) {
    Fail(ErrorCode::kInvalidArgument, arguments.outputs.size(), " --output files, but '",
         network.name(), "' has ", session.outputs().size(), " outputs");
  }
  const TensorInfo& scores = session.outputs().at(0);
  // Without any other use of the result, the best classes are shown.
  const bool silent = !arguments.outputs.empty() || !arguments.dump.empty();
  const int64_t top = arguments.top > 0 ? arguments.top : silent ? 0 : 5;
  const std::vector<std::string> names = ClassNames(arguments, scores);
  const auto data = OpenInputs(arguments.inputs, network.inputs());
  Results results(session.outputs().size());
  Json samples = Json::array();
  RunSamples(session, *data, [&](int64_t i, std::span<const std::span<const std::byte>> outputs) {
    for (size_t k = 0; k < arguments.outputs.size(); ++k) {
      results[k].insert(results[k].end(), outputs[k].begin(), outputs[k].end());
    }
    if (i == 0 && !arguments.dump.empty()) DumpTensors(network, session, arguments.dump);
    if (top == 0) return;
    const auto best = BestClasses(scores, outputs[0], top, names);
    if (arguments.json) {
      samples.push_back(ToJson(data->name(i), best));
    } else {
      PrintSample(data->name(i), best);
    }
  });
  for (size_t k = 0; k < arguments.outputs.size(); ++k) {
    WriteOutput(arguments.outputs[k], session.outputs()[k], data->size(), results[k]);
  }
  if (arguments.json) {
    const Json json = {{"network", network.name()},
                       {"mode", options.mode},
                       {"samples", data->size()},
                       {"outputs", Describe(session.outputs(), data->size())},
                       {"top", std::move(samples)}};
    WriteOut(json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  }
  return kDone;
}

}  // namespace

Action AddRun(CLI::App& verb) {
  const auto arguments = std::make_shared<RunArguments>();
  AddNetworkOption(verb, arguments->network);
  AddRunOptions(verb, arguments->run);
  AddInputOptions(verb, arguments->inputs);
  verb.add_option("--output", arguments->outputs,
                  "Where to write an output: .npy, or other names for the bare bytes; one per "
                  "output, in the network's order")
      ->allow_extra_args(false)
      ->type_name("FILE");
  verb.add_option("--dump-tensors", arguments->dump,
                  "Write every tensor of the first sample as .npy to this folder, and tensors.json")
      ->type_name("DIR");
  verb.add_option("--top-k,--top", arguments->top,
                  "Show the K largest scores of the first output (5 where nothing is written)")
      ->type_name("K")
      ->check(CLI::NonNegativeNumber);
  verb.add_option("--labels", arguments->labels,
                  "Names of the classes: one a line, or a .tsv with a column 'name'")
      ->type_name("FILE");
  verb.add_flag("--json", arguments->json, "Print the result as JSON");
  return [arguments] { return RunRun(*arguments); };
}

}  // namespace integra::cli
