#include "quantize/channel_peaks.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "quantize/op_rules.h"

namespace integra::quantize {
namespace {

using graph::TensorId;

// A maximum does not care about order: each thread has its own until the end.
class PeakObserver : public SampleObserver {
 public:
  PeakObserver(const graph::Graph& graph, int threads) : peaks_(static_cast<size_t>(threads)) {
    for (const graph::Node& node : graph.nodes) {
      const auto rule = RuleOf(node.type);
      if (!rule || rule->rule != ScaleRule::kWeighted) continue;
      const Shape& shape = graph.tensor(node.outputs[0]).shape;
      const auto channels = static_cast<size_t>(shape.back());
      for (ChannelPeaks& peaks : peaks_) peaks[node.outputs[0]].assign(channels, 0);
    }
  }

  void Observe(const Place& place, TensorId id, std::span<const float> values) override {
    ChannelPeaks& own = peaks_[static_cast<size_t>(place.thread)];
    const auto found = own.find(id);
    if (found == own.end()) return;
    float* peaks = found->second.data();
    const size_t channels = found->second.size();
    for (size_t row = 0; row < values.size(); row += channels) {
      const float* x = values.data() + row;
      for (size_t c = 0; c < channels; ++c) peaks[c] = std::max(peaks[c], std::abs(x[c]));
    }
  }

  void TakeIn(int64_t) override {}

  std::vector<graph::StoredTensor> Save() const override {
    std::vector<graph::StoredTensor> tensors;
    for (const auto& [id, peaks] : Peaks()) {
      tensors.push_back(Stored(StrCat("peaks/", id), peaks));
    }
    return tensors;
  }

  void Restore(const graph::SafetensorsReader& state) override {
    for (auto& [id, peaks] : peaks_[0]) {
      peaks = StoredFloats(state, StrCat("peaks/", id), static_cast<int64_t>(peaks.size()));
    }
  }

  ChannelPeaks Peaks() const {
    ChannelPeaks all = peaks_[0];
    for (const ChannelPeaks& own : peaks_) {
      for (auto& [id, peaks] : all) {
        const std::vector<float>& others = own.at(id);
        for (size_t c = 0; c < peaks.size(); ++c) peaks[c] = std::max(peaks[c], others[c]);
      }
    }
    return all;
  }

 private:
  std::vector<ChannelPeaks> peaks_;  // by thread
};

}  // namespace

ChannelPeaks MeasurePeaks(const Network& network, DataSource& data,
                          const SampleRunOptions& options) {
  PeakObserver observer(network.graph(), options.threads);
  RunSamples(network, data, options, observer);
  return observer.Peaks();
}

}  // namespace integra::quantize
