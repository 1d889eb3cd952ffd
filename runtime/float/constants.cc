#include "runtime/float/constants.h"

#include <cmath>
#include <cstring>

#include "base/error.h"
#include "runtime/float/grid.h"

namespace integra::floats {
namespace {

using graph::OpType;

// Whether input `i` of the node is a bias in accumulator units: an integer constant whose scale
// follows from the other operands.
bool HasImpliedScale(const graph::Graph& graph, const graph::Node& node, size_t i) {
  const bool multiplies = node.type == OpType::kConv2d || node.type == OpType::kDepthwiseConv2d ||
                          node.type == OpType::kFullyConnected;
  if (!multiplies || i != 2) return false;
  const graph::Tensor& bias = graph.tensor(node.inputs[2]);
  return bias.dtype != DataType::kFloat32 && bias.quantization.empty() &&
         !graph.tensor(node.inputs[0]).quantization.empty() &&
         !graph.tensor(node.inputs[1]).quantization.empty();
}

AlignedBuffer FloatsOf(int64_t count) {
  return AlignedBuffer(static_cast<size_t>(count) * sizeof(float));
}

AlignedBuffer Copy(const SharedBytes& bytes) {
  AlignedBuffer buffer(bytes.size());
  std::memcpy(buffer.data(), bytes.bytes.data(), bytes.size());
  return buffer;
}

int64_t IntegerAt(const graph::Tensor& tensor, int64_t i) {
  return tensor.dtype == DataType::kInt64 ? tensor.data.as<int64_t>()[i]
                                          : tensor.data.as<int32_t>()[i];
}

}  // namespace

FloatConstants::Key FloatConstants::KeyOf(const graph::Node& node, size_t i) const {
  return {node.inputs[i], HasImpliedScale(graph_, node, i) ? &node : nullptr};
}

FloatTensor FloatConstants::Get(const graph::Node& node, size_t i) {
  const Key key = KeyOf(node, i);
  const graph::Tensor& tensor = graph_.tensor(key.first);
  const bool real = IsRealValued(tensor) || key.second != nullptr;
  FloatTensor result{real ? DataType::kFloat32 : tensor.dtype, tensor.shape, nullptr};
  auto found = made_.find(key);
  if (found == made_.end()) {
    AlignedBuffer made = key.second == nullptr ? Make(tensor) : MakeBias(node, tensor);
    found = made_.emplace(key, std::move(made)).first;
  }
  result.data = found->second.data();
  return result;
}

void FloatConstants::Release(const graph::Node& node, size_t i) { made_.erase(KeyOf(node, i)); }

AlignedBuffer FloatConstants::Make(const graph::Tensor& tensor) const {
  const bool has_integers = tensor.dtype != DataType::kFloat32 && tensor.data.size() > 0;
  const bool has_floats = tensor.float_data.size() > 0;
  if (tensor.quantization.empty() || tensor.dtype == DataType::kFloat32) {
    return Copy(has_floats ? tensor.float_data : tensor.data);
  }
  const kernels::QuantizedGrid grid = GridOf(tensor);
  if (has_floats && (form_ == ConstantForm::kOriginal || !has_integers)) {
    AlignedBuffer buffer = Copy(tensor.float_data);
    if (form_ == ConstantForm::kQuantized && IsQuantizedStorage(tensor.dtype)) {
      kernels::FakeQuantize(grid, buffer.data<float>());
    }
    return buffer;
  }
  AlignedBuffer buffer = FloatsOf(grid.count());
  DequantizeAs(tensor.dtype, grid, tensor.data.bytes.data(), 0, buffer.data<float>());
  return buffer;
}

AlignedBuffer FloatConstants::MakeBias(const graph::Node& node, const graph::Tensor& bias) const {
  const bool has_integers = bias.data.size() > 0;
  const bool has_floats = bias.float_data.size() > 0;
  if (has_floats && form_ == ConstantForm::kOriginal) return Copy(bias.float_data);
  const std::vector<float>& weights = graph_.tensor(node.inputs[1]).quantization.scale;
  const double input = graph_.tensor(node.inputs[0]).quantization.scale[0];
  const int64_t count = ElementCount(bias.shape);
  AlignedBuffer buffer = FloatsOf(count);
  for (int64_t c = 0; c < count; ++c) {
    const double scale = input * weights[weights.size() == 1 ? 0 : static_cast<size_t>(c)];
    const double units =
        has_integers ? static_cast<double>(IntegerAt(bias, c))
                     : std::round(static_cast<double>(bias.float_data.as<float>()[c]) / scale);
    buffer.data<float>()[c] = static_cast<float>(scale * units);
  }
  return buffer;
}

}  // namespace integra::floats
