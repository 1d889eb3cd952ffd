#include "analysis/traced_run.h"

#include <cstring>

#include "runtime/float/grid.h"

namespace integra::analysis {
namespace {

template <typename T>
std::vector<float> Convert(std::span<const std::byte> bytes) {
  std::vector<float> values(bytes.size() / sizeof(T));
  for (size_t i = 0; i < values.size(); ++i) {
    T value;
    std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
    values[i] = static_cast<float>(value);
  }
  return values;
}

}  // namespace

std::vector<float> RealValues(const graph::Tensor& tensor, std::span<const std::byte> bytes) {
  if (floats::IsRealValued(tensor) && tensor.dtype != DataType::kFloat32) {
    std::vector<float> values(bytes.size() / SizeOf(tensor.dtype));
    floats::DequantizeAs(tensor.dtype, floats::GridOf(tensor), bytes.data(), 0, values.data());
    return values;
  }
  switch (tensor.dtype) {
    case DataType::kFloat32:
      return Convert<float>(bytes);
    case DataType::kInt8:
      return Convert<int8_t>(bytes);
    case DataType::kUInt8:
    case DataType::kBool:
      return Convert<uint8_t>(bytes);
    case DataType::kInt16:
      return Convert<int16_t>(bytes);
    case DataType::kInt32:
      return Convert<int32_t>(bytes);
    case DataType::kInt64:
      return Convert<int64_t>(bytes);
  }
  return {};
}

TracedRun::TracedRun(const Network& network, Mode mode, int threads)
    : network_(network), mode_(mode) {
  if (mode == Mode::kInteger) {
    SessionOptions options;
    options.threads = threads;
    options.keep_all_tensors = true;
    options.float_nodes = FloatIslands();
    session_.emplace(network, options);
    for (const TensorInfo& info : session_->outputs()) {
      outputs_.emplace_back(static_cast<size_t>(ElementCount(info.shape)) * SizeOf(info.dtype));
    }
  } else {
    plan_ = std::make_unique<floats::FloatPlan>(
        network.graph(),
        floats::FloatPlanOptions{
            .simulated = mode == Mode::kSimulated, .threads = threads, .keep_all_tensors = true});
  }
}

void TracedRun::Run(std::span<const std::span<const std::byte>> inputs) {
  if (session_) {
    const std::vector<std::span<std::byte>> outputs(outputs_.begin(), outputs_.end());
    session_->Run(inputs, outputs);
    return;
  }
  for (size_t i = 0; i < inputs.size(); ++i) plan_->Import(graph().inputs[i], inputs[i].data());
  plan_->Run();
}

double TracedRun::RatioOf(graph::TensorId id) const {
  if (!session_) return plan_->ratio(id);
  return floats::RealRatio(session_->ReadRatio(graph().tensor(id).name));
}

double TracedRun::ScaleOf(graph::TensorId id) const {
  return RatioOf(id) * double{graph().tensor(id).quantization.scale[0]};
}

std::vector<float> TracedRun::Values(graph::TensorId id) const {
  const graph::Tensor& tensor = graph().tensor(id);
  if (session_ && tensor.quantization.dynamic) {
    graph::Tensor scaled = tensor;
    scaled.quantization.scale[0] = static_cast<float>(ScaleOf(id));
    return RealValues(scaled, session_->ReadTensor(tensor.name));
  }
  if (session_) return RealValues(tensor, session_->ReadTensor(tensor.name));
  std::vector<float> values(static_cast<size_t>(ElementCount(tensor.shape)));
  plan_->Values(id, values.data());
  return values;
}

void TracedRun::RoundOutputs(size_t n) {
  const graph::Node& node = graph().nodes[n];
  for (const graph::TensorId id : node.outputs) {
    const graph::Tensor& tensor = graph().tensor(id);
    if (tensor.quantization.empty() || !IsQuantizedStorage(tensor.dtype)) continue;
    kernels::FakeQuantize(floats::OutputGridOf(node, tensor), plan_->tensor(id).floats());
  }
}

void TracedRun::TakeTensor(graph::TensorId id, const TracedRun& other) {
  if (other.session_) {
    plan_->Import(id, other.session_->ReadTensor(graph().tensor(id).name).data(),
                  other.RatioOf(id));
    return;
  }
  plan_->set_ratio(id, other.plan_->ratio(id));
  const floats::FloatTensor& to = plan_->tensor(id);
  std::memcpy(to.data, other.plan_->tensor(id).data,
              static_cast<size_t>(to.count()) * SizeOf(to.dtype));
}

}  // namespace integra::analysis
