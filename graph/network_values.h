// The values in a network file: constants, quantization, attributes. Where a list or a constant is
// long, the file says {"weights": "key"} or "weights": "key" and the safetensors file has it.
#pragma once

#include <vector>

#include "graph/graph.h"
#include "graph/json_reader.h"
#include "graph/safetensors.h"

namespace integra::graph {

// `what` names the value in messages: "tensor 'x': \"data\"". Throws Error (kInvalidFile).
class NetworkValues {
 public:
  // `weights` is nullptr where the network names no weights file. Both have to outlive this.
  NetworkValues(const JsonDocument& json, const SafetensorsReader* weights)
      : json_(json), weights_(weights) {}

  // A constant's elements, of which `in_place` holds a list and `key` a name in the weights file;
  // at most one of the two is not nullptr. Empty where both are.
  SharedBytes ReadConstant(const JsonValue* in_place, const JsonValue* key, const JsonSubject& what,
                           DataType dtype, const Shape& shape) const;
  Quantization ReadQuantization(const JsonValue& value, const JsonSubject& what) const;
  Attribute ReadAttribute(const JsonValue& value, const JsonSubject& what) const;

 private:
  StoredTensor Stored(const JsonValue& key, const JsonSubject& what) const;
  StoredTensor StoredList(const JsonValue& value, const JsonSubject& what) const;
  std::vector<int64_t> StoredIntegers(const JsonValue& value, const JsonSubject& what) const;
  std::vector<float> ReadScales(const JsonValue& value, const JsonSubject& what) const;
  std::vector<int64_t> ReadZeroPoints(const JsonValue& value, const JsonSubject& what) const;
  SharedBytes ReadElements(const JsonValue& value, const JsonSubject& what, DataType dtype) const;
  template <typename T>
  SharedBytes IntegerElements(JsonValue::Array items, const JsonSubject& what) const;
  template <typename T>
  T NarrowTo(const JsonValue& place, int64_t value, const JsonSubject& what) const;

  const JsonDocument& json_;
  const SafetensorsReader* weights_;
};

}  // namespace integra::graph
