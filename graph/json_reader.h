// Strict JSON with line numbers, for files that may be hostile.
//
// Beyond the grammar it refuses duplicate keys, integers beyond 64 bits, numbers beyond double, and
// nesting deeper than kMaxDepth. Every message starts with "file:line: ".
#pragma once

#include <cstdint>
#include <memory_resource>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"

namespace integra::graph {

inline constexpr int kMaxJsonDepth = 32;

struct JsonValue {
  using Array = std::span<const JsonValue>;
  using Member = std::pair<std::string_view, JsonValue>;
  using Object = std::span<const Member>;  // in the file's order

  // Texts and containers are held by pointer, and the line lies in what the variant leaves of its
  // last 8 bytes: a value is 16 bytes, so that a long list of numbers takes memory in proportion to
  // the file.
  [[no_unique_address]] std::variant<std::nullptr_t, bool, int64_t, double, const std::string_view*,
                                     const Array*, const Object*>
      value = nullptr;
  uint32_t line = 0;

  bool is_null() const { return std::holds_alternative<std::nullptr_t>(value); }
  const bool* boolean() const { return std::get_if<bool>(&value); }
  const int64_t* integer() const { return std::get_if<int64_t>(&value); }
  const double* real() const { return std::get_if<double>(&value); }
  const std::string_view* text() const { return Pointee<std::string_view>(); }
  const Array* array() const { return Pointee<Array>(); }
  const Object* object() const { return Pointee<Object>(); }

 private:
  template <typename T>
  const T* Pointee() const {
    const auto* held = std::get_if<const T*>(&value);
    return held == nullptr ? nullptr : *held;
  }
};

static_assert(sizeof(JsonValue) == 16);

// What a message is about: {"tensor '", name, "'"}, or a part of that. It copies nothing, and is
// put together only where there is a message.
struct JsonSubject {
  std::string_view before = "";
  std::string_view name = "";
  std::string_view after = "";
  const JsonSubject* whole = nullptr;

  bool empty() const { return before.empty() && name.empty(); }
  // Of this, which has to outlive it: Part(": attribute '", name, "'").
  JsonSubject Part(std::string_view part, std::string_view part_name = "",
                   std::string_view behind = "") const {
    return {part, part_name, behind, this};
  }
};
std::string ToText(const JsonSubject& subject);

// A parsed file: its values, and the messages about them.
class JsonDocument {
 public:
  // Throws Error (kInvalidFile). `source` is the file's name for messages. Texts point into `text`,
  // which has to outlive the document.
  JsonDocument(std::string source, std::string_view text);

  const JsonValue& root() const { return root_; }
  const std::string& source() const { return source_; }

  // The value as what it has to be. `what` names it in the message: "tensor 'x': \"dtype\"".
  std::string_view Text(const JsonValue& value, const JsonSubject& what) const;
  int64_t Integer(const JsonValue& value, const JsonSubject& what) const;
  double Number(const JsonValue& value, const JsonSubject& what) const;  // an integer will do
  JsonValue::Array Array(const JsonValue& value, const JsonSubject& what) const;
  JsonValue::Object Object(const JsonValue& value, const JsonSubject& what) const;
  std::vector<int64_t> Integers(const JsonValue& value, const JsonSubject& what) const;

  template <typename... Parts>
  [[noreturn]] void FailAt(const JsonValue& place, const Parts&... parts) const {
    integra::Fail(ErrorCode::kInvalidFile, source_, ":", place.line, ": ", parts...);
  }

 private:
  std::string source_;
  std::pmr::monotonic_buffer_resource memory_;  // of everything below root_
  JsonValue root_;
};

// Reads an object field by field, and then refuses the fields that nobody asked for.
class JsonFields {
 public:
  // `what` names the object in messages: "tensor 'x'". Empty: the whole file.
  JsonFields(const JsonDocument& document, const JsonValue& value, const JsonSubject& what);

  const JsonValue* Find(std::string_view name);  // nullptr where it is absent
  const JsonValue& Require(std::string_view name);
  void RefuseOthers() const;

  // "tensor 'x': \"name\"", for messages about a field.
  JsonSubject Name(std::string_view field) const;

 private:
  const JsonDocument& document_;
  const JsonValue& value_;
  const JsonValue::Object object_;
  const JsonSubject what_;
  std::vector<std::string_view> known_;
};

}  // namespace integra::graph
