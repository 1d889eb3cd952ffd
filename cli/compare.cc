// integra compare: the modes of a network against each other, over a data set.
#include "integra/compare.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cmath>
#include <memory>

#include "base/error.h"
#include "cli/common.h"
#include "cli/console.h"
#include "cli/run_files.h"
#include "cli/table.h"
#include "cli/verbs.h"

namespace integra::cli {
namespace {

struct CompareArguments {
  std::filesystem::path network;
  std::filesystem::path float_network;
  InputOptions data;
  std::string modes = "float,simulated,integer";
  int64_t layer_samples = 16;
  bool sensitivity = false;
  int threads = 1;
  std::filesystem::path json, csv, html;
  double min_agreement = -1, min_sqnr = -1e9, max_drop = -1;
};

std::vector<Mode> ModesOf(const std::string& text) {
  std::vector<Mode> modes;
  for (size_t start = 0; start <= text.size();) {
    const size_t comma = std::min(text.find(',', start), text.size());
    modes.push_back(ModeOf(text.substr(start, comma - start)));
    start = comma + 1;
  }
  return modes;
}

std::string Percent(int64_t part, int64_t whole) {
  return whole > 0 ? fmt::format("{:.2f} %",
                                 100.0 * static_cast<double>(part) / static_cast<double>(whole))
                   : "-";
}

std::string Decibel(double value) {
  return std::isfinite(value) ? fmt::format("{:.2f}", value) : value > 0 ? "equal" : "-inf";
}

void PrintModes(const Comparison& result) {
  const bool top = result.is_classifier && result.labelled > 0;
  Table table({"mode", ">top-1", ">top-5", ">mean us"});
  for (const ModeResult& mode : result.modes) {
    table.Add({mode.mode, top ? Percent(mode.top1, result.labelled) : "-",
               top ? Percent(mode.top5, result.labelled) : "-",
               fmt::format("{:.1f}", mode.mean_us)});
  }
  Print("{}: {} samples, {} labelled\n\n{}\n", result.network, result.samples, result.labelled,
        table.ToText());
}

void PrintOutputs(const Comparison& result) {
  Table table({"outputs of", "against", ">same top-1", ">all equal", ">mean error", ">worst error",
               ">SQNR dB"});
  for (const OutputDifference& d : result.outputs) {
    table.Add({d.b, d.a, result.is_classifier ? Percent(d.same_top1, result.samples) : "-",
               Percent(d.equal_samples, result.samples), fmt::format("{:.4g}", d.mean_error),
               fmt::format("{:.4g}", d.worst_error), Decibel(d.sqnr_db)});
  }
  if (!result.outputs.empty()) WriteOut(table.ToText() + "\n");
}

// The figures of a layer in another comparison of the same modes.
const LayerDifference* Find(const LayerComparison* layers, const LayerDifference& wanted) {
  if (layers == nullptr) return nullptr;
  for (const LayerDifference& d : layers->layers) {
    if (d.node == wanted.node && d.tensor == wanted.tensor) return &d;
  }
  return nullptr;
}

// One table for two modes: both ways of running them where there are both.
void PrintLayers(const Comparison& result) {
  for (const LayerComparison& free : result.layers) {
    if (free.same_input) continue;
    const LayerComparison* fed = nullptr;
    for (const LayerComparison& other : result.layers) {
      if (other.same_input && other.a == free.a && other.b == free.b) fed = &other;
    }
    Print("{} against {}, layer by layer ({} samples):\n", free.b, free.a, result.layer_samples);
    Table table({"node", "operator", ">SQNR dB", ">mean steps", ">worst steps", ">saturated",
                 ">| fed the same: SQNR dB", ">worst steps"});
    for (const LayerDifference& d : free.layers) {
      const LayerDifference* same = Find(fed, d);
      table.Add({d.node, d.op, Decibel(d.sqnr_db), fmt::format("{:.4f}", d.mean_steps),
                 fmt::format("{:.2f}", d.worst_steps), fmt::format("{:.2f} %", 100 * d.saturation),
                 same == nullptr ? "-" : Decibel(same->sqnr_db),
                 same == nullptr ? "-" : fmt::format("{:.2f}", same->worst_steps)});
    }
    WriteOut(table.ToText() + "\n");
  }
}

void PrintSensitivity(const Comparison& result) {
  if (result.sensitivity.empty()) return;
  Print("each layer quantized alone, all others in float ({} samples), the most sensitive first:\n",
        result.sensitivity_samples);
  Table table({"node", "operator", ">outputs: SQNR dB", ">share of the noise", ">same top-1"});
  for (const LayerSensitivity& layer : result.sensitivity) {
    table.Add({layer.node, layer.op, Decibel(layer.sqnr_db),
               fmt::format("{:.1f} %", 100 * layer.noise_share),
               result.is_classifier ? Percent(layer.same_top1, result.sensitivity_samples) : "-"});
  }
  WriteOut(table.ToText() + "\n");
}

// What the user asked for and did not get, as sentences.
std::vector<std::string> Failures(const CompareArguments& arguments, const Comparison& result) {
  std::vector<std::string> failures;
  for (const OutputDifference& d : result.outputs) {
    const double agreement =
        100.0 * static_cast<double>(d.same_top1) / static_cast<double>(result.samples);
    if (arguments.min_agreement >= 0 && agreement < arguments.min_agreement) {
      failures.push_back(fmt::format("{} agrees with {} on {:.2f} % of top-1, less than {:.2f} %",
                                     d.b, d.a, agreement, arguments.min_agreement));
    }
    if (d.sqnr_db < arguments.min_sqnr) {
      failures.push_back(fmt::format("{} against {} has {:.2f} dB, less than {:.2f} dB", d.b, d.a,
                                     d.sqnr_db, arguments.min_sqnr));
    }
  }
  if (arguments.max_drop < 0 || result.modes.empty()) return failures;
  const ModeResult& first = result.modes[0];
  for (const ModeResult& mode : result.modes) {
    const double drop =
        100.0 * static_cast<double>(first.top1 - mode.top1) / static_cast<double>(result.labelled);
    if (drop <= arguments.max_drop) continue;
    failures.push_back(fmt::format("{} loses {:.2f} points of top-1 against {}, more than {:.2f}",
                                   mode.mode, drop, first.mode, arguments.max_drop));
  }
  return failures;
}

void CheckThresholds(const CompareArguments& arguments, const Comparison& result) {
  if (arguments.min_agreement >= 0 && !result.is_classifier) {
    Fail(ErrorCode::kInvalidArgument,
         "--min-agreement needs a network whose first output is one vector of scores");
  }
  if (arguments.max_drop >= 0 && (!result.is_classifier || result.labelled == 0)) {
    Fail(ErrorCode::kInvalidArgument, "--max-drop needs a classifier and --labels");
  }
}

int RunCompare(const CompareArguments& arguments) {
  const Network network = OpenNetwork(arguments.network);
  Progress progress("comparing");
  CompareOptions options;
  options.modes = ModesOf(arguments.modes);
  if (!arguments.float_network.empty()) {
    options.float_network = OpenNetwork(arguments.float_network);
  }
  options.layer_samples = arguments.layer_samples;
  if (arguments.sensitivity) {
    if (arguments.layer_samples == 0) {
      Fail(ErrorCode::kInvalidArgument, "--sensitivity needs --layer-samples of at least 1");
    }
    options.sensitivity_samples = arguments.layer_samples;
  }
  options.threads = arguments.threads;
  options.progress = [&](int64_t done, int64_t total) { progress.Update(done, total); };
  const Shape& scores = network.outputs().at(0).shape;
  const auto data =
      OpenInputs(arguments.data, network.inputs(), scores.empty() ? 1 : scores.back());
  const Comparison result = Compare(network, *data, options);
  CheckThresholds(arguments, result);
  if (!arguments.html.empty()) WriteFile(arguments.html, RenderHtml(result));
  if (!arguments.json.empty()) WriteFile(arguments.json, result.ToJson() + "\n");
  if (!arguments.csv.empty()) WriteFile(arguments.csv, result.ToCsv());
  if (arguments.json != "-" && arguments.csv != "-" && arguments.html != "-") {
    PrintModes(result);
    PrintOutputs(result);
    PrintLayers(result);
    PrintSensitivity(result);
  }
  const std::vector<std::string> failures = Failures(arguments, result);
  for (const std::string& failure : failures) PrintNote(failure);
  return failures.empty() ? kDone : kAnswerIsNo;
}

}  // namespace

Action AddCompare(CLI::App& verb) {
  const auto arguments = std::make_shared<CompareArguments>();
  AddNetworkOption(verb, arguments->network);
  verb.add_option("--float", arguments->float_network,
                  "The float original, which takes the place of mode float")
      ->type_name("NETWORK");
  verb.add_option("--data", arguments->data.files,
                  "Folder of pictures, or .npy, one per input in the network's order")
      ->required()
      ->allow_extra_args(false)
      ->type_name("FOLDER|FILE");
  verb.add_option("--labels", arguments->data.labels,
                  "Classes: .tsv with columns 'file' and a class, .npy, or one number a line")
      ->type_name("FILE");
  verb.add_option("--label-column", arguments->data.label_column,
                  "Column of the .tsv (default: class<outputs>, class or label)")
      ->type_name("NAME");
  AddPreprocessingOptions(verb, arguments->data);
  verb.add_option("--modes", arguments->modes, "Default: float,simulated,integer")
      ->type_name("LIST");
  verb.add_option("--layer-samples", arguments->layer_samples,
                  "Samples for the figures per layer (default 16; 0: no such figures)")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber);
  verb.add_flag("--sensitivity", arguments->sensitivity,
                "Rank the layers: quantize each alone, all others in float, over the samples of "
                "--layer-samples");
  verb.add_option("--threads", arguments->threads,
                  "Threads of one inference (default 1; 0: every usable processor)")
      ->type_name("N");
  verb.add_option("--json", arguments->json, "Write all figures as JSON; '-': to standard output")
      ->type_name("FILE");
  verb.add_option("--csv", arguments->csv,
                  "Write the figures per layer as CSV; '-': to standard output")
      ->type_name("FILE");
  verb.add_option("--html", arguments->html, "Write a report; '-': to standard output")
      ->type_name("FILE");
  verb.add_option("--min-agreement", arguments->min_agreement,
                  "Exit with 1 where two modes have the same top-1 on less than P percent")
      ->type_name("P");
  verb.add_option("--min-sqnr", arguments->min_sqnr,
                  "Exit with 1 where two modes' outputs differ more (signal to noise, decibel)")
      ->type_name("DB");
  verb.add_option("--max-drop", arguments->max_drop,
                  "Exit with 1 where a mode loses more points of top-1 against the first")
      ->type_name("P");
  return [arguments] { return RunCompare(*arguments); };
}

}  // namespace integra::cli
