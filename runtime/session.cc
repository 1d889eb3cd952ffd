#include "integra/session.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <new>
#include <ostream>
#include <system_error>

#include "base/buffer.h"
#include "base/error.h"
#include "base/thread_pool.h"
#include "runtime/plan.h"

namespace integra {
namespace {

uint64_t Now() {
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                   std::chrono::steady_clock::now().time_since_epoch())
                                   .count());
}

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
  return options;
}

uint64_t MachineMemory() {
  const auto pages = ::sysconf(_SC_PHYS_PAGES);
  const auto page_bytes = ::sysconf(_SC_PAGESIZE);
  if (pages <= 0 || page_bytes <= 0) return std::numeric_limits<uint64_t>::max();
  return static_cast<uint64_t>(pages) * static_cast<uint64_t>(page_bytes);
}

size_t ScratchBytesPerThread(const runtime::Plan& plan) {
  return AlignUp(plan.scratch_bytes + kReadPadding);
}

// The plan, which so far is only a plan: shapes in a file of a few bytes can ask for any amount.
runtime::Plan Affordable(runtime::Plan plan, const Network& network,
                         const SessionOptions& options) {
  const uint64_t limit = options.max_memory_bytes > 0 ? options.max_memory_bytes : MachineMemory();
  const uint64_t scratch = ScratchBytesPerThread(plan) * static_cast<uint64_t>(options.threads);
  const uint64_t weights = network.weights().bytes();
  const uint64_t needed = plan.arena_bytes + scratch + plan.workspace_bytes + weights;
  if (needed > limit) {
    Fail(ErrorCode::kSystem, network.graph().source, ": needs ", needed, " bytes (activations ",
         plan.arena_bytes, ", scratch ", scratch + plan.workspace_bytes, ", packed weights ",
         weights, "), more than the limit of ", limit,
         options.max_memory_bytes > 0 ? " (max_memory_bytes)" : ", which is all the machine has");
  }
  return plan;
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
        plan_(Affordable(runtime::MakePlan(network.graph(), options_, network.weights()), network,
                         options_)),
        pool_(options_.pool ? options_.pool : std::make_shared<ThreadPool>(options_.threads)),
        arena_(plan_.arena_bytes),
        scratch_(ScratchBytesPerThread(plan_) * static_cast<size_t>(options_.threads)),
        workspace_(plan_.workspace_bytes),
        ranges_(network.graph().tensors.size()) {
    const size_t count = network.graph().tensors.size();
    for (size_t id = 0; id < count; ++id) {
      std::byte* address = const_cast<std::byte*>(plan_.constant_addresses[id]);
      if (plan_.offsets[id] != runtime::Plan::kNotInArena) {
        address = arena_.data() + plan_.offsets[id];
      }
      addresses_.push_back(address);
    }
    const size_t each = ScratchBytesPerThread(plan_);
    for (int i = 0; i < options_.threads; ++i) {
      scratch_addresses_.push_back(scratch_.data() + each * static_cast<size_t>(i));
    }
    profile_.resize(network.graph().nodes.size());
    trace_.reserve(plan_.steps.size());
  }

  const std::vector<TensorInfo>& inputs() const { return inputs_; }
  const std::vector<TensorInfo>& outputs() const { return outputs_; }

  void Run(std::span<const std::span<const std::byte>> inputs,
           std::span<const std::span<std::byte>> outputs) {
    CheckBuffers("input", inputs_, input_bytes_, inputs);
    CheckBuffers("output", outputs_, output_bytes_, outputs);
    trace_.clear();
    for (int64_t sample = 0; sample < options_.batch; ++sample) {
      for (size_t i = 0; i < inputs_.size(); ++i) {
        const size_t bytes = input_bytes_[i];
        runtime::ToStored(inputs_[i].dtype, inputs[i].data() + bytes * static_cast<size_t>(sample),
                          addresses_[graph().inputs[i]], bytes);
      }
      RunSteps();
      for (size_t i = 0; i < outputs_.size(); ++i) {
        const size_t bytes = output_bytes_[i];
        runtime::FromStored(outputs_[i].dtype, addresses_[graph().outputs[i]],
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
    if (addresses_[static_cast<size_t>(*id)] == nullptr) {
      Fail(ErrorCode::kInvalidArgument, "tensor '", name, "' is not computed by any node");
    }
    runtime::FromStored(tensor.dtype, addresses_[static_cast<size_t>(*id)], value.data(),
                        value.size());
    return value;
  }

  RangeRatio ReadRatio(const std::string& name) const {
    const auto id = graph().Find(name);
    if (!id) Fail(ErrorCode::kInvalidArgument, "the network has no tensor '", name, "'");
    const graph::TensorId owner = plan_.range_owners[static_cast<size_t>(*id)];
    if (owner == graph::kNoTensor) return {};
    const Multiplier ratio = ranges_[static_cast<size_t>(owner)].ratio;
    return {ratio.m, ratio.s};
  }

  std::vector<NodeProfile> Profile() const {
    std::vector<NodeProfile> all;
    for (size_t i = 0; i < graph().nodes.size(); ++i) {
      NodeProfile p = profile_[i];
      p.node = graph().nodes[i].name;
      p.op = graph::NameOf(graph().nodes[i].type);
      p.kernel = plan_.nodes[i].kernel;
      p.multiply_accumulates = plan_.nodes[i].multiply_accumulates;
      all.push_back(std::move(p));
    }
    return all;
  }

  void WriteChromeTrace(std::ostream& out) const;

  MemoryUse memory() const {
    return {plan_.arena_bytes, plan_.arena_lower_bound, scratch_.size() + workspace_.size(),
            network_.weights().bytes()};
  }

 private:
  struct Event {
    size_t node;
    uint64_t begin_ns, end_ns;
  };

  const graph::Graph& graph() const { return network_.graph(); }

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

  void StopWhereAsked(const runtime::PlannedStep& next) const {
    if (!options_.should_stop || !options_.should_stop()) return;
    Fail(ErrorCode::kCancelled, "the run was stopped before node '", graph().nodes[next.node].name,
         "'");
  }

  void RunSteps() {
    const runtime::StepContext context{addresses_.data(), scratch_addresses_.data(), pool_.get(),
                                       ranges_.data(), workspace_.data()};
    if (!options_.profile) {
      for (const runtime::PlannedStep& step : plan_.steps) {
        StopWhereAsked(step);
        step.run(context);
      }
      return;
    }
    for (const runtime::PlannedStep& step : plan_.steps) {
      StopWhereAsked(step);
      const uint64_t begin = Now();
      step.run(context);
      const uint64_t end = Now();
      NodeProfile& p = profile_[step.node];
      p.best_ns = p.calls == 0 ? end - begin : std::min(p.best_ns, end - begin);
      p.total_ns += end - begin;
      ++p.calls;
      if (trace_.size() < trace_.capacity()) trace_.push_back({step.node, begin, end});
    }
  }

  const Network network_;
  const SessionOptions options_;
  const std::vector<TensorInfo> inputs_;
  const std::vector<TensorInfo> outputs_;
  const std::vector<size_t> input_bytes_, output_bytes_;  // of one sample
  const runtime::Plan plan_;
  const std::shared_ptr<ThreadPool> pool_;
  AlignedBuffer arena_;
  AlignedBuffer scratch_;
  AlignedBuffer workspace_;
  std::vector<DynamicRange> ranges_;  // by TensorId, where a tensor owns one
  std::vector<std::byte*> addresses_;
  std::vector<std::byte*> scratch_addresses_;
  std::vector<NodeProfile> profile_;
  std::vector<Event> trace_;
};

// The trace event format of chrome://tracing and Perfetto: one complete event ("X") per node, times
// in microseconds.
void Session::Impl::WriteChromeTrace(std::ostream& out) const {
  const auto text = [](const std::string& raw) {
    std::string safe;
    for (const char c : raw) {
      if (c == '"' || c == '\\') safe += '\\';
      safe += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    return safe;
  };
  const auto microseconds = [](uint64_t ns) {
    std::string fraction = std::to_string(ns % 1000);
    return std::to_string(ns / 1000) + "." + std::string(3 - fraction.size(), '0') + fraction;
  };
  const uint64_t start = trace_.empty() ? 0 : trace_.front().begin_ns;
  out << "{\"traceEvents\":[";
  for (size_t i = 0; i < trace_.size(); ++i) {
    const Event& e = trace_[i];
    const graph::Node& node = graph().nodes[e.node];
    out << (i ? ",\n" : "\n") << "{\"ph\":\"X\",\"pid\":1,\"tid\":1,\"name\":\"" << text(node.name)
        << "\",\"cat\":\"" << graph::NameOf(node.type)
        << "\",\"ts\":" << microseconds(e.begin_ns - start)
        << ",\"dur\":" << microseconds(e.end_ns - e.begin_ns) << ",\"args\":{\"kernel\":\""
        << text(plan_.nodes[e.node].kernel) << "\"}}";
  }
  out << "\n]}\n";
}

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

}  // namespace integra
