#include "graph/network_values.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace integra::graph {
namespace {

template <typename T, typename Convert>
SharedBytes Elements(JsonValue::Array items, const Convert& convert) {
  std::vector<T> values;
  values.reserve(items.size());
  for (const JsonValue& item : items) values.push_back(convert(item));
  return SharedBytes::Own(std::move(values));
}

}  // namespace

StoredTensor NetworkValues::Stored(const JsonValue& key, const JsonSubject& what) const {
  const std::string_view name = json_.Text(key, what);
  if (weights_ == nullptr) json_.FailAt(key, what, ": the network names no \"weights\" file");
  auto found = weights_->Find(name);
  if (!found) json_.FailAt(key, what, ": there is no '", name, "' in ", weights_->source());
  return *std::move(found);
}

// The tensor of one dimension that {"weights": key} names.
StoredTensor NetworkValues::StoredList(const JsonValue& value, const JsonSubject& what) const {
  JsonFields fields(json_, value, what);
  const JsonValue& key = fields.Require("weights");
  fields.RefuseOthers();
  StoredTensor stored = Stored(key, what);
  if (stored.shape.size() != 1) {
    json_.FailAt(value, what, ": '", stored.name, "' in the weights file has to be a list, not ",
                 ToString(stored.shape));
  }
  return stored;
}

std::vector<int64_t> NetworkValues::StoredIntegers(const JsonValue& value,
                                                   const JsonSubject& what) const {
  const StoredTensor stored = StoredList(value, what);
  if (stored.dtype == DataType::kInt32) {
    const auto* data = stored.data.as<int32_t>();
    return {data, data + stored.shape[0]};
  }
  if (stored.dtype == DataType::kInt64) {
    const auto* data = stored.data.as<int64_t>();
    return {data, data + stored.shape[0]};
  }
  json_.FailAt(value, what, ": '", stored.name,
               "' in the weights file has to be int32 or int64, not ",
               integra::NameOf(stored.dtype));
}

SharedBytes NetworkValues::ReadConstant(const JsonValue* in_place, const JsonValue* key,
                                        const JsonSubject& what, DataType dtype,
                                        const Shape& shape) const {
  if (in_place != nullptr && key != nullptr) {
    json_.FailAt(*key, what, ": its data stands both here and in the weights file");
  }
  if (in_place != nullptr) return ReadElements(*in_place, what, dtype);
  if (key == nullptr) return {};
  StoredTensor stored = Stored(*key, what);
  if (stored.dtype != dtype || stored.shape != shape) {
    json_.FailAt(*key, what, " is ", integra::NameOf(dtype), " ", ToString(shape), ", but '",
                 stored.name, "' in the weights file is ", integra::NameOf(stored.dtype), " ",
                 ToString(stored.shape));
  }
  if (stored.data.size() == 0) json_.FailAt(*key, what, ": '", stored.name, "' is empty");
  return std::move(stored.data);
}

template <typename T>
T NetworkValues::NarrowTo(const JsonValue& place, int64_t value, const JsonSubject& what) const {
  if (value < std::numeric_limits<T>::min() || value > std::numeric_limits<T>::max()) {
    json_.FailAt(place, what, ": ", value, " is outside of ",
                 int64_t{std::numeric_limits<T>::min()}, " to ",
                 int64_t{std::numeric_limits<T>::max()});
  }
  return static_cast<T>(value);
}

template <typename T>
SharedBytes NetworkValues::IntegerElements(JsonValue::Array items, const JsonSubject& what) const {
  return Elements<T>(items, [&](const JsonValue& item) {
    return NarrowTo<T>(item, json_.Integer(item, what), what);
  });
}

// How many there have to be is checked by Validate(), after the shape.
SharedBytes NetworkValues::ReadElements(const JsonValue& value, const JsonSubject& what,
                                        DataType dtype) const {
  const auto items = json_.Array(value, what.Part(": \"data\""));
  if (items.empty()) json_.FailAt(value, what, ": \"data\" is empty");
  const JsonSubject element = what.Part(": an element of \"data\"");
  switch (dtype) {
    case DataType::kFloat32:
      return Elements<float>(items, [&](const JsonValue& item) {
        const auto x = static_cast<float>(json_.Number(item, element));
        if (!std::isfinite(x)) json_.FailAt(item, element, " is too large for float32");
        return x;
      });
    case DataType::kInt8:
      return IntegerElements<int8_t>(items, element);
    case DataType::kUInt8:
      return IntegerElements<uint8_t>(items, element);
    case DataType::kInt16:
      return IntegerElements<int16_t>(items, element);
    case DataType::kInt32:
      return IntegerElements<int32_t>(items, element);
    case DataType::kInt64:
      return IntegerElements<int64_t>(items, element);
    case DataType::kBool:
      return Elements<uint8_t>(items, [&](const JsonValue& item) {
        if (item.boolean() == nullptr) json_.FailAt(item, element, " has to be true or false");
        return static_cast<uint8_t>(*item.boolean());
      });
  }
  json_.FailAt(value, what, ": data of an unknown type");  // GCOVR_EXCL_LINE: all are above
}

Quantization NetworkValues::ReadQuantization(const JsonValue& value,
                                             const JsonSubject& what) const {
  Quantization q;
  JsonFields fields(json_, value, what);
  q.scale = ReadScales(fields.Require("scale"), fields.Name("scale"));
  if (q.scale.empty()) json_.FailAt(value, fields.Name("scale"), " is empty");
  const JsonSubject zero_point_name = fields.Name("zero_point");
  std::vector<int64_t> zero_points = {0};
  if (const JsonValue* zero_point = fields.Find("zero_point")) {
    zero_points = ReadZeroPoints(*zero_point, zero_point_name);
  }
  q.zero_point.reserve(std::max(zero_points.size(), q.scale.size()));
  for (const int64_t zero_point : zero_points) {
    q.zero_point.push_back(NarrowTo<int32_t>(value, zero_point, zero_point_name));
  }
  if (q.zero_point.size() == 1) q.zero_point.resize(q.scale.size(), q.zero_point[0]);
  if (const JsonValue* axis = fields.Find("axis")) {
    q.axis = NarrowTo<int>(*axis, json_.Integer(*axis, fields.Name("axis")), fields.Name("axis"));
  }
  if (const JsonValue* range = fields.Find("range")) {
    const std::string_view kind = json_.Text(*range, fields.Name("range"));
    if (kind != "static" && kind != "dynamic") {
      json_.FailAt(*range, fields.Name("range"), " is '", kind, "'; known are static and dynamic");
    }
    q.dynamic = kind == "dynamic";
  }
  fields.RefuseOthers();
  return q;
}

std::vector<float> NetworkValues::ReadScales(const JsonValue& value,
                                             const JsonSubject& what) const {
  if (value.object() != nullptr) {
    const StoredTensor stored = StoredList(value, what);
    if (stored.dtype != DataType::kFloat32) {
      json_.FailAt(value, what, ": '", stored.name, "' in the weights file has to be float32, not ",
                   integra::NameOf(stored.dtype));
    }
    const auto* data = stored.data.as<float>();
    return {data, data + stored.shape[0]};
  }
  if (value.array() == nullptr) return {static_cast<float>(json_.Number(value, what))};
  std::vector<float> scales;
  for (const JsonValue& item : *value.array()) {
    scales.push_back(static_cast<float>(json_.Number(item, what)));
  }
  return scales;
}

std::vector<int64_t> NetworkValues::ReadZeroPoints(const JsonValue& value,
                                                   const JsonSubject& what) const {
  if (value.object() != nullptr) return StoredIntegers(value, what);
  if (value.array() != nullptr) return json_.Integers(value, what);
  return {json_.Integer(value, what)};
}

Attribute NetworkValues::ReadAttribute(const JsonValue& value, const JsonSubject& what) const {
  if (value.object() != nullptr) return StoredIntegers(value, what);
  if (value.boolean() != nullptr) return *value.boolean();
  if (value.integer() != nullptr) return *value.integer();
  if (value.real() != nullptr) return *value.real();
  if (value.text() != nullptr) return std::string(*value.text());
  if (value.array() == nullptr) json_.FailAt(value, what, " is null");
  const auto items = *value.array();
  const bool integers = std::all_of(
      items.begin(), items.end(), [](const JsonValue& item) { return item.integer() != nullptr; });
  if (integers) return json_.Integers(value, what);
  std::vector<double> reals;
  for (const JsonValue& item : items) reals.push_back(json_.Number(item, what));
  return reals;
}

}  // namespace integra::graph
