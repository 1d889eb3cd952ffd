// Conversion of arrays between element types by their real values.
#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "integra/tensor.hpp"

namespace integra::io {

// The real value of element i of `bytes`: scale * (q - zero_point) where `info` has a scale, else
// the number itself. Quantization must be per tensor.
double RealValue(std::span<const std::byte> bytes, const TensorInfo& info, size_t i);

// Writes `value` as element i: divided by the scale, rounded to nearest (half away from zero) and
// clamped where `info` has one; other integers are rounded and clamped to the type.
void WriteRealValue(double value, std::span<std::byte> bytes, const TensorInfo& info, size_t i);

// Converts all elements. `to` holds as many elements as `from`. Where type and quantization are the
// same the bytes are copied; a type alone decides where one side has no scale and both are
// integers.
void ConvertValues(std::span<const std::byte> from, const TensorInfo& from_info,
                   std::span<std::byte> to, const TensorInfo& to_info);

// Calls f with a null pointer of the C++ type of `dtype` (bool appears as uint8_t).
template <typename F>
auto WithType(DataType dtype, const F& f) {
  switch (dtype) {
    case DataType::kInt8:
      return f(static_cast<int8_t*>(nullptr));
    case DataType::kUInt8:
    case DataType::kBool:
      return f(static_cast<uint8_t*>(nullptr));
    case DataType::kInt16:
      return f(static_cast<int16_t*>(nullptr));
    case DataType::kInt32:
      return f(static_cast<int32_t*>(nullptr));
    case DataType::kInt64:
      return f(static_cast<int64_t*>(nullptr));
    case DataType::kFloat32:
      break;
  }
  return f(static_cast<float*>(nullptr));
}

}  // namespace integra::io
