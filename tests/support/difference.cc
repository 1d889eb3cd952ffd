#include "tests/support/difference.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/error.h"

namespace integra::test {
namespace {

double ValueAt(DataType dtype, std::span<const std::byte> bytes, size_t i) {
  const auto at = [&]<typename T>(T value) {
    std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
    return static_cast<double>(value);
  };
  switch (dtype) {
    case DataType::kFloat32:
      return at(float{});
    case DataType::kInt8:
      return at(int8_t{});
    case DataType::kUInt8:
    case DataType::kBool:
      return at(uint8_t{});
    case DataType::kInt16:
      return at(int16_t{});
    case DataType::kInt32:
      return at(int32_t{});
    case DataType::kInt64:
      return at(int64_t{});
  }
  return 0;
}

Shape Position(const Shape& shape, size_t i) {
  Shape position(shape.size());
  auto rest = static_cast<int64_t>(i);
  for (size_t d = shape.size(); d-- > 0;) {
    position[d] = rest % shape[d];
    rest /= shape[d];
  }
  return position;
}

}  // namespace

std::string Difference(DataType dtype, const Shape& shape, std::span<const std::byte> expected,
                       std::span<const std::byte> got) {
  if (expected.size() != got.size()) {
    return StrCat("expected ", expected.size(), " bytes, got ", got.size());
  }
  const size_t element = SizeOf(dtype);
  size_t first = 0, differ = 0;
  double largest = 0;
  for (size_t i = 0; i < expected.size() / element; ++i) {
    if (std::memcmp(expected.data() + i * element, got.data() + i * element, element) == 0) {
      continue;
    }
    if (differ++ == 0) first = i;
    largest = std::max(largest, std::fabs(ValueAt(dtype, expected, i) - ValueAt(dtype, got, i)));
  }
  if (differ == 0) return "";
  return StrCat("first difference at ", ToString(Position(shape, first)), ": expected ",
                ValueAt(dtype, expected, first), ", got ", ValueAt(dtype, got, first), "; ", differ,
                " of ", expected.size() / element, " differ, by at most ", largest);
}

}  // namespace integra::test
