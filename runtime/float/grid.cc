#include "runtime/float/grid.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <string_view>
#include <vector>

#include "base/dynamic_range.h"
#include "base/error.h"

namespace integra::floats {
namespace {

template <typename T>
std::pair<int32_t, int32_t> Limits() {
  return {std::numeric_limits<T>::min(), std::numeric_limits<T>::max()};
}

}  // namespace

std::pair<int32_t, int32_t> RangeOf(DataType dtype) {
  switch (dtype) {
    case DataType::kInt8:
      return Limits<int8_t>();
    case DataType::kUInt8:
      return Limits<uint8_t>();
    case DataType::kInt16:
      return Limits<int16_t>();
    default:
      return Limits<int32_t>();
  }
}

kernels::QuantizedGrid GridOf(const graph::Tensor& tensor) {
  const Quantization& q = tensor.quantization;
  kernels::QuantizedGrid grid;
  grid.scale = q.scale;
  grid.zero_point = q.zero_point;
  const auto [low, high] = RangeOf(tensor.dtype);
  grid.low = low;
  grid.high = high;
  grid.inner = ElementCount(tensor.shape);
  if (!q.per_channel()) return grid;
  grid.inner = 1;
  for (size_t i = 0; i < tensor.shape.size(); ++i) {
    const int64_t dim = tensor.shape[i];
    if (static_cast<int>(i) < q.axis) grid.outer *= dim;
    if (static_cast<int>(i) == q.axis) grid.channels = dim;
    if (static_cast<int>(i) > q.axis) grid.inner *= dim;
  }
  return grid;
}

kernels::QuantizedGrid OutputGridOf(const graph::Node& node, const graph::Tensor& tensor) {
  kernels::QuantizedGrid grid = GridOf(tensor);
  if (node.has("clamp")) {
    const std::vector<int64_t>& clamp = node.integers("clamp");
    if (clamp.size() == 2) {
      grid.low = std::max(grid.low, static_cast<int32_t>(clamp[0]));
      grid.high = std::min(grid.high, static_cast<int32_t>(clamp[1]));
    }
  }
  return grid;
}

kernels::AccumulatorRounding RoundingOf(const graph::Graph& graph, const graph::Node& node,
                                        const graph::Tensor& output, double input_scale,
                                        double scale) {
  kernels::AccumulatorRounding rounding;
  if (node.inputs.empty() || output.shape.empty() || ElementCount(output.shape) == 0) return {};
  const graph::Tensor& input = graph.tensor(node.inputs[0]);
  if (output.quantization.scale.size() != 1 || input.quantization.scale.size() != 1) return {};
  const auto channels = static_cast<size_t>(output.shape.back());
  const auto parts = [](int64_t shift) {
    return std::ldexp(1.0, static_cast<int>(std::clamp<int64_t>(shift, 0, 30)));
  };
  const std::string_view op = graph::NameOf(node.type);
  if (node.has("rounding") && node.has("shift")) {
    // Convolutions and dense layers, and conversions between scales.
    std::vector<float> weights = {1.0f};
    if (node.inputs.size() > 1) weights = graph.tensor(node.inputs[1]).quantization.scale;
    const std::vector<int64_t>& shifts = node.integers("shift");
    const bool twice = node.text("rounding") == "double";
    const auto fits = [channels](size_t n) { return n == 1 || n == channels; };
    if (!fits(weights.size()) || !fits(shifts.size())) return {};
    for (size_t c = 0; c < channels; ++c) {
      const int64_t shift = shifts[shifts.size() == 1 ? 0 : c];
      rounding.Add(input_scale * weights[weights.size() == 1 ? 0 : c], scale,
                   parts(twice ? shift : 0));
    }
  } else if (op == "mean" && node.has("shift")) {
    // The integers divide by the count with the bits of the shift that it leaves.
    const int64_t count = ElementCount(input.shape) / ElementCount(output.shape);
    const int bits = static_cast<int>(std::bit_width(static_cast<uint64_t>(count))) - 1;
    for (size_t c = 0; c < channels; ++c) {
      rounding.Add(input_scale / static_cast<double>(count), scale,
                   parts(node.integers("shift")[0] + bits));
    }
  } else if (op == "average_pool_2d") {
    // Where the window may leave the image, the count varies.
    if (std::ranges::any_of(node.integers("padding"), [](int64_t p) { return p > 0; })) return {};
    const auto count = static_cast<double>(node.integers("filter")[0] * node.integers("filter")[1]);
    for (size_t c = 0; c < channels; ++c) rounding.Add(input_scale / count, scale, count);
    rounding.origin = output.quantization.zero_point[0];
  }
  return rounding;
}

double RealRatio(RangeRatio ratio) {
  return std::ldexp(static_cast<double>(ratio.multiplier), -31 - ratio.shift);
}

double DynamicRatioOf(const graph::Tensor& tensor, const float* values) {
  const auto [low, high] = std::minmax_element(values, values + ElementCount(tensor.shape));
  const auto [first, last] = RangeOf(tensor.dtype);
  const int32_t zero_point = tensor.quantization.zero_point[0];
  double scale = 0;
  if (last > zero_point) scale = std::max(scale, double{*high} / (last - zero_point));
  if (first < zero_point) scale = std::max(scale, -double{*low} / (zero_point - first));
  const double most = std::ldexp(1.0, kRatioBits);
  return std::clamp(scale / double{tensor.quantization.scale[0]}, 1 / most, most);
}

bool IsRealValued(const graph::Tensor& tensor) {
  if (tensor.dtype == DataType::kFloat32) return true;
  if (tensor.quantization.empty()) return tensor.data.size() == 0 && tensor.float_data.size() > 0;
  return IsQuantizedStorage(tensor.dtype) || tensor.is_constant();
}

void DequantizeAs(DataType dtype, const kernels::QuantizedGrid& grid, const void* q, int32_t shift,
                  float* real) {
  switch (dtype) {
    case DataType::kInt8:
      return kernels::Dequantize(grid, static_cast<const int8_t*>(q), shift, real);
    case DataType::kUInt8:
      return kernels::Dequantize(grid, static_cast<const uint8_t*>(q), shift, real);
    case DataType::kInt16:
      return kernels::Dequantize(grid, static_cast<const int16_t*>(q), shift, real);
    case DataType::kInt32:
      return kernels::Dequantize(grid, static_cast<const int32_t*>(q), shift, real);
    case DataType::kInt64:
      return kernels::Dequantize(grid, static_cast<const int64_t*>(q), shift, real);
    default:
      Fail(ErrorCode::kUnsupported, "tensors of type ", integra::NameOf(dtype),
           " cannot be dequantized");
  }
}

void QuantizeAs(DataType dtype, const kernels::QuantizedGrid& grid, const float* real,
                int32_t shift, void* q) {
  switch (dtype) {
    case DataType::kInt8:
      return kernels::Quantize(grid, real, shift, static_cast<int8_t*>(q));
    case DataType::kUInt8:
      return kernels::Quantize(grid, real, shift, static_cast<uint8_t*>(q));
    case DataType::kInt16:
      return kernels::Quantize(grid, real, shift, static_cast<int16_t*>(q));
    default:
      Fail(ErrorCode::kUnsupported, "tensors of type ", integra::NameOf(dtype),
           " cannot be quantized");
  }
}

}  // namespace integra::floats
