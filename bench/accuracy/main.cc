// Accuracy of one float network under many quantization recipes, as a Markdown table:
//
//   integra_accuracy NETWORK --calibration DATA --data DATA [--labels FILE] [--values NAME]
//                    [--calibration-samples N] [--samples N] [--threads N] [--recipes FILE.json]
//
// NETWORK is a folder with network.json or a .tflite file. FILE.json is an object that maps a name
// to a recipe; without it, the recipes of recipes.h run. docs/QUANTIZATION.md has the tables.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bench/accuracy/recipes.h"
#include "integra/integra.hpp"
#include "integra/tools.hpp"
#include "io/dataset.h"

namespace integra {
namespace {

// Processor time of all threads, which other programs on the machine disturb less than the clock.
double CpuSeconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

struct Arguments {
  std::string network;
  std::string calibration, data, labels, values, recipes;
  int64_t calibration_samples = 0, samples = 0;
  int threads = 1;
};

[[noreturn]] void Usage() {
  std::fputs(
      "usage: integra_accuracy NETWORK --calibration DATA --data DATA [--labels FILE]\n"
      "         [--values NAME] [--calibration-samples N] [--samples N] [--threads N]\n"
      "         [--recipes FILE.json]\n",
      stderr);
  std::exit(2);
}

Arguments Parse(int argc, char** argv) {
  Arguments a;
  const std::map<std::string, std::string*> texts = {{"--calibration", &a.calibration},
                                                     {"--data", &a.data},
                                                     {"--labels", &a.labels},
                                                     {"--values", &a.values},
                                                     {"--recipes", &a.recipes}};
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word.rfind("--", 0) != 0) {
      a.network = word;
      continue;
    }
    if (++i == argc) Usage();
    const auto text = texts.find(word);
    if (text != texts.end()) {
      *text->second = argv[i];
    } else if (word == "--calibration-samples") {
      a.calibration_samples = std::atoll(argv[i]);
    } else if (word == "--samples") {
      a.samples = std::atoll(argv[i]);
    } else if (word == "--threads") {
      a.threads = std::max(1, std::atoi(argv[i]));
    } else {
      Usage();
    }
  }
  if (a.network.empty() || a.calibration.empty() || a.data.empty()) Usage();
  return a;
}

std::vector<NamedRecipe> ReadRecipes(const std::string& path) {
  if (path.empty()) return StandardRecipes();
  std::ifstream file(path);
  const auto json = nlohmann::ordered_json::parse(file);
  std::vector<NamedRecipe> recipes;
  for (const auto& [name, recipe] : json.items()) recipes.push_back({name, recipe.dump()});
  return recipes;
}

using Outputs = std::vector<std::vector<float>>;  // of all samples

// The first output's real values for every sample.
Outputs Run(const Network& network, Mode mode, DataSource& data, int threads) {
  std::optional<Session> integer;
  std::optional<FloatSession> floats;
  if (mode == Mode::kInteger) {
    SessionOptions options;
    options.threads = threads;
    options.float_nodes = FloatIslands();
    integer.emplace(network, options);
  } else {
    FloatSessionOptions options;
    options.mode = mode;
    options.threads = threads;
    floats.emplace(network, options);
  }
  const auto bytes = [](const TensorInfo& info) {
    return static_cast<size_t>(ElementCount(info.shape)) * SizeOf(info.dtype);
  };
  std::vector<std::vector<std::byte>> in, out;
  for (const TensorInfo& info : network.inputs()) in.emplace_back(bytes(info));
  for (const TensorInfo& info : network.outputs()) out.emplace_back(bytes(info));
  const std::vector<std::span<std::byte>> writable(in.begin(), in.end()),
      results(out.begin(), out.end());
  const std::vector<std::span<const std::byte>> readable(in.begin(), in.end());
  const TensorInfo& info = network.outputs().at(0);
  Outputs all;
  for (int64_t i = 0; i < data.size(); ++i) {
    data.Read(i, network.inputs(), writable);
    if (floats) {
      floats->Run(readable, results);
      all.push_back(floats->OutputValues(0));
      continue;
    }
    integer->Run(readable, results);
    std::vector<float> values(static_cast<size_t>(ElementCount(info.shape)));
    for (size_t k = 0; k < values.size(); ++k) {
      const int q = info.dtype == DataType::kUInt8
                        ? static_cast<int>(static_cast<uint8_t>(out[0][k]))
                        : static_cast<int>(static_cast<int8_t>(out[0][k]));
      values[k] =
          info.quantization.scale.at(0) * static_cast<float>(q - info.quantization.zero_point[0]);
    }
    all.push_back(std::move(values));
  }
  return all;
}

int64_t Best(const std::vector<float>& scores) {
  return std::max_element(scores.begin(), scores.end()) - scores.begin();
}

double Top1(const Outputs& outputs, const DataSource& data) {
  int64_t right = 0;
  for (size_t i = 0; i < outputs.size(); ++i) {
    right += Best(outputs[i]) == data.label(static_cast<int64_t>(i));
  }
  return 100.0 * static_cast<double>(right) / static_cast<double>(outputs.size());
}

double Agreement(const Outputs& a, const Outputs& b) {
  int64_t same = 0;
  for (size_t i = 0; i < a.size(); ++i) same += Best(a[i]) == Best(b[i]);
  return 100.0 * static_cast<double>(same) / static_cast<double>(a.size());
}

double Sqnr(const Outputs& reference, const Outputs& other) {
  double signal = 0, noise = 0;
  for (size_t i = 0; i < reference.size(); ++i) {
    for (size_t k = 0; k < reference[i].size(); ++k) {
      const double x = reference[i][k], e = x - other[i][k];
      signal += x * x;
      noise += e * e;
    }
  }
  return 10 * std::log10(signal / noise);
}

int Main(const Arguments& a) {
  const bool imported = std::filesystem::path(a.network).extension() == ".tflite";
  const Network network = imported ? Import(a.network) : Network::Load(a.network);
  io::DataOptions options;
  options.preprocessing.values = a.values;
  options.limit = a.calibration_samples;
  const auto calibration = io::OpenDataSet({a.calibration}, network.inputs(), options);
  options.limit = a.samples;
  options.labels = a.labels;
  options.label_options.outputs = network.outputs().at(0).shape.back();
  const auto data = io::OpenDataSet({a.data}, network.inputs(), options);

  double start = CpuSeconds();
  const Outputs real = Run(network, Mode::kFloat, *data, a.threads);
  const double float_seconds = (CpuSeconds() - start) / static_cast<double>(data->size());
  const bool labelled = !a.labels.empty();
  std::printf("%s: %lld samples, %lld for calibration; float", network.name().c_str(),
              static_cast<long long>(data->size()), static_cast<long long>(calibration->size()));
  if (labelled) std::printf(" top-1 %.1f %%,", Top1(real, *data));
  std::printf(" %.2f ms per sample\n\n", 1e3 * float_seconds);
  std::printf(
      "| recipe |%s agreement %% | output SQNR dB | simulated SQNR dB | calibration / float |\n",
      labelled ? " integer top-1 % | simulated top-1 % |" : "");
  std::printf("|---|%s--:|--:|--:|--:|\n", labelled ? "--:|--:|" : "");
  for (const NamedRecipe& recipe : ReadRecipes(a.recipes)) {
    std::printf("| %s |", recipe.name.c_str());
    try {
      start = CpuSeconds();
      const Network quantized =
          quantize::Quantize(network, *calibration, quantize::ParseRecipe(recipe.name, recipe.json),
                             {.threads = a.threads});
      const double ratio =
          (CpuSeconds() - start) / static_cast<double>(calibration->size()) / float_seconds;
      const Outputs integer = Run(quantized, Mode::kInteger, *data, a.threads);
      const Outputs simulated = Run(quantized, Mode::kSimulated, *data, a.threads);
      if (labelled) std::printf(" %.1f | %.1f |", Top1(integer, *data), Top1(simulated, *data));
      std::printf(" %.1f | %.1f | %.1f | %.1f |\n", Agreement(real, integer), Sqnr(real, integer),
                  Sqnr(real, simulated), ratio);
    } catch (const Error& error) {
      std::printf(" refused: %s |\n", error.what());
    }
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace
}  // namespace integra

int main(int argc, char** argv) {
  try {
    return integra::Main(integra::Parse(argc, argv));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "integra_accuracy: %s\n", error.what());
    return 1;
  }
}
