// Strict JSON with line numbers, for files that may be hostile.
//
// Beyond the grammar it refuses duplicate keys, integers beyond 64 bits, numbers beyond double, and
// nesting deeper than kMaxDepth. Every message starts with "file:line: ".
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"

namespace integra::graph {

inline constexpr int kMaxJsonDepth = 32;

struct JsonValue {
  using Array = std::vector<JsonValue>;
  using Object = std::vector<std::pair<std::string, JsonValue>>;  // in the file's order

  // Texts and containers are held by pointer: a value is 24 bytes, so that a long list of numbers
  // takes memory in proportion to the file.
  std::variant<std::nullptr_t, bool, int64_t, double, std::unique_ptr<std::string>,
               std::unique_ptr<Array>, std::unique_ptr<Object>>
      value = nullptr;
  uint32_t line = 0;

  bool is_null() const { return std::holds_alternative<std::nullptr_t>(value); }
  const bool* boolean() const { return std::get_if<bool>(&value); }
  const int64_t* integer() const { return std::get_if<int64_t>(&value); }
  const double* real() const { return std::get_if<double>(&value); }
  const std::string* text() const { return Pointee<std::string>(); }
  const Array* array() const { return Pointee<Array>(); }
  const Object* object() const { return Pointee<Object>(); }

 private:
  template <typename T>
  const T* Pointee() const {
    const auto* held = std::get_if<std::unique_ptr<T>>(&value);
    return held == nullptr ? nullptr : held->get();
  }
};

// A parsed file: its values, and the messages about them.
class JsonDocument {
 public:
  // Throws Error (kInvalidFile). `source` is the file's name for messages.
  JsonDocument(std::string source, std::string_view text);

  const JsonValue& root() const { return root_; }
  const std::string& source() const { return source_; }

  // The value as what it has to be. `what` names it in the message: "tensor 'x': \"dtype\"".
  const std::string& Text(const JsonValue& value, std::string_view what) const;
  int64_t Integer(const JsonValue& value, std::string_view what) const;
  double Number(const JsonValue& value, std::string_view what) const;  // an integer will do
  const JsonValue::Array& Array(const JsonValue& value, std::string_view what) const;
  const JsonValue::Object& Object(const JsonValue& value, std::string_view what) const;
  std::vector<int64_t> Integers(const JsonValue& value, std::string_view what) const;

  template <typename... Parts>
  [[noreturn]] void FailAt(const JsonValue& place, const Parts&... parts) const {
    integra::Fail(ErrorCode::kInvalidFile, source_, ":", place.line, ": ", parts...);
  }

 private:
  std::string source_;
  JsonValue root_;
};

// Reads an object field by field, and then refuses the fields that nobody asked for.
class JsonFields {
 public:
  // `what` names the object in messages: "tensor 'x'". Empty: the whole file.
  JsonFields(const JsonDocument& document, const JsonValue& value, std::string what);

  const JsonValue* Find(std::string_view name);  // nullptr where it is absent
  const JsonValue& Require(std::string_view name);
  void RefuseOthers() const;

  // "tensor 'x': \"name\"", for messages about a field.
  std::string Name(std::string_view field) const;

 private:
  const JsonDocument& document_;
  const JsonValue& value_;
  const JsonValue::Object& object_;
  std::string what_;
  std::vector<std::string> known_;
};

}  // namespace integra::graph
