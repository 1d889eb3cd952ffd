#include "integra/session.hpp"

#include <algorithm>
#include <new>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/thread_pool.h"
#include "runtime/executor.h"
#include "runtime/memory_limit.h"
#include "runtime/plan.h"
#include "runtime/tuning.h"
#include "runtime/weight_cache.h"

namespace integra {
namespace {

// Inputs or outputs with the batch size applied to dimension 0.
std::vector<TensorInfo> Batched(const std::vector<TensorInfo>& tensors, int64_t batch) {
  std::vector<TensorInfo> all = tensors;
  if (batch == 1) return all;
  for (TensorInfo& info : all) {
    if (info.shape.empty() || info.shape[0] != 1) {
      Fail(ErrorCode::kUnsupported, "a batch of ", batch,
           " needs inputs and outputs whose first "
           "dimension is 1; tensor '",
           info.name, "' has shape ", ToString(info.shape));
    }
    info.shape[0] = batch;
  }
  return all;
}

// Of each tensor, for one sample of the batch. (Found once: a small network runs in microseconds.)
std::vector<size_t> SampleBytes(const std::vector<TensorInfo>& all, int64_t batch) {
  std::vector<size_t> bytes;
  bytes.reserve(all.size());
  for (const TensorInfo& info : all) {
    bytes.push_back(static_cast<size_t>(ElementCount(info.shape) / batch) * SizeOf(info.dtype));
  }
  return bytes;
}

constexpr int kMostThreads = 1024;

int CheckedThreads(int threads) {
  if (threads < 0 || threads > kMostThreads) {
    Fail(ErrorCode::kInvalidArgument, "threads is ", threads, "; it has to be 1 to ", kMostThreads,
         ", or 0 for every processor that may be used");
  }
  return threads > 0 ? threads : std::min(UsableProcessors(), kMostThreads);
}

// With the threads that will be used.
SessionOptions Checked(SessionOptions options) {
  options.threads = options.pool ? options.pool->threads() : CheckedThreads(options.threads);
  if (options.batch < 1 || options.batch > (1 << 20)) {
    Fail(ErrorCode::kInvalidArgument, "batch is ", options.batch, "; it has to be 1 to 1048576");
  }
  if (!options.gemm.empty() && options.gemm != "onednn" && options.gemm != "own" &&
      options.gemm != "reference") {
    Fail(ErrorCode::kInvalidArgument, "unknown gemm '", options.gemm,
         "'; known are onednn, own, reference");
  }
  if (!options.tuning.empty() && !options.gemm.empty()) {
    Fail(ErrorCode::kInvalidArgument,
         "tuning and gemm exclude each other: one chooses kernels by "
         "measuring, the other forces one kind");
  }
  return options;
}

}  // namespace

class Session::Impl {
 public:
  Impl(const Network& network, const SessionOptions& options)
      : network_(network),
        options_(Checked(options)),
        inputs_(Batched(network.inputs(), options.batch)),
        outputs_(Batched(network.outputs(), options.batch)),
        input_bytes_(SampleBytes(inputs_, options_.batch)),
        output_bytes_(SampleBytes(outputs_, options_.batch)),
        pool_(options_.pool ? options_.pool : std::make_shared<ThreadPool>(options_.threads)),
        tuning_(Tune()),
        executor_(graph(), MakePlan(), options_, *pool_) {}

  const std::vector<TensorInfo>& inputs() const { return inputs_; }
  const std::vector<TensorInfo>& outputs() const { return outputs_; }

  void Run(std::span<const std::span<const std::byte>> inputs,
           std::span<const std::span<std::byte>> outputs) {
    CheckBuffers("input", inputs_, input_bytes_, inputs);
    CheckBuffers("output", outputs_, output_bytes_, outputs);
    executor_.StartTrace();
    for (int64_t sample = 0; sample < options_.batch; ++sample) {
      for (size_t i = 0; i < inputs_.size(); ++i) {
        const size_t bytes = input_bytes_[i];
        runtime::ToStored(inputs_[i].dtype, inputs[i].data() + bytes * static_cast<size_t>(sample),
                          executor_.address(graph().inputs[i]), bytes);
      }
      executor_.Run();
      for (size_t i = 0; i < outputs_.size(); ++i) {
        const size_t bytes = output_bytes_[i];
        runtime::FromStored(outputs_[i].dtype, executor_.address(graph().outputs[i]),
                            outputs[i].data() + bytes * static_cast<size_t>(sample), bytes);
      }
    }
  }

  std::vector<std::byte> ReadTensor(const std::string& name) const {
    const auto id = graph().Find(name);
    if (!id) Fail(ErrorCode::kInvalidArgument, "the network has no tensor '", name, "'");
    const graph::Tensor& tensor = graph().tensor(*id);
    if (tensor.is_constant()) return {tensor.data.bytes.begin(), tensor.data.bytes.end()};
    const auto& outs = graph().outputs;
    const bool is_output = std::find(outs.begin(), outs.end(), *id) != outs.end();
    if (!options_.keep_all_tensors && !is_output) {
      Fail(ErrorCode::kInvalidArgument, "tensor '", name,
           "' is not kept; create the session with keep_all_tensors");
    }
    std::vector<std::byte> value(static_cast<size_t>(ElementCount(tensor.shape)) *
                                 SizeOf(tensor.dtype));
    const std::byte* const stored = executor_.address(*id);
    if (stored == nullptr) {
      Fail(ErrorCode::kInvalidArgument, "tensor '", name, "' is not computed by any node");
    }
    runtime::FromStored(tensor.dtype, stored, value.data(), value.size());
    return value;
  }

  RangeRatio ReadRatio(const std::string& name) const {
    const auto id = graph().Find(name);
    if (!id) Fail(ErrorCode::kInvalidArgument, "the network has no tensor '", name, "'");
    const graph::TensorId owner = executor_.plan().range_owners[static_cast<size_t>(*id)];
    if (owner == graph::kNoTensor) return {};
    const Multiplier ratio = executor_.range(owner).ratio;
    return {ratio.m, ratio.s};
  }

  std::vector<NodeProfile> Profile() const {
    std::vector<NodeProfile> all;
    for (size_t i = 0; i < graph().nodes.size(); ++i) {
      NodeProfile p = executor_.profile(i);
      p.node = graph().nodes[i].name;
      p.op = graph::NameOf(graph().nodes[i].type);
      p.kernel = executor_.plan().nodes[i].kernel;
      p.multiply_accumulates = executor_.plan().nodes[i].multiply_accumulates;
      all.push_back(std::move(p));
    }
    return all;
  }

  void WriteChromeTrace(std::ostream& out) const { executor_.WriteChromeTrace(out); }

  const std::vector<TunedLayer>& tuning() const { return tuning_; }

  MemoryUse memory() const {
    const runtime::Plan& plan = executor_.plan();
    return {plan.arena_bytes, plan.arena_lower_bound, executor_.scratch_bytes(),
            network_.weights().bytes()};
  }

 private:
  const graph::Graph& graph() const { return network_.graph(); }

  std::vector<TunedLayer> Tune() const {
    if (options_.tuning.empty()) return {};
    return runtime::Tune(network_, options_, *pool_);
  }

  runtime::Plan MakePlan() const {
    runtime::Plan plan = runtime::MakePlan(graph(), options_, network_.weights(),
                                           runtime::ChoicesOf(graph(), tuning_));
    return runtime::Affordable(std::move(plan), network_.weights().bytes(), graph(), options_);
  }

  template <typename Buffers>
  void CheckBuffers(const char* what, const std::vector<TensorInfo>& expected,
                    const std::vector<size_t>& sample_bytes, const Buffers& given) const {
    if (given.size() != expected.size()) {
      Fail(ErrorCode::kInvalidArgument, "the network has ", expected.size(), " ", what, "s, ",
           given.size(), " were given");
    }
    for (size_t i = 0; i < expected.size(); ++i) {
      const size_t bytes = sample_bytes[i] * static_cast<size_t>(options_.batch);
      if (given[i].size() != bytes || given[i].data() == nullptr) {
        Fail(ErrorCode::kInvalidArgument, what, " '", expected[i].name, "' needs ", bytes,
             " bytes (", NameOf(expected[i].dtype), " ", ToString(expected[i].shape), "), ",
             given[i].size(), " were given");
      }
    }
  }

  const Network network_;
  const SessionOptions options_;
  const std::vector<TensorInfo> inputs_;
  const std::vector<TensorInfo> outputs_;
  const std::vector<size_t> input_bytes_, output_bytes_;  // of one sample
  const std::shared_ptr<ThreadPool> pool_;
  const std::vector<TunedLayer> tuning_;
  runtime::Executor executor_;
};

std::shared_ptr<ThreadPool> MakeThreadPool(int threads) {
  const int checked = CheckedThreads(threads);
  try {
    return std::make_shared<ThreadPool>(checked);
  } catch (const std::system_error& error) {
    Fail(ErrorCode::kSystem, checked, " threads cannot be started: ", error.what());
  }
}

Session::Session(const Network& network, const SessionOptions& options) {
  try {
    impl_ = std::make_unique<Impl>(network, options);
  } catch (const std::bad_alloc&) {
    FailOutOfMemory(network.graph().source);
  } catch (const std::system_error& error) {  // threads
    Fail(ErrorCode::kSystem, "a session of ", options.threads,
         " threads cannot be made: ", error.what());
  }
}
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

const std::vector<TensorInfo>& Session::inputs() const { return impl_->inputs(); }
const std::vector<TensorInfo>& Session::outputs() const { return impl_->outputs(); }
void Session::Run(std::span<const std::span<const std::byte>> inputs,
                  std::span<const std::span<std::byte>> outputs) {
  impl_->Run(inputs, outputs);
}
std::vector<std::byte> Session::ReadTensor(const std::string& name) const {
  return impl_->ReadTensor(name);
}
RangeRatio Session::ReadRatio(const std::string& name) const { return impl_->ReadRatio(name); }
std::vector<NodeProfile> Session::Profile() const { return impl_->Profile(); }
void Session::WriteChromeTrace(std::ostream& out) const { impl_->WriteChromeTrace(out); }
MemoryUse Session::memory() const { return impl_->memory(); }
const std::vector<TunedLayer>& Session::Tuning() const { return impl_->tuning(); }

}  // namespace integra
