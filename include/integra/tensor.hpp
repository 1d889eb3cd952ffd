// Element types, shapes and descriptions of tensors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "integra/export.h"

namespace integra {

enum class DataType : uint8_t { kFloat32, kInt8, kUInt8, kInt16, kInt32, kInt64, kBool };

// Size of one element in bytes.
INTEGRA_API size_t SizeOf(DataType type);
// "float32", "int8", "uint8", "int16", "int32", "int64", "bool": the names used in network files.
INTEGRA_API const char* NameOf(DataType type);
// The inverse of NameOf; false where `name` is none of them.
INTEGRA_API bool ParseDataType(std::string_view name, DataType* type);
INTEGRA_API bool IsQuantizedStorage(DataType type);  // int8, uint8, int16: may carry a scale

// Dimensions, outermost first. A scalar has none. Images are [N, H, W, C].
using Shape = std::vector<int64_t>;

INTEGRA_API int64_t ElementCount(const Shape& shape);  // 1 for a scalar
INTEGRA_API std::string ToString(const Shape& shape);  // "[1, 224, 224, 3]"

// real = scale[c] * (q - zero_point[c]), c being the index along `axis` (or 0 where there is one
// scale for the whole tensor). Empty `scale`: not quantized.
struct Quantization {
  std::vector<float> scale;
  std::vector<int32_t> zero_point;
  int axis = 0;
  // The scale is nominal: each run finds a ratio to it from the values it sees. Only tensors inside
  // of a network have such a range (docs/QUANTIZATION.md).
  bool dynamic = false;

  bool empty() const { return scale.empty(); }
  bool per_channel() const { return scale.size() > 1; }
  bool operator==(const Quantization&) const = default;
};

struct TensorInfo {
  std::string name;
  DataType dtype = DataType::kFloat32;
  Shape shape;
  Quantization quantization;
};

}  // namespace integra
