#include "quantize/sample_runs.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <mutex>
#include <vector>

#include "base/error.h"
#include "base/thread_pool.h"
#include "quantize/checkpoint.h"
#include "quantize/stopwatch.h"

namespace integra::quantize {
namespace {

using graph::TensorId;

// One thread's plan and input buffers.
class Worker {
 public:
  Worker(const Network& network, bool reference)
      : network_(network), graph_(network.graph()), plan_(graph_, {.reference = reference}) {
    for (const TensorInfo& info : network.inputs()) {
      inputs_.emplace_back(static_cast<size_t>(ElementCount(info.shape)) * SizeOf(info.dtype));
    }
    for (auto& buffer : inputs_) buffers_.emplace_back(buffer);
  }

  void Run(DataSource& data, std::mutex& data_mutex, const SampleObserver::Place& place,
           SampleObserver& observer) {
    {
      const std::lock_guard<std::mutex> lock(data_mutex);
      watch_.Lap();
      data.Read(place.sample, network_.inputs(), buffers_);
      times_.reading += watch_.Lap();
    }
    const auto observe = [&](TensorId id) {
      if (id == graph::kNoTensor || graph_.tensor(id).dtype != DataType::kFloat32) return;
      const floats::FloatTensor& tensor = plan_.tensor(id);
      observer.Observe(place, id, {tensor.floats(), static_cast<size_t>(tensor.count())});
    };
    for (size_t k = 0; k < inputs_.size(); ++k) {
      plan_.Import(graph_.inputs[k], inputs_[k].data());
      times_.inference += watch_.Lap();
      observe(graph_.inputs[k]);
      times_.observing += watch_.Lap();
    }
    for (size_t n = 0; n < graph_.nodes.size(); ++n) {
      plan_.RunNode(n);
      times_.inference += watch_.Lap();
      for (const TensorId id : graph_.nodes[n].outputs) observe(id);
      times_.observing += watch_.Lap();
    }
  }

  const SampleRunTimes& times() const { return times_; }  // of this thread

 private:
  const Network& network_;
  const graph::Graph& graph_;
  floats::FloatPlan plan_;
  std::vector<std::vector<std::byte>> inputs_;
  std::vector<std::span<std::byte>> buffers_;
  Stopwatch watch_;
  SampleRunTimes times_;
};

// What threads did at the same time, `seconds` by the clock, in the shares that they spent.
SampleRunTimes Shares(const std::vector<std::unique_ptr<Worker>>& workers, double seconds) {
  SampleRunTimes sum;
  for (const auto& worker : workers) {
    sum.reading += worker->times().reading;
    sum.inference += worker->times().inference;
    sum.observing += worker->times().observing;
  }
  const double all = sum.reading + sum.inference + sum.observing;
  const double share = all > 0 ? seconds / all : 0;
  return {sum.reading * share, sum.inference * share, sum.observing * share};
}

}  // namespace

int64_t BlockSize(int threads) { return int64_t{8} * threads; }

int64_t CountSamples(const DataSource& data, int64_t wanted) {
  const int64_t samples = wanted > 0 ? std::min(wanted, data.size()) : data.size();
  if (samples == 0) {
    Fail(ErrorCode::kInvalidArgument, "the calibration set is empty; give at least one sample");
  }
  return samples;
}

SampleRunTimes RunSamples(const Network& network, DataSource& data, const SampleRunOptions& options,
                          SampleObserver& observer) {
  Stopwatch watch;
  Checkpoint checkpoint(options.checkpoint, options.checkpoint_seconds, network, options.samples);
  const int64_t first = checkpoint.Restore(observer);
  double observing = watch.Lap(), parallel = 0;
  if (first == options.samples) return {.observing = observing};
  std::vector<std::unique_ptr<Worker>> workers;
  workers.reserve(static_cast<size_t>(options.threads));
  for (int t = 0; t < options.threads; ++t) {
    workers.push_back(std::make_unique<Worker>(network, options.reference));
  }
  const double preparing = watch.Lap();
  ThreadPool pool(options.threads);
  const int64_t block = BlockSize(options.threads);
  std::vector<std::exception_ptr> errors(static_cast<size_t>(block));
  std::mutex data_mutex, progress_mutex;
  int64_t done = first;
  for (int64_t start = first; start < options.samples; start += block) {
    const int64_t count = std::min(block, options.samples - start);
    pool.ParallelFor(count, [&](int64_t slot, int thread) {
      try {
        workers[static_cast<size_t>(thread)]->Run(data, data_mutex, {thread, slot, start + slot},
                                                  observer);
        const std::lock_guard<std::mutex> lock(progress_mutex);
        ++done;
        if (options.progress) options.progress(done, options.samples);
      } catch (...) {
        errors[static_cast<size_t>(slot)] = std::current_exception();
      }
    });
    parallel += watch.Lap();
    for (int64_t slot = 0; slot < count; ++slot) {
      if (errors[static_cast<size_t>(slot)]) {
        std::rethrow_exception(errors[static_cast<size_t>(slot)]);
      }
      observer.TakeIn(slot);
    }
    checkpoint.Save(observer, start + count, start + count == options.samples);
    observing += watch.Lap();
  }
  SampleRunTimes times = Shares(workers, parallel);
  times.inference += preparing;
  times.observing += observing;
  return times;
}

}  // namespace integra::quantize
