#include "integra/float_session.hpp"

#include <algorithm>
#include <chrono>
#include <limits>

#include "base/error.h"
#include "runtime/float/float_plan.h"

namespace integra {
namespace {

constexpr const char* kModeNames[] = {"float", "simulated", "integer"};

std::vector<TensorInfo> Batched(const std::vector<TensorInfo>& tensors, int64_t batch) {
  std::vector<TensorInfo> all = tensors;
  if (batch == 1) return all;
  for (TensorInfo& info : all) {
    if (info.shape.empty() || info.shape[0] != 1) {
      Fail(ErrorCode::kUnsupported, "a batch of ", batch,
           " needs inputs and outputs whose first dimension is 1; tensor '", info.name,
           "' has shape ", ToString(info.shape));
    }
    info.shape[0] = batch;
  }
  return all;
}

FloatSessionOptions Checked(FloatSessionOptions options) {
  if (options.mode == Mode::kInteger) {
    Fail(ErrorCode::kInvalidArgument,
         "a FloatSession runs modes float and simulated; class Session runs mode integer");
  }
  if (options.threads < 0 || options.threads > 1024) {
    Fail(ErrorCode::kInvalidArgument, "threads is ", options.threads,
         "; it has to be 1 to 1024, or 0 for every processor that may be used");
  }
  if (options.threads == 0) options.threads = std::min(UsableProcessors(), 1024);
  if (options.batch < 1 || options.batch > (1 << 20)) {
    Fail(ErrorCode::kInvalidArgument, "batch is ", options.batch, "; it has to be 1 to 1048576");
  }
  return options;
}

template <typename Span>
void CheckBuffers(const char* kind, const std::vector<TensorInfo>& expected,
                  std::span<const Span> buffers) {
  if (buffers.size() != expected.size()) {
    Fail(ErrorCode::kInvalidArgument, "the network has ", expected.size(), " ", kind,
         "s, but Run was given ", buffers.size());
  }
  for (size_t i = 0; i < expected.size(); ++i) {
    const size_t bytes =
        static_cast<size_t>(ElementCount(expected[i].shape)) * SizeOf(expected[i].dtype);
    if (buffers[i].size() != bytes) {
      Fail(ErrorCode::kInvalidArgument, kind, " ", i, " ('", expected[i].name, "') has ", bytes,
           " bytes, but Run was given ", buffers[i].size());
    }
  }
}

}  // namespace

const char* NameOf(Mode mode) { return kModeNames[static_cast<size_t>(mode)]; }

bool ParseMode(std::string_view name, Mode* mode) {
  for (size_t i = 0; i < std::size(kModeNames); ++i) {
    if (name == kModeNames[i]) {
      *mode = static_cast<Mode>(i);
      return true;
    }
  }
  return false;
}

class FloatSession::Impl {
 public:
  Impl(const Network& network, const FloatSessionOptions& options)
      : network_(network),
        options_(Checked(options)),
        inputs_(Batched(network.inputs(), options.batch)),
        outputs_(Batched(network.outputs(), options.batch)),
        plan_(network_.graph(), {.simulated = options.mode == Mode::kSimulated,
                                 .threads = options.threads,
                                 .keep_all_tensors = options.keep_all_tensors,
                                 .reference = options.reference}),
        profile_(network_.graph().nodes.size()) {
    for (const TensorInfo& info : outputs_) {
      values_.emplace_back(static_cast<size_t>(ElementCount(info.shape)));
    }
  }

  const std::vector<TensorInfo>& inputs() const { return inputs_; }
  const std::vector<TensorInfo>& outputs() const { return outputs_; }

  void Run(std::span<const std::span<const std::byte>> inputs,
           std::span<const std::span<std::byte>> outputs) {
    CheckBuffers("input", inputs_, inputs);
    CheckBuffers("output", outputs_, outputs);
    const auto batch = static_cast<size_t>(options_.batch);
    for (size_t sample = 0; sample < batch; ++sample) {
      for (size_t i = 0; i < inputs_.size(); ++i) {
        plan_.Import(graph().inputs[i], inputs[i].data() + inputs[i].size() / batch * sample);
      }
      RunNodes();
      for (size_t i = 0; i < outputs_.size(); ++i) {
        plan_.Export(graph().outputs[i], outputs[i].data() + outputs[i].size() / batch * sample);
        plan_.Values(graph().outputs[i], values_[i].data() + values_[i].size() / batch * sample);
      }
    }
  }

  std::vector<float> OutputValues(size_t i) const {
    if (i >= values_.size()) {
      Fail(ErrorCode::kInvalidArgument, "the network has ", values_.size(), " outputs, not ",
           i + 1);
    }
    return values_[i];
  }

  std::vector<float> ReadValues(const std::string& name) const {
    const graph::TensorId id = Readable(name);
    std::vector<float> values(static_cast<size_t>(plan_.tensor(id).count()));
    plan_.Values(id, values.data());
    return values;
  }

  std::vector<std::byte> ReadTensor(const std::string& name) const {
    const graph::TensorId id = Readable(name);
    const graph::Tensor& tensor = graph().tensor(id);
    std::vector<std::byte> bytes(static_cast<size_t>(ElementCount(tensor.shape)) *
                                 SizeOf(tensor.dtype));
    plan_.Export(id, bytes.data());
    return bytes;
  }

  double ReadRatio(const std::string& name) const { return plan_.ratio(Readable(name)); }

  std::vector<NodeProfile> Profile() const {
    std::vector<NodeProfile> all = profile_;
    for (size_t n = 0; n < all.size(); ++n) {
      all[n].node = graph().nodes[n].name;
      all[n].op = graph::NameOf(graph().nodes[n].type);
      all[n].kernel = plan_.kernel(n);
      all[n].multiply_accumulates = plan_.multiply_accumulates(n);
    }
    return all;
  }

 private:
  const graph::Graph& graph() const { return network_.graph(); }

  void RunNodes() {
    if (!options_.profile) return plan_.Run();
    using Clock = std::chrono::steady_clock;
    for (size_t n = 0; n < profile_.size(); ++n) {
      const Clock::time_point start = Clock::now();
      plan_.RunNode(n);
      const auto ns = static_cast<uint64_t>(
          std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count());
      NodeProfile& p = profile_[n];
      p.best_ns = p.calls == 0 ? ns : std::min(p.best_ns, ns);
      p.total_ns += ns;
      ++p.calls;
    }
  }

  graph::TensorId Readable(const std::string& name) const {
    const auto id = graph().Find(name);
    if (!id) Fail(ErrorCode::kInvalidArgument, "the network has no tensor '", name, "'");
    const auto& outs = graph().outputs;
    if (!options_.keep_all_tensors && std::find(outs.begin(), outs.end(), *id) == outs.end()) {
      Fail(ErrorCode::kInvalidArgument, "tensor '", name,
           "' is not kept; create the session with keep_all_tensors");
    }
    if (plan_.tensor(*id).data == nullptr) {
      Fail(ErrorCode::kInvalidArgument, "tensor '", name,
           "' is a constant, or no node reads or writes it");
    }
    return *id;
  }

  const Network network_;  // keeps the graph alive
  const FloatSessionOptions options_;
  const std::vector<TensorInfo> inputs_;
  const std::vector<TensorInfo> outputs_;
  floats::FloatPlan plan_;
  std::vector<NodeProfile> profile_;
  std::vector<std::vector<float>> values_;  // of each output, the whole batch
};

FloatSession::FloatSession(const Network& network, const FloatSessionOptions& options)
    : impl_(std::make_unique<Impl>(network, options)) {}
FloatSession::~FloatSession() = default;
FloatSession::FloatSession(FloatSession&&) noexcept = default;
FloatSession& FloatSession::operator=(FloatSession&&) noexcept = default;

const std::vector<TensorInfo>& FloatSession::inputs() const { return impl_->inputs(); }
const std::vector<TensorInfo>& FloatSession::outputs() const { return impl_->outputs(); }
void FloatSession::Run(std::span<const std::span<const std::byte>> inputs,
                       std::span<const std::span<std::byte>> outputs) {
  impl_->Run(inputs, outputs);
}
std::vector<float> FloatSession::OutputValues(size_t i) const { return impl_->OutputValues(i); }
std::vector<float> FloatSession::ReadValues(const std::string& name) const {
  return impl_->ReadValues(name);
}
std::vector<std::byte> FloatSession::ReadTensor(const std::string& name) const {
  return impl_->ReadTensor(name);
}
double FloatSession::ReadRatio(const std::string& name) const { return impl_->ReadRatio(name); }
std::vector<NodeProfile> FloatSession::Profile() const { return impl_->Profile(); }

}  // namespace integra
