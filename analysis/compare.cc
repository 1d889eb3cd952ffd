#include "integra/compare.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "analysis/layers.h"
#include "analysis/mode_run.h"
#include "analysis/sensitivity.h"
#include "analysis/statistics.h"
#include "analysis/traced_run.h"
#include "base/error.h"

namespace integra {
namespace {

using analysis::Difference;
using analysis::LayerCollector;
using analysis::ModeRun;
using analysis::SensitivityCollector;
using analysis::TracedRun;

// Whether the first output is one vector of scores: [..., classes] with all other dimensions 1.
bool IsClassifier(const Network& network) {
  const TensorInfo& info = network.outputs()[0];
  const bool scores = info.dtype == DataType::kFloat32 || !info.quantization.empty();
  return scores && !info.shape.empty() && info.shape.back() > 1 &&
         ElementCount(info.shape) == info.shape.back();
}

// Two modes' outputs, over all samples.
class PairCollector {
 public:
  PairCollector(const ModeRun& a, const ModeRun& b, bool classifier)
      : a_(a), b_(b), classifier_(classifier) {
    result_.a = NameOf(a.mode());
    result_.b = NameOf(b.mode());
  }

  void Add(int64_t sample) {
    Difference here;
    for (size_t i = 0; i < a_.values().size(); ++i) {
      const auto& x = a_.values()[i];
      const auto& y = b_.values()[i];
      if (x.size() != y.size()) {
        Fail(ErrorCode::kInvalidArgument, "output ", i, " has ", x.size(), " elements in mode ",
             result_.a, " and ", y.size(), " in mode ", result_.b,
             "; the networks do not belong together");
      }
      here.Add(x, y);
      all_.Add(x, y);
    }
    if (here.worst_error() == 0) ++result_.equal_samples;
    if (here.worst_error() > result_.worst_error) {
      result_.worst_error = here.worst_error();
      result_.worst_sample = sample;
    }
    if (!classifier_) return;
    const int64_t x = analysis::TopK(a_.values()[0], 1)[0];
    const int64_t y = analysis::TopK(b_.values()[0], 1)[0];
    if (x == y) {
      ++result_.same_top1;
    } else {
      ++confusion_[{x, y}];
    }
  }

  OutputDifference Result() const {
    OutputDifference result = result_;
    result.mean_error = all_.mean_error();
    result.sqnr_db = all_.sqnr_db();
    for (const auto& [classes, samples] : confusion_) {
      result.confusion.push_back({classes.first, classes.second, samples});
    }
    std::ranges::stable_sort(result.confusion, std::greater(), &ClassPair::samples);
    return result;
  }

 private:
  const ModeRun& a_;
  const ModeRun& b_;
  const bool classifier_;
  Difference all_;
  std::map<std::pair<int64_t, int64_t>, int64_t> confusion_;
  OutputDifference result_;
};

// All per-layer comparisons.
class LayerTracer {
 public:
  LayerTracer(const std::vector<ModeRun>& runners, int threads) {
    runs_.reserve(runners.size());
    for (const ModeRun& runner : runners) {
      runs_.emplace_back(runner.network(), runner.mode(), threads);
    }
    for (const bool same_input : {false, true}) {
      for (size_t a = 0; a < runs_.size(); ++a) {
        for (size_t b = a + 1; b < runs_.size(); ++b) {
          // A float original has nodes and tensors of its own.
          if (same_input && &runs_[a].graph() != &runs_[b].graph()) continue;
          pairs_.push_back({a, b, {runs_[a], runs_[b], same_input}});
        }
      }
    }
  }

  void Add(const std::vector<ModeRun>& runners) {
    for (size_t i = 0; i < runs_.size(); ++i) runs_[i].Run(runners[i].inputs());
    // A pair with the same input changes the tensors of its left run. Free-running pairs come
    // first, and a run is the left one only after it was the right one.
    for (Pair& pair : pairs_) pair.collector.Add(runs_[pair.a], runs_[pair.b]);
  }

  std::vector<LayerComparison> Result() const {
    std::vector<LayerComparison> all;
    for (const Pair& pair : pairs_) all.push_back(pair.collector.Result());
    return all;
  }

 private:
  struct Pair {
    size_t a, b;
    LayerCollector collector;
  };
  std::vector<TracedRun> runs_;
  std::vector<Pair> pairs_;
};

// The modes in their own order, each once.
std::vector<Mode> Ordered(std::vector<Mode> modes) {
  std::sort(modes.begin(), modes.end());
  if (modes.empty() || std::adjacent_find(modes.begin(), modes.end()) != modes.end()) {
    Fail(ErrorCode::kInvalidArgument, "compare needs one to three different modes");
  }
  return modes;
}

}  // namespace

Comparison Compare(const Network& network, DataSource& data, const CompareOptions& options) {
  const std::vector<Mode> modes = Ordered(options.modes);
  std::vector<ModeRun> runners;
  runners.reserve(modes.size());
  for (const Mode mode : modes) {
    const bool other = mode == Mode::kFloat && options.float_network;
    runners.emplace_back(other ? *options.float_network : network, mode, options.threads);
  }

  Comparison result;
  result.network = network.name();
  result.samples = options.samples > 0 ? std::min(options.samples, data.size()) : data.size();
  result.is_classifier = IsClassifier(network);
  for (const ModeRun& runner : runners) result.modes.push_back({NameOf(runner.mode())});
  std::vector<PairCollector> pairs;
  for (size_t a = 0; a < runners.size(); ++a) {
    for (size_t b = a + 1; b < runners.size(); ++b) {
      pairs.emplace_back(runners[a], runners[b], result.is_classifier);
    }
  }
  if (runners.size() >= 2) {
    result.layer_samples = std::clamp<int64_t>(options.layer_samples, 0, result.samples);
  }
  std::optional<LayerTracer> tracer;
  if (result.layer_samples > 0) tracer.emplace(runners, options.threads);

  result.sensitivity_samples = std::clamp<int64_t>(options.sensitivity_samples, 0, result.samples);
  std::optional<SensitivityCollector> sensitivity;
  if (result.sensitivity_samples > 0) sensitivity.emplace(network, options.threads);

  const int64_t steps = result.samples + result.sensitivity_samples;
  for (int64_t sample = 0; sample < result.samples; ++sample) {
    for (ModeRun& runner : runners) runner.Run(data, sample);
    for (PairCollector& pair : pairs) pair.Add(sample);
    const std::optional<int64_t> label = data.label(sample);
    if (label && result.is_classifier) {
      ++result.labelled;
      for (size_t i = 0; i < runners.size(); ++i) {
        const auto best = analysis::TopK(runners[i].values()[0], 5);
        if (best[0] == *label) ++result.modes[i].top1;
        if (std::count(best.begin(), best.end(), *label) > 0) ++result.modes[i].top5;
      }
    }
    if (tracer && sample < result.layer_samples) tracer->Add(runners);
    if (options.progress) options.progress(sample + 1, steps);
  }

  for (size_t i = 0; i < runners.size(); ++i) {
    if (result.samples > 0) {
      result.modes[i].mean_us = runners[i].total_us() / static_cast<double>(result.samples);
    }
  }
  for (const PairCollector& pair : pairs) result.outputs.push_back(pair.Result());
  if (tracer) result.layers = tracer->Result();
  if (sensitivity) {
    for (int64_t sample = 0; sample < result.sensitivity_samples; ++sample) {
      sensitivity->Add(data, sample);
      if (options.progress) options.progress(result.samples + sample + 1, steps);
    }
    result.sensitivity = sensitivity->Result();
  }
  return result;
}

}  // namespace integra
