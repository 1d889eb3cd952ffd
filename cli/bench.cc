// integra bench: how long one inference takes.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>

#include "base/error.h"
#include "cli/common.h"
#include "cli/console.h"
#include "cli/measure.h"
#include "cli/processor.h"
#include "cli/table.h"
#include "cli/verbs.h"
#include "io/dataset.h"
#include "io/values.h"

namespace integra::cli {
namespace {

using Json = nlohmann::ordered_json;

struct BenchArguments {
  std::filesystem::path network;
  RunOptions run;
  std::vector<std::filesystem::path> inputs;
  double warm_up = 0.05;
  double min_time = 0.5;
  bool us = false, json = false, profile = false, verbose = false;
  std::filesystem::path trace;
};

// Times of getting ready, in nanoseconds.
struct Loading {
  uint64_t load = 0, plan = 0, first_run = 0;
};

// Every value of an integer input is as likely as any other; float inputs are normal. Indices into
// other tensors (int32, int64) are 0.
void FillRandom(const std::vector<TensorInfo>& inputs,
                std::span<const std::span<std::byte>> buffers) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const DataType type = inputs[i].dtype;
    if (type == DataType::kFloat32) {
      float* values = reinterpret_cast<float*>(buffers[i].data());
      std::generate_n(values, buffers[i].size() / sizeof(float), [&] { return normal(random); });
    } else if (IsQuantizedStorage(type)) {
      std::generate(buffers[i].begin(), buffers[i].end(),
                    [&] { return static_cast<std::byte>(random() >> 13); });
    }
  }
}

// The first samples of the data, as many as fit, again and again.
void FillFromData(const BenchArguments& arguments, const Network& network,
                  std::span<const std::span<std::byte>> buffers) {
  const auto data = io::OpenDataSet(arguments.inputs, network.inputs());
  const size_t batch = static_cast<size_t>(arguments.run.batch);
  for (size_t sample = 0; sample < batch; ++sample) {
    std::vector<std::span<std::byte>> parts;
    for (const auto buffer : buffers) {
      const size_t bytes = buffer.size() / batch;
      parts.push_back(buffer.subspan(sample * bytes, bytes));
    }
    data->Read(static_cast<int64_t>(sample) % data->size(), network.inputs(), parts);
  }
}

std::string Microseconds(double ns) { return fmt::format("{:.3f}", ns / 1000); }

// Per node, over runs of a session that measures its nodes.
std::vector<NodeProfile> MeasureNodes(const BenchArguments& arguments, const Network& network,
                                      const Buffers& inputs, const Buffers& outputs) {
  RunOptions options = arguments.run;
  options.profile = true;
  AnySession session(network, options);
  Measure([&] { session.Run(inputs.readable(), outputs.writable()); }, arguments.warm_up,
          std::min(arguments.min_time, 0.5));
  if (!arguments.trace.empty()) {
    if (session.integer() == nullptr) {
      Fail(ErrorCode::kInvalidArgument, "--trace needs --mode integer");
    }
    std::ostringstream trace;
    session.integer()->WriteChromeTrace(trace);
    WriteFile(arguments.trace, trace.str());
  }
  return session.Profile();
}

void PrintNodes(const std::vector<NodeProfile>& nodes) {
  double sum = 0;
  for (const NodeProfile& node : nodes) sum += static_cast<double>(node.best_ns);
  Table table({"node", "operator", "kernel", ">best us", ">mean us", ">%", ">MMAC", ">GMAC/s"});
  for (const NodeProfile& node : nodes) {
    const double best = static_cast<double>(node.best_ns);
    const double macs = static_cast<double>(node.multiply_accumulates);
    const double calls = static_cast<double>(std::max<uint64_t>(node.calls, 1));
    table.Add({node.node, node.op, node.kernel, Microseconds(best),
               Microseconds(static_cast<double>(node.total_ns) / calls),
               fmt::format("{:.1f}", sum > 0 ? 100 * best / sum : 0.0),
               macs > 0 ? fmt::format("{:.3f}", macs / 1e6) : "",
               macs > 0 && best > 0 ? fmt::format("{:.1f}", macs / best) : ""});
  }
  table.Add({"sum", "", "", Microseconds(sum), "", "", "", ""});
  WriteOut(table.ToText());
}

void PrintTuning(const std::vector<TunedLayer>& layers) {
  Table table({"layer", "choice", "kernel", "best us of each candidate"});
  for (const TunedLayer& layer : layers) {
    std::string kernel;
    std::vector<std::string> times;
    for (const TunedLayer::Candidate& candidate : layer.candidates) {
      if (candidate.name == layer.choice) kernel = candidate.kernel;
      times.push_back(candidate.name + " " + Microseconds(static_cast<double>(candidate.best_ns)));
    }
    table.Add({fmt::format("{}", fmt::join(layer.nodes, " + ")), layer.choice, kernel,
               fmt::format("{}", fmt::join(times, ", "))});
  }
  WriteOut(table.ToText());
}

Json TuningToJson(const std::vector<TunedLayer>& layers) {
  Json all = Json::array();
  for (const TunedLayer& layer : layers) {
    Json candidates = Json::array();
    for (const TunedLayer::Candidate& candidate : layer.candidates) {
      candidates.push_back({{"name", candidate.name},
                            {"kernel", candidate.kernel},
                            {"best_us", static_cast<double>(candidate.best_ns) / 1000}});
    }
    all.push_back(
        {{"nodes", layer.nodes}, {"choice", layer.choice}, {"candidates", std::move(candidates)}});
  }
  return all;
}

Json NodesToJson(const std::vector<NodeProfile>& nodes) {
  Json all = Json::array();
  for (const NodeProfile& node : nodes) {
    all.push_back({{"node", node.node},
                   {"op", node.op},
                   {"kernel", node.kernel},
                   {"multiply_accumulates", node.multiply_accumulates},
                   {"calls", node.calls},
                   {"best_us", static_cast<double>(node.best_ns) / 1000},
                   {"total_us", static_cast<double>(node.total_ns) / 1000}});
  }
  return all;
}

struct Result {
  std::string network;
  Timing timing;  // of one Run, which is `batch` inferences
  Loading loading;
  std::optional<MemoryUse> memory;
  uint64_t resident_before = 0, resident_peak = 0;  // bytes, before loading and up to the first run
  uint64_t multiply_accumulates = 0;                // of one inference
  std::vector<TunedLayer> tuning;                   // with --tune
  std::vector<NodeProfile> nodes;                   // with --profile
};

Json ToJson(const BenchArguments& arguments, const Result& result) {
  const double batch = static_cast<double>(arguments.run.batch);
  const auto us = [&](double ns) { return ns / 1000 / batch; };
  Json json = {{"network", result.network},
               {"mode", arguments.run.mode},
               {"threads", arguments.run.threads},
               {"batch", arguments.run.batch},
               {"best_us", us(result.timing.best_ns)},
               {"median_us", us(result.timing.median_ns)},
               {"mean_us", us(result.timing.mean_ns)},
               {"p99_us", us(result.timing.p99_ns)},
               {"runs", result.timing.calls},
               {"multiply_accumulates", result.multiply_accumulates},
               {"load_us", static_cast<double>(result.loading.load) / 1000},
               {"plan_us", static_cast<double>(result.loading.plan) / 1000},
               {"first_run_us", static_cast<double>(result.loading.first_run) / 1000}};
  json["peak_resident_bytes"] = result.resident_peak;
  json["peak_resident_before_loading_bytes"] = result.resident_before;
  if (result.memory) {
    json["memory"] = {{"arena_bytes", result.memory->arena_bytes},
                      {"arena_lower_bound_bytes", result.memory->arena_lower_bound},
                      {"scratch_bytes", result.memory->scratch_bytes},
                      {"packed_weights_bytes", result.memory->packed_weights_bytes}};
  }
  if (!arguments.run.tune.empty()) json["tuning"] = TuningToJson(result.tuning);
  if (arguments.profile) json["nodes"] = NodesToJson(result.nodes);
  return json;
}

void PrintResult(const BenchArguments& arguments, const Result& result) {
  const double batch = static_cast<double>(arguments.run.batch);
  const Timing& timing = result.timing;
  const auto us = [&](double ns) { return Microseconds(ns / batch); };
  Print("{}, mode {}, {} thread{}, batch {}\n", result.network, arguments.run.mode,
        arguments.run.threads, arguments.run.threads == 1 ? "" : "s", arguments.run.batch);
  Print("one inference: best {} us, median {} us, mean {} us, 99 % below {} us ({} runs)\n",
        us(timing.best_ns), us(timing.median_ns), us(timing.mean_ns), us(timing.p99_ns),
        timing.calls);
  const double seconds = timing.best_ns / 1e9 / batch;
  Print("throughput at best: {:.1f} inferences/s", 1 / seconds);
  if (result.multiply_accumulates > 0) {
    const double macs = static_cast<double>(result.multiply_accumulates);
    Print(", {:.1f} GMAC/s ({:.3f} MMAC each)", macs / seconds / 1e9, macs / 1e6);
  }
  WriteOut("\n");
  if (arguments.verbose) {
    const auto ms = [](uint64_t ns) { return static_cast<double>(ns) / 1e6; };
    const Loading& loading = result.loading;
    Print(
        "getting ready: read and check {:.3f} ms, plan and pack weights {:.3f} ms, first run "
        "{:.3f} ms\n",
        ms(loading.load), ms(loading.plan), ms(loading.first_run));
    const auto mib = [](uint64_t bytes) { return static_cast<double>(bytes) / (1 << 20); };
    Print("process: at most {:.1f} MiB resident up to there, {:.1f} MiB before loading\n",
          mib(result.resident_peak), mib(result.resident_before));
    if (result.memory) {
      Print(
          "memory: activations {} bytes (no plan needs less than {}), scratch {}, packed weights "
          "{}\n",
          result.memory->arena_bytes, result.memory->arena_lower_bound,
          result.memory->scratch_bytes, result.memory->packed_weights_bytes);
    }
    if (!result.tuning.empty()) {
      WriteOut("\n");
      PrintTuning(result.tuning);
    }
  }
  if (arguments.profile) {
    WriteOut("\n");
    PrintNodes(result.nodes);
  }
}

int RunBench(const BenchArguments& arguments) {
  if (!(arguments.min_time >= 0 && arguments.min_time <= 3600) ||
      !(arguments.warm_up >= 0 && arguments.warm_up <= 3600)) {
    Fail(ErrorCode::kInvalidArgument, "--min-time and --warm-up take 0 to 3600 seconds");
  }
  Result result;
  result.resident_before = PeakResidentBytes();
  const uint64_t start = NowNs();
  const Network network = OpenNetwork(arguments.network);
  const uint64_t loaded = NowNs();
  AnySession session(network, arguments.run);
  const uint64_t planned = NowNs();
  const Buffers inputs(session.inputs()), outputs(session.outputs());
  if (arguments.inputs.empty()) {
    FillRandom(session.inputs(), inputs.writable());
  } else {
    FillFromData(arguments, network, inputs.writable());
  }
  const auto in = inputs.readable();
  const auto out = outputs.writable();
  const uint64_t before = NowNs();
  session.Run(in, out);
  result.network = network.name();
  result.loading = {loaded - start, planned - loaded, NowNs() - before};
  result.resident_peak = PeakResidentBytes();
  result.timing = Measure([&] { session.Run(in, out); }, arguments.warm_up, arguments.min_time);
  for (const NodeProfile& node : session.Profile()) {
    result.multiply_accumulates += node.multiply_accumulates;
  }
  if (session.integer() != nullptr) {
    result.memory = session.integer()->memory();
    result.tuning = session.integer()->Tuning();
  }
  if (arguments.profile || !arguments.trace.empty()) {
    result.nodes = MeasureNodes(arguments, network, inputs, outputs);
  }
  if (arguments.json) {
    WriteOut(ToJson(arguments, result).dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  } else {
    PrintResult(arguments, result);
  }
  if (arguments.us) {
    Print("{:.4f}\n", result.timing.best_ns / 1000 / static_cast<double>(arguments.run.batch));
  }
  return kDone;
}

}  // namespace

Action AddBench(CLI::App& verb) {
  const auto arguments = std::make_shared<BenchArguments>();
  AddNetworkOption(verb, arguments->network);
  AddRunOptions(verb, arguments->run);
  verb.add_option("--batch", arguments->run.batch, "Samples per run (default 1)")->type_name("N");
  verb.add_option("--input", arguments->inputs,
                  "Picture, folder or one .npy per input; without: random values")
      ->allow_extra_args(false)
      ->type_name("FILE");
  verb.add_option("--min-time", arguments->min_time, "Seconds to measure for (default 0.5)")
      ->type_name("S");
  verb.add_option("--warm-up", arguments->warm_up, "Seconds to run before (default 0.05)")
      ->type_name("S");
  verb.add_flag("--us", arguments->us,
                "The last line is only the best time of one inference in microseconds");
  verb.add_flag("--profile", arguments->profile, "Show the time of every node");
  verb.add_option("--trace", arguments->trace,
                  "Write a trace of one run for chrome://tracing or ui.perfetto.dev")
      ->type_name("FILE");
  verb.add_flag("--verbose", arguments->verbose,
                "Show loading times, memory, and what --tune has measured");
  verb.add_flag("--json", arguments->json, "Print the result as JSON");
  return [arguments] { return RunBench(*arguments); };
}

}  // namespace integra::cli
