// integra quantize: from a float network and samples to an integer network.
#include "integra/quantize.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cli/common.h"
#include "cli/console.h"
#include "cli/run_files.h"
#include "cli/table.h"
#include "cli/verbs.h"
#include "graph/network_file.h"
#include "quantize/sensitivity.h"

namespace integra::cli {
namespace {

using Json = nlohmann::ordered_json;
using quantize::Recipe;
using quantize::Report;

struct QuantizeArguments {
  std::filesystem::path network;
  std::filesystem::path folder;
  InputOptions calibration;
  std::filesystem::path recipe;
  std::filesystem::path report;
  std::filesystem::path checkpoint;
  double average_bits = 0;
  int threads = 1;
  bool reference = false;
  bool json = false;
};

Json ToJson(const Report& report) {
  Json activations = Json::array();
  for (const quantize::ActivationReport& one : report.activations) {
    activations.push_back({{"tensor", one.tensor},
                           {"node", one.node},
                           {"range", one.method},
                           {"seen", {one.seen_low, one.seen_high}},
                           {"represented", {one.low, one.high}},
                           {"scale", one.scale},
                           {"zero_point", one.zero_point}});
  }
  return {{"samples", report.samples}, {"activations", activations}, {"notes", report.notes}};
}

// Bits per layer from the layers' sensitivities; prints both.
Recipe AllotBits(const Network& network, DataSource& data, const Recipe& recipe,
                 const QuantizeArguments& arguments) {
  Progress progress("measuring sensitivity");
  quantize::SensitivityOptions options;
  options.threads = arguments.threads;
  options.progress = [&](int64_t done, int64_t total) { progress.Update(done, total); };
  const auto layers = quantize::MeasureSensitivity(network, data, recipe, options);
  const std::vector<int> bits = quantize::AllocateBits(layers, arguments.average_bits);
  if (!arguments.json) {
    Table table({"layer", ">weights", ">SQNR at 8 bits", ">at 4 bits", ">bits"});
    for (size_t i = 0; i < layers.size(); ++i) {
      const auto decibel = [&](int b) {
        const double noise = layers[i].noise[static_cast<size_t>(b - quantize::kMinWeightBits)];
        return noise > 0 ? fmt::format("{:.1f} dB", -10 * std::log10(noise)) : "exact";
      };
      table.Add({layers[i].node, fmt::format("{}", layers[i].weights), decibel(8), decibel(4),
                 fmt::format("{}", bits[i])});
    }
    WriteOut(table.ToText());
  }
  return quantize::WithBits(recipe, layers, bits);
}

// Once the network is there.
void RemoveCheckpoint(const std::filesystem::path& checkpoint) {
  std::error_code unused;
  for (const auto& path : quantize::CheckpointFiles(checkpoint)) {
    std::filesystem::remove(path, unused);
  }
}

double TotalOf(const Report& report) {
  double total = 0;
  for (const quantize::PhaseTime& time : report.times) total += time.seconds;
  return total;
}

// "1.50 s, 1.48 times float inference over the samples: reading samples 0.06 s, ..."
std::string DescribeTimes(const Report& report) {
  const double total = TotalOf(report);
  std::string text = fmt::format("{:.2f} s", total);
  if (report.float_seconds > 0) {
    text += fmt::format(", {:.2f} times float inference over the samples",
                        total / report.float_seconds);
  }
  const char* separator = ": ";
  for (const quantize::PhaseTime& time : report.times) {
    text += fmt::format("{}{} {:.2f} s", separator, time.phase, time.seconds);
    separator = ", ";
  }
  return text;
}

Json TimesOf(const Report& report) {
  Json phases = Json::object();
  for (const quantize::PhaseTime& time : report.times) phases[time.phase] = time.seconds;
  return {{"total", TotalOf(report)}, {"float", report.float_seconds}, {"phases", phases}};
}

int RunQuantize(const QuantizeArguments& arguments) {
  const Network network = OpenNetwork(arguments.network);
  Recipe recipe = arguments.recipe.empty() ? Recipe() : quantize::LoadRecipe(arguments.recipe);
  InputOptions all = arguments.calibration;
  all.limit = 0;  // Quantize() spreads the samples over all there are
  const auto data = OpenInputs(all, network.inputs());
  if (arguments.average_bits > 0) recipe = AllotBits(network, *data, recipe, arguments);
  Report report;
  quantize::Options options;
  options.threads = arguments.threads;
  options.samples = arguments.calibration.limit;
  options.reference = arguments.reference;
  options.report = &report;
  options.checkpoint = arguments.checkpoint;
  const Network quantized = [&] {
    Progress progress("calibrating");
    options.progress = [&](int64_t done, int64_t total) { progress.Update(done, total); };
    return quantize::Quantize(network, *data, recipe, options);
  }();
  graph::SaveNetwork(quantized.graph(), arguments.folder);
  RemoveCheckpoint(arguments.checkpoint);
  if (!arguments.report.empty()) WriteFile(arguments.report, ToJson(report).dump(2) + "\n");
  if (arguments.json) {
    Json json = {{"network", quantized.name()}, {"folder", arguments.folder.string()}};
    json.update(ToJson(report));
    json["seconds"] = TimesOf(report);
    WriteOut(json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
    return kDone;
  }
  for (const std::string& note : report.notes) PrintNote(note);
  Print("{}: {} nodes, calibrated on {} samples\n{}\n", arguments.folder.string(),
        quantized.graph().nodes.size(), report.samples, DescribeTimes(report));
  return kDone;
}

}  // namespace

Action AddQuantize(CLI::App& verb) {
  const auto arguments = std::make_shared<QuantizeArguments>();
  AddNetworkOption(verb, arguments->network);
  verb.add_option("-o,--output", arguments->folder,
                  "Folder for network.json and weights.safetensors; made where it is not there")
      ->required()
      ->type_name("DIR");
  verb.add_option("--calibration", arguments->calibration.files,
                  "Representative samples: a folder of pictures, or one .npy per input")
      ->required()
      ->allow_extra_args(false)
      ->type_name("DATA");
  AddPreprocessingOptions(verb, arguments->calibration);
  verb.add_option("--recipe", arguments->recipe,
                  "What to do, as JSON (docs/QUANTIZATION.md). Its range \"entropy\" clips far too "
                  "much on some networks: compare before you use it")
      ->type_name("FILE");
  verb.add_option("--average-bits", arguments->average_bits,
                  "Give every layer's weights as many bits as its sensitivity asks for, with this "
                  "mean")
      ->type_name("BITS")
      ->check(CLI::Range(2.0, 8.0));
  verb.add_option("--threads", arguments->threads, "Samples that run at the same time (default 1)")
      ->type_name("N")
      ->check(CLI::Range(1, 1024));
  verb.add_option("--checkpoint", arguments->checkpoint,
                  "Keep what calibration has seen in this file; the same command goes on from it "
                  "after it was stopped. Removed at the end")
      ->type_name("FILE");
  verb.add_flag("--reference", arguments->reference,
                "Calibrate with plain loops: slower, the same bits on every machine");
  verb.add_option("--report", arguments->report, "Write the ranges that were chosen, as JSON")
      ->type_name("FILE");
  verb.add_flag("--json", arguments->json, "Print the result as JSON");
  return [arguments] { return RunQuantize(*arguments); };
}

}  // namespace integra::cli
