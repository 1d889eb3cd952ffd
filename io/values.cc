#include "io/values.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "base/error.h"

namespace integra::io {
namespace {

void RequirePerTensor(const TensorInfo& info) {
  if (info.quantization.per_channel()) {
    Fail(ErrorCode::kUnsupported, "tensor '", info.name,
         "': values cannot be converted where there is a scale per channel");
  }
}

template <typename T>
T FromReal(double value) {
  if constexpr (std::is_same_v<T, float>) {
    return static_cast<float>(value);
  } else {
    // 2^63 - 1 is no double: compare before converting.
    constexpr double low = static_cast<double>(std::numeric_limits<T>::min());
    constexpr double high = static_cast<double>(std::numeric_limits<T>::max());
    const double rounded = std::isnan(value) ? 0.0 : std::round(value);
    if (rounded <= low) return std::numeric_limits<T>::min();
    if (rounded >= high) return std::numeric_limits<T>::max();
    return static_cast<T>(rounded);
  }
}

}  // namespace

double RealValue(std::span<const std::byte> bytes, const TensorInfo& info, size_t i) {
  const double q = WithType(info.dtype, [&](auto* type) {
    std::remove_reference_t<decltype(*type)> value;
    std::memcpy(&value, bytes.data() + i * sizeof(value), sizeof(value));
    return static_cast<double>(value);
  });
  if (info.quantization.empty()) return q;
  return double{info.quantization.scale[0]} * (q - info.quantization.zero_point[0]);
}

void WriteRealValue(double value, std::span<std::byte> bytes, const TensorInfo& info, size_t i) {
  if (!info.quantization.empty()) {
    value =
        std::round(value / double{info.quantization.scale[0]}) + info.quantization.zero_point[0];
  }
  WithType(info.dtype, [&](auto* type) {
    const auto element = FromReal<std::remove_reference_t<decltype(*type)>>(value);
    std::memcpy(bytes.data() + i * sizeof(element), &element, sizeof(element));
  });
}

void ConvertValues(std::span<const std::byte> from, const TensorInfo& from_info,
                   std::span<std::byte> to, const TensorInfo& to_info) {
  const size_t count = to.size() / SizeOf(to_info.dtype);
  if (from.size() / SizeOf(from_info.dtype) != count) {
    Fail(ErrorCode::kInvalidArgument, "tensor '", to_info.name, "' has ", count, " elements, ",
         from.size() / SizeOf(from_info.dtype), " were given");
  }
  const bool stored = from_info.quantization.empty() || to_info.quantization.empty() ||
                      from_info.quantization == to_info.quantization;
  if (from_info.dtype == to_info.dtype && stored) {
    std::copy(from.begin(), from.end(), to.begin());
    return;
  }
  RequirePerTensor(from_info);
  RequirePerTensor(to_info);
  for (size_t i = 0; i < count; ++i) {
    WriteRealValue(RealValue(from, from_info, i), to, to_info, i);
  }
}

}  // namespace integra::io
