#include "quantize/calibrate.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/thread_pool.h"
#include "graph/graph.h"
#include "runtime/float/float_plan.h"

namespace integra::quantize {
namespace {

using graph::TensorId;

bool IsObserved(const graph::Graph& graph, TensorId id) {
  return id != graph::kNoTensor && graph.tensor(id).dtype == DataType::kFloat32 &&
         !graph.tensor(id).is_constant();
}

// One thread's plan, buffers and histograms. Tensors are observed as soon as they are there, while
// they are in the cache, and need no memory beyond their lifetime.
class Worker {
 public:
  Worker(const Network& network, LayerSampler* sampler, bool reference)
      : network_(network),
        graph_(network.graph()),
        sampler_(sampler),
        plan_(graph_, {.reference = reference}),
        histograms_(graph_.tensors.size()) {
    for (const TensorInfo& info : network.inputs()) {
      inputs_.emplace_back(static_cast<size_t>(ElementCount(info.shape)) * SizeOf(info.dtype));
    }
    for (auto& buffer : inputs_) buffers_.emplace_back(buffer);
  }

  // Runs sample `i` and returns the extremes of every tensor.
  std::vector<Range> Observe(DataSource& data, std::mutex& data_mutex, int64_t i) {
    {
      const std::lock_guard<std::mutex> lock(data_mutex);
      data.Read(i, network_.inputs(), buffers_);
    }
    std::vector<Range> ranges(graph_.tensors.size());
    const auto observe = [&](TensorId id) {
      if (!IsObserved(graph_, id)) return;
      const floats::FloatTensor& tensor = plan_.tensor(id);
      const Histogram::Added added = histograms_[static_cast<size_t>(id)].Add(
          {tensor.floats(), static_cast<size_t>(tensor.count())});
      if (added.not_finite > 0) {
        Fail(ErrorCode::kInvalidFile, "calibration sample ", data.name(i), ": tensor '",
             graph_.tensor(id).name, "' of network '", network_.name(), "' has ", added.not_finite,
             " values that are NaN or infinite");
      }
      ranges[static_cast<size_t>(id)] = added.extremes;
    };
    for (size_t k = 0; k < inputs_.size(); ++k) {
      plan_.Import(graph_.inputs[k], inputs_[k].data());
      observe(graph_.inputs[k]);
    }
    for (size_t n = 0; n < graph_.nodes.size(); ++n) {
      const graph::Node& node = graph_.nodes[n];
      if (sampler_ != nullptr && IsObserved(graph_, node.inputs[0])) {
        sampler_->Take(n, i, plan_.tensor(node.inputs[0]).floats());
      }
      plan_.RunNode(n);
      for (const TensorId id : node.outputs) observe(id);
    }
    return ranges;
  }

  const std::vector<Histogram>& histograms() const { return histograms_; }

 private:
  const Network& network_;
  const graph::Graph& graph_;
  LayerSampler* sampler_;
  floats::FloatPlan plan_;
  std::vector<Histogram> histograms_;  // by TensorId
  std::vector<std::vector<std::byte>> inputs_;
  std::vector<std::span<std::byte>> buffers_;
};

}  // namespace

Calibration Calibrate(const Network& network, DataSource& data, const CalibrationOptions& options) {
  const graph::Graph& graph = network.graph();
  const int64_t samples =
      options.samples > 0 ? std::min(options.samples, data.size()) : data.size();
  if (samples == 0) {
    Fail(ErrorCode::kInvalidArgument, "the calibration set is empty; give at least one sample");
  }
  const int threads = static_cast<int>(std::min<int64_t>(std::max(1, options.threads), samples));

  std::optional<LayerSampler> sampler;
  if (options.patches > 0) sampler.emplace(graph, samples, options.patches);
  std::vector<std::unique_ptr<Worker>> workers;
  for (int t = 0; t < threads; ++t) {
    workers.push_back(
        std::make_unique<Worker>(network, sampler ? &*sampler : nullptr, options.reference));
  }

  Calibration result;
  result.samples = samples;
  result.observers.assign(graph.tensors.size(), Observer(options.momentum));

  // Histograms do not care about order; moving averages and errors do. So samples run in blocks, in
  // any order within a block, and their extremes are taken in after it, in the samples' order.
  ThreadPool pool(threads);
  const int64_t block = int64_t{8} * threads;
  std::vector<std::vector<Range>> ranges(static_cast<size_t>(block));
  std::vector<std::exception_ptr> errors(static_cast<size_t>(block));
  std::mutex data_mutex, progress_mutex;
  int64_t done = 0;
  for (int64_t start = 0; start < samples; start += block) {
    const int64_t count = std::min(block, samples - start);
    pool.ParallelFor(count, [&](int64_t i, int thread) {
      try {
        ranges[static_cast<size_t>(i)] =
            workers[static_cast<size_t>(thread)]->Observe(data, data_mutex, start + i);
        const std::lock_guard<std::mutex> lock(progress_mutex);
        ++done;
        if (options.progress) options.progress(done, samples);
      } catch (...) {
        errors[static_cast<size_t>(i)] = std::current_exception();
      }
    });
    for (int64_t i = 0; i < count; ++i) {
      if (errors[static_cast<size_t>(i)]) std::rethrow_exception(errors[static_cast<size_t>(i)]);
      for (size_t id = 0; id < graph.tensors.size(); ++id) {
        if (!IsObserved(graph, static_cast<TensorId>(id))) continue;
        result.observers[id].AddSampleRange(ranges[static_cast<size_t>(i)][id]);
      }
    }
  }
  for (const auto& worker : workers) {
    for (size_t id = 0; id < graph.tensors.size(); ++id) {
      result.observers[id].AddHistogram(worker->histograms()[id]);
    }
  }
  if (sampler) result.layers = std::move(*sampler).Done();
  return result;
}

}  // namespace integra::quantize
