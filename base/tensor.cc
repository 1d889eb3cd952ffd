#include "integra/tensor.hpp"

#include <iterator>

#include "base/error.h"

namespace integra {
namespace {

struct TypeFacts {
  const char* name;
  size_t size;
};
constexpr TypeFacts kTypes[] = {{"float32", 4}, {"int8", 1},  {"uint8", 1}, {"int16", 2},
                                {"int32", 4},   {"int64", 8}, {"bool", 1}};

}  // namespace

size_t SizeOf(DataType type) { return kTypes[static_cast<size_t>(type)].size; }
const char* NameOf(DataType type) { return kTypes[static_cast<size_t>(type)].name; }

bool ParseDataType(std::string_view name, DataType* type) {
  for (size_t i = 0; i < std::size(kTypes); ++i) {
    if (name == kTypes[i].name) {
      *type = static_cast<DataType>(i);
      return true;
    }
  }
  return false;
}

bool IsQuantizedStorage(DataType type) {
  return type == DataType::kInt8 || type == DataType::kUInt8 || type == DataType::kInt16;
}

int64_t ElementCount(const Shape& shape) {
  int64_t count = 1;
  for (int64_t dim : shape) count *= dim;
  return count;
}

std::string ToString(const Shape& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) text += StrCat(i ? ", " : "", shape[i]);
  return text + "]";
}

}  // namespace integra
