#include "quantize/calibrate.h"

#include <algorithm>
#include <exception>
#include <mutex>
#include <string>

#include "base/error.h"
#include "base/thread_pool.h"
#include "graph/graph.h"
#include "integra/float_session.hpp"

namespace integra::quantize {
namespace {

using graph::TensorId;

// One thread's session, buffers and histograms.
class Worker {
 public:
  Worker(const Network& network, const std::vector<TensorId>& observed)
      : network_(network),
        observed_(observed),
        session_(network, {.threads = 1, .keep_all_tensors = true}),
        histograms_(observed.size()) {
    for (const TensorInfo& info : session_.inputs()) inputs_.emplace_back(Bytes(info));
    for (const TensorInfo& info : session_.outputs()) outputs_.emplace_back(Bytes(info));
    for (auto& buffer : inputs_) writable_.emplace_back(buffer);
    for (auto& buffer : inputs_) readable_.emplace_back(buffer);
    for (auto& buffer : outputs_) results_.emplace_back(buffer);
  }

  // Runs sample `i` and returns the extremes of every observed tensor.
  std::vector<Range> Observe(DataSource& data, std::mutex& data_mutex, int64_t i) {
    {
      const std::lock_guard<std::mutex> lock(data_mutex);
      data.Read(i, session_.inputs(), writable_);
    }
    session_.Run(readable_, results_);
    std::vector<Range> ranges;
    for (size_t k = 0; k < observed_.size(); ++k) {
      const std::string& name = network_.graph().tensor(observed_[k]).name;
      const std::vector<float> values = session_.ReadValues(name);
      const Histogram::Added added = histograms_[k].Add(values);
      if (added.not_finite > 0) {
        Fail(ErrorCode::kInvalidFile, "calibration sample ", data.name(i), ": tensor '", name,
             "' of network '", network_.name(), "' has ", added.not_finite,
             " values that are NaN or infinite");
      }
      ranges.push_back(added.extremes);
    }
    return ranges;
  }

  const std::vector<Histogram>& histograms() const { return histograms_; }

 private:
  static std::vector<std::byte> Bytes(const TensorInfo& info) {
    return std::vector<std::byte>(static_cast<size_t>(ElementCount(info.shape)) *
                                  SizeOf(info.dtype));
  }

  const Network& network_;
  const std::vector<TensorId>& observed_;
  FloatSession session_;
  std::vector<Histogram> histograms_;
  std::vector<std::vector<std::byte>> inputs_, outputs_;
  std::vector<std::span<std::byte>> writable_, results_;
  std::vector<std::span<const std::byte>> readable_;
};

std::vector<TensorId> ObservedTensors(const graph::Graph& graph) {
  std::vector<TensorId> all = graph.inputs;
  for (const graph::Node& node : graph.nodes) {
    all.insert(all.end(), node.outputs.begin(), node.outputs.end());
  }
  std::erase_if(all, [&](TensorId id) {
    return id == graph::kNoTensor || graph.tensor(id).dtype != DataType::kFloat32;
  });
  return all;
}

}  // namespace

Calibration Calibrate(const Network& network, DataSource& data, const CalibrationOptions& options) {
  const graph::Graph& graph = network.graph();
  const std::vector<TensorId> observed = ObservedTensors(graph);
  const int64_t samples =
      options.samples > 0 ? std::min(options.samples, data.size()) : data.size();
  if (samples == 0) {
    Fail(ErrorCode::kInvalidArgument, "the calibration set is empty; give at least one sample");
  }
  const int threads = static_cast<int>(std::min<int64_t>(std::max(1, options.threads), samples));

  std::vector<Worker> workers;
  workers.reserve(static_cast<size_t>(threads));
  for (int t = 0; t < threads; ++t) workers.emplace_back(network, observed);

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
            workers[static_cast<size_t>(thread)].Observe(data, data_mutex, start + i);
        const std::lock_guard<std::mutex> lock(progress_mutex);
        ++done;
        if (options.progress) options.progress(done, samples);
      } catch (...) {
        errors[static_cast<size_t>(i)] = std::current_exception();
      }
    });
    for (int64_t i = 0; i < count; ++i) {
      if (errors[static_cast<size_t>(i)]) std::rethrow_exception(errors[static_cast<size_t>(i)]);
      for (size_t k = 0; k < observed.size(); ++k) {
        result.observers[static_cast<size_t>(observed[k])].AddSampleRange(
            ranges[static_cast<size_t>(i)][k]);
      }
    }
  }
  for (const Worker& worker : workers) {
    for (size_t k = 0; k < observed.size(); ++k) {
      result.observers[static_cast<size_t>(observed[k])].AddHistogram(worker.histograms()[k]);
    }
  }
  return result;
}

}  // namespace integra::quantize
