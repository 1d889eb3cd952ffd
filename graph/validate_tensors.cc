#include <algorithm>
#include <cstdio>
#include <limits>

#include "base/error.h"
#include "graph/validation.h"

namespace integra::graph {
namespace {

void CheckDimensions(const Graph& graph, const Tensor& tensor) {
  if (tensor.shape.size() > kMaxRank) {
    FailTensor(graph, tensor, "has ", tensor.shape.size(), " dimensions, more than ", kMaxRank);
  }
  int64_t elements = 1;
  for (const int64_t dim : tensor.shape) {
    if (dim < 1) {
      FailTensor(graph, tensor, "shape ", ToString(tensor.shape),
                 ": every dimension has to be at least 1");
    }
    if (dim > kMaxElements / elements) {
      FailTensor(graph, tensor, "shape ", ToString(tensor.shape), " has more than ", kMaxElements,
                 " elements");
    }
    elements *= dim;
  }
}

void CheckConstant(const Graph& graph, const Tensor& tensor) {
  const auto elements = static_cast<size_t>(ElementCount(tensor.shape));
  const auto check_size = [&](size_t found, size_t element_size, const char* what) {
    if (found != elements * element_size) {
      FailTensor(graph, tensor, what, " have ", found, " bytes, but ", ToString(tensor.shape),
                 " takes ", elements * element_size);
    }
  };
  if (tensor.data.size() > 0) check_size(tensor.data.size(), SizeOf(tensor.dtype), "its data");
  if (tensor.float_data.size() > 0) {
    if (tensor.dtype == DataType::kFloat32) {
      FailTensor(graph, tensor, "is float32 and has separate float weights, too");
    }
    check_size(tensor.float_data.size(), sizeof(float), "its float weights");
    if (tensor.data.size() == 0) {
      FailTensor(graph, tensor, "is ", integra::NameOf(tensor.dtype),
                 ", but has float values only: quantize the network first (integra quantize)");
    }
  }
  if (tensor.dtype == DataType::kBool) {
    const bool valid = std::all_of(tensor.data.bytes.begin(), tensor.data.bytes.end(),
                                   [](std::byte b) { return b <= std::byte{1}; });
    if (!valid) FailTensor(graph, tensor, "is bool, but holds bytes other than 0 and 1");
  }
}

// The first of `values` that is not in [min, max], or not a number. nullptr where there is none.
template <typename T>
const T* FirstOutside(const std::vector<T>& values, T min, T max) {
  uint32_t outside = 0;  // without a branch for each this takes many values at a time
  for (const T value : values) outside |= (value >= min ? 0U : 1U) | (value <= max ? 0U : 1U);
  if (outside == 0) return nullptr;
  return &*std::find_if_not(values.begin(), values.end(),
                            [&](T value) { return value >= min && value <= max; });
}

struct Range {
  int32_t min;
  int32_t max;
};

template <typename T>
constexpr Range RangeOf() {
  return {std::numeric_limits<T>::min(), std::numeric_limits<T>::max()};
}

// Zero points that make sense for the type; int64 ones are kept in 32 bits.
Range ZeroPointRange(DataType dtype) {
  switch (dtype) {
    case DataType::kInt8:
      return RangeOf<int8_t>();
    case DataType::kUInt8:
      return RangeOf<uint8_t>();
    case DataType::kInt16:
      return RangeOf<int16_t>();
    default:
      return RangeOf<int32_t>();
  }
}

void CheckQuantization(const Graph& graph, const Tensor& tensor) {
  const Quantization& q = tensor.quantization;
  if (q.scale.size() != q.zero_point.size()) {
    FailTensor(graph, tensor, "has ", q.scale.size(), " scales, but ", q.zero_point.size(),
               " zero points");
  }
  if (q.empty()) return;
  if (tensor.dtype == DataType::kFloat32 || tensor.dtype == DataType::kBool) {
    FailTensor(graph, tensor, "is ", integra::NameOf(tensor.dtype), " and cannot be quantized");
  }
  // Denormal scales lose digits, and instructions that flush them to zero would divide by it.
  if (const float* scale = FirstOutside(q.scale, std::numeric_limits<float>::min(),
                                        std::numeric_limits<float>::max())) {
    char digits[32];
    std::snprintf(digits, sizeof(digits), "%g", static_cast<double>(*scale));
    FailTensor(graph, tensor, "scale ", digits,
               " is not a positive, finite number of normal size (1.2e-38 and more)");
  }
  const Range range = ZeroPointRange(tensor.dtype);
  if (const int32_t* zero_point = FirstOutside(q.zero_point, range.min, range.max)) {
    FailTensor(graph, tensor, "zero point ", *zero_point, " is outside of ",
               integra::NameOf(tensor.dtype), "'s range, ", range.min, " to ", range.max);
  }
}

}  // namespace

void CheckTensor(const Graph& graph, const Tensor& tensor) {
  CheckDimensions(graph, tensor);
  CheckConstant(graph, tensor);
  CheckQuantization(graph, tensor);
}

void CheckQuantizationShape(const Graph& graph, const Tensor& tensor) {
  const Quantization& q = tensor.quantization;
  if (q.empty()) return;
  const auto rank = static_cast<int64_t>(tensor.shape.size());
  if (q.axis < 0 || q.axis >= std::max<int64_t>(rank, 1)) {
    FailTensor(graph, tensor, "quantization axis ", q.axis, " is outside of its ", rank,
               " dimensions");
  }
  if (!q.per_channel()) return;
  const int64_t channels = rank == 0 ? 1 : tensor.shape[static_cast<size_t>(q.axis)];
  if (static_cast<int64_t>(q.scale.size()) != channels) {
    FailTensor(graph, tensor, "has ", q.scale.size(), " scales, but ", channels,
               " channels along axis ", q.axis, " of ", ToString(tensor.shape));
  }
}

}  // namespace integra::graph
