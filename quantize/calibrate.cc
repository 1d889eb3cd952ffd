#include "quantize/calibrate.h"

#include <bit>
#include <string>
#include <utility>

#include "base/error.h"
#include "graph/graph.h"
#include "quantize/random.h"

namespace integra::quantize {
namespace {

using graph::TensorId;

// Of one tensor, over all samples: a histogram of four million values has as good as the shape of
// one of a hundred million, and counting takes longer than all else that is done with them.
constexpr int64_t kCountedValues = int64_t{1} << 22;

class Calibrator : public SampleObserver {
 public:
  Calibrator(const Network& network, const DataSource& data, const CalibrationOptions& options)
      : network_(network),
        graph_(network.graph()),
        data_(data),
        momentum_(options.momentum),
        counted_per_sample_(!options.histograms
                                ? 0
                                : static_cast<uint64_t>((kCountedValues + options.run.samples - 1) /
                                                        options.run.samples)),
        histograms_(static_cast<size_t>(options.run.threads),
                    std::vector<Histogram>(graph_.tensors.size())),
        ranges_(static_cast<size_t>(BlockSize(options.run.threads)),
                std::vector<Range>(graph_.tensors.size())),
        sampler_(graph_, options.run.samples, BlockSize(options.run.threads), options.need),
        observed_(graph_.tensors.size(), false) {
    result_.samples = options.run.samples;
    result_.observers.assign(graph_.tensors.size(), Observer(options.momentum));
    for (const TensorId id : graph_.inputs) Mark(id);
    for (const graph::Node& node : graph_.nodes) {
      for (const TensorId id : node.outputs) Mark(id);
    }
  }

  void Observe(const Place& place, TensorId id, std::span<const float> values) override {
    const auto at = static_cast<size_t>(id);
    const Histogram::Added added = histograms_[static_cast<size_t>(place.thread)][at].Add(
        values, {.most = counted_per_sample_, .seed = Mix(static_cast<uint64_t>(place.sample))});
    if (added.not_finite > 0) {
      Fail(ErrorCode::kInvalidFile, "calibration sample ", data_.name(place.sample), ": tensor '",
           graph_.tensor(id).name, "' of network '", network_.name(), "' has ", added.not_finite,
           " values that are NaN or infinite");
    }
    ranges_[static_cast<size_t>(place.slot)][at] = added.extremes;
    sampler_.Take(place.slot, place.sample, id, values.data());
  }

  void TakeIn(int64_t slot) override {
    for (size_t id = 0; id < observed_.size(); ++id) {
      if (observed_[id]) {
        result_.observers[id].AddSampleRange(ranges_[static_cast<size_t>(slot)][id]);
      }
    }
    sampler_.TakeIn(slot);
  }

  std::vector<graph::StoredTensor> Save() const override {
    std::vector<graph::StoredTensor> tensors = sampler_.Save();
    tensors.push_back(Stored("recipe", Recipe()));
    for (size_t id = 0; id < observed_.size(); ++id) {
      if (!observed_[id]) continue;
      Observer all = result_.observers[id];
      for (const auto& own : histograms_) all.AddHistogram(own[id]);
      tensors.push_back(Stored(StrCat("observer/", id), all.ToNumbers()));
    }
    return tensors;
  }

  void Restore(const graph::SafetensorsReader& state) override {
    const std::vector<int64_t> recipe = Recipe();
    if (StoredNumbers(state, "recipe", static_cast<int64_t>(recipe.size())) != recipe) {
      Fail(ErrorCode::kInvalidFile, state.source(),
           ": was written with another recipe; delete it to start anew");
    }
    sampler_.Restore(state);
    for (size_t id = 0; id < observed_.size(); ++id) {
      if (!observed_[id]) continue;
      result_.observers[id].FromNumbers(
          StoredNumbers(state, StrCat("observer/", id), Observer::kNumbers));
    }
  }

  Calibration Done() && {
    for (size_t id = 0; id < observed_.size(); ++id) {
      for (const auto& own : histograms_) result_.observers[id].AddHistogram(own[id]);
    }
    result_.layers = std::move(sampler_).Done();
    return std::move(result_);
  }

 private:
  // What of the recipe decides what is observed.
  std::vector<int64_t> Recipe() const {
    return {std::bit_cast<int64_t>(momentum_), static_cast<int64_t>(counted_per_sample_)};
  }

  void Mark(TensorId id) {
    if (id == graph::kNoTensor) return;
    observed_[static_cast<size_t>(id)] = graph_.tensor(id).dtype == DataType::kFloat32;
  }

  const Network& network_;
  const graph::Graph& graph_;
  const DataSource& data_;
  const double momentum_;
  const uint64_t counted_per_sample_;               // of a tensor's values
  Calibration result_;                              // its histograms: of what a checkpoint held
  std::vector<std::vector<Histogram>> histograms_;  // by thread and TensorId
  std::vector<std::vector<Range>> ranges_;          // by slot and TensorId
  LayerSampler sampler_;
  std::vector<bool> observed_;  // by TensorId
};

}  // namespace

Calibration Calibrate(const Network& network, DataSource& data, const CalibrationOptions& options) {
  Calibrator calibrator(network, data, options);
  const SampleRunTimes times = RunSamples(network, data, options.run, calibrator);
  Calibration calibration = std::move(calibrator).Done();
  calibration.times = times;
  return calibration;
}

}  // namespace integra::quantize
