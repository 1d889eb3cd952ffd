// Accuracy of one float network under many quantization recipes, as a Markdown table:
//
//   integra_accuracy NETWORK --data DATA [--calibration DATA] [--calibration-samples N]
//                    [--labels FILE] [--values NAME] [--samples N] [--threads N]
//                    [--recipes FILE.json]
//
// NETWORK is a folder with network.json or a .tflite file. Without --calibration, a tenth of the
// data (or N samples, spread over it) calibrates, and "others" is the accuracy on the rest.
// FILE.json is an object that maps a name to a recipe; without it, the recipes of recipes.h run.
// "time": of the whole quantization, over that part of it which reads the calibration samples and
// runs the float network over them once. docs/QUANTIZATION.md has the tables.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "analysis/mode_run.h"
#include "analysis/statistics.h"
#include "bench/accuracy/recipes.h"
#include "integra/integra.hpp"
#include "integra/tools.hpp"
#include "io/dataset.h"

namespace integra {
namespace {

struct Arguments {
  std::string network;
  std::string calibration, data, labels, values, recipes;
  int64_t calibration_samples = 0, samples = 0;
  int threads = 1;
};

[[noreturn]] void Usage() {
  std::fputs(
      "usage: integra_accuracy NETWORK --data DATA [--calibration DATA] [--calibration-samples N]\n"
      "         [--labels FILE] [--values NAME] [--samples N] [--threads N] [--recipes "
      "FILE.json]\n",
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
  if (a.network.empty() || a.data.empty()) Usage();
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
  analysis::ModeRun run(network, mode, threads);
  Outputs all;
  for (int64_t i = 0; i < data.size(); ++i) {
    run.Run(data, i);
    all.push_back(run.values()[0]);
  }
  return all;
}

int64_t Best(const std::vector<float>& scores) { return analysis::TopK(scores, 1)[0]; }

// In percent, of the samples that `counts` wants.
template <typename F>
double Top1(const Outputs& outputs, const DataSource& data, const F& counts) {
  int64_t right = 0, all = 0;
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (!counts(static_cast<int64_t>(i))) continue;
    ++all;
    right += Best(outputs[i]) == data.label(static_cast<int64_t>(i));
  }
  return 100.0 * static_cast<double>(right) / static_cast<double>(std::max<int64_t>(all, 1));
}

double Agreement(const Outputs& a, const Outputs& b) {
  int64_t same = 0;
  for (size_t i = 0; i < a.size(); ++i) same += Best(a[i]) == Best(b[i]);
  return 100.0 * static_cast<double>(same) / static_cast<double>(a.size());
}

double Sqnr(const Outputs& reference, const Outputs& other) {
  analysis::Difference difference;
  for (size_t i = 0; i < reference.size(); ++i) difference.Add(reference[i], other[i]);
  return difference.sqnr_db();
}

// Which of the data calibrates.
class Split {
 public:
  Split(const Arguments& a, int64_t data, int64_t calibration)
      : shared_(a.calibration.empty()), total_(data) {
    samples_ = a.calibration_samples > 0 ? a.calibration_samples : shared_ ? data / 10 : 0;
    samples_ = std::max<int64_t>(1, std::min(samples_ > 0 ? samples_ : calibration, calibration));
    if (!shared_) return;
    for (int64_t k = 0; k < samples_; ++k) calibrates_.insert(k * total_ / samples_);
  }
  bool shared() const { return shared_; }
  int64_t samples() const { return samples_; }
  bool IsOther(int64_t i) const { return !calibrates_.contains(i); }

 private:
  const bool shared_;
  const int64_t total_;
  int64_t samples_ = 0;
  std::set<int64_t> calibrates_;
};

int Main(const Arguments& a) {
  const bool imported = std::filesystem::path(a.network).extension() == ".tflite";
  const Network network = imported ? Import(a.network) : Network::Load(a.network);
  io::DataOptions options;
  options.preprocessing.values = a.values;
  const bool shared = a.calibration.empty();
  if (shared) options.limit = a.samples;
  const auto calibration =
      io::OpenDataSet({shared ? a.data : a.calibration}, network.inputs(), options);
  options.limit = a.samples;
  options.labels = a.labels;
  options.label_options.outputs = network.outputs().at(0).shape.back();
  const auto data = io::OpenDataSet({a.data}, network.inputs(), options);
  const Split split(a, data->size(), calibration->size());
  const auto all = [](int64_t) { return true; };
  const auto others = [&](int64_t i) { return split.IsOther(i); };

  const Outputs real = Run(network, Mode::kFloat, *data, a.threads);
  const bool labelled = !a.labels.empty(), two = labelled && split.shared();
  std::printf("%s: %lld samples, %lld for calibration", network.name().c_str(),
              static_cast<long long>(data->size()), static_cast<long long>(split.samples()));
  if (labelled) std::printf("; float top-1 %.1f %%", Top1(real, *data, all));
  if (two) std::printf(", others %.1f %%", Top1(real, *data, others));
  std::printf("\n\n| recipe |%s%s agreement %% | SQNR dB | simulated dB | time |\n",
              labelled ? " top-1 % | simulated % |" : "", two ? " others % |" : "");
  std::printf("|---|%s%s--:|--:|--:|--:|\n", labelled ? "--:|--:|" : "", two ? "--:|" : "");
  for (const NamedRecipe& recipe : ReadRecipes(a.recipes)) {
    std::printf("| %s |", recipe.name.c_str());
    try {
      quantize::Report report;
      const Network quantized =
          quantize::Quantize(network, *calibration, quantize::ParseRecipe(recipe.name, recipe.json),
                             {.threads = a.threads, .samples = split.samples(), .report = &report});
      double seconds = 0;
      for (const quantize::PhaseTime& time : report.times) seconds += time.seconds;
      const Outputs integer = Run(quantized, Mode::kInteger, *data, a.threads);
      const Outputs simulated = Run(quantized, Mode::kSimulated, *data, a.threads);
      if (labelled) {
        std::printf(" %.1f | %.1f |", Top1(integer, *data, all), Top1(simulated, *data, all));
      }
      if (two) std::printf(" %.1f |", Top1(integer, *data, others));
      std::printf(" %.1f | %.1f | %.1f | %.1f |\n", Agreement(real, integer), Sqnr(real, integer),
                  Sqnr(real, simulated), seconds / report.float_seconds);
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
