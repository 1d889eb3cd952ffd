#include "analysis/mode_run.h"

#include <chrono>

#include "analysis/traced_run.h"

namespace integra::analysis {
namespace {

std::vector<std::vector<std::byte>> BuffersFor(const std::vector<TensorInfo>& infos) {
  std::vector<std::vector<std::byte>> buffers;
  buffers.reserve(infos.size());
  for (const TensorInfo& info : infos) {
    buffers.emplace_back(static_cast<size_t>(ElementCount(info.shape)) * SizeOf(info.dtype));
  }
  return buffers;
}

}  // namespace

ModeRun::ModeRun(const Network& network, Mode mode, int threads)
    : network_(network),
      mode_(mode),
      inputs_(BuffersFor(network.inputs())),
      outputs_(BuffersFor(network.outputs())),
      values_(outputs_.size()) {
  if (mode == Mode::kInteger) {
    SessionOptions options;
    options.threads = threads;
    options.float_nodes = FloatIslands();
    integer_.emplace(network_, options);
  } else {
    FloatSessionOptions options;
    options.mode = mode;
    options.threads = threads;
    float_.emplace(network_, options);
  }
}

std::vector<std::span<const std::byte>> ModeRun::inputs() const {
  return {inputs_.begin(), inputs_.end()};
}

void ModeRun::Run(DataSource& data, int64_t sample) {
  const std::vector<std::span<std::byte>> writable(inputs_.begin(), inputs_.end());
  const std::vector<std::span<std::byte>> out(outputs_.begin(), outputs_.end());
  data.Read(sample, network_.inputs(), writable);
  const auto in = inputs();
  const auto start = std::chrono::steady_clock::now();
  if (integer_) {
    integer_->Run(in, out);
  } else {
    float_->Run(in, out);
  }
  const std::chrono::duration<double, std::micro> time = std::chrono::steady_clock::now() - start;
  total_us_ += time.count();
  const graph::Graph& graph = network_.graph();
  for (size_t i = 0; i < values_.size(); ++i) {
    values_[i] =
        float_ ? float_->OutputValues(i) : RealValues(graph.tensor(graph.outputs[i]), outputs_[i]);
  }
}

}  // namespace integra::analysis
