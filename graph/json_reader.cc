#include "graph/json_reader.h"

#include <algorithm>

#include "base/suggestion.h"

namespace integra::graph {

std::string ToText(const JsonSubject& subject) {
  return StrCat(subject.whole == nullptr ? "" : ToText(*subject.whole), subject.before,
                subject.name, subject.after);
}

std::string_view JsonDocument::Text(const JsonValue& value, const JsonSubject& what) const {
  if (value.text() == nullptr) FailAt(value, what, " has to be a text");
  return *value.text();
}

int64_t JsonDocument::Integer(const JsonValue& value, const JsonSubject& what) const {
  if (value.integer() == nullptr) FailAt(value, what, " has to be an integer");
  return *value.integer();
}

double JsonDocument::Number(const JsonValue& value, const JsonSubject& what) const {
  if (value.integer() != nullptr) return static_cast<double>(*value.integer());
  if (value.real() == nullptr) FailAt(value, what, " has to be a number");
  return *value.real();
}

JsonValue::Array JsonDocument::Array(const JsonValue& value, const JsonSubject& what) const {
  if (value.array() == nullptr) FailAt(value, what, " has to be a list");
  return *value.array();
}

JsonValue::Object JsonDocument::Object(const JsonValue& value, const JsonSubject& what) const {
  if (value.object() == nullptr) FailAt(value, what, " has to be an object");
  return *value.object();
}

std::vector<int64_t> JsonDocument::Integers(const JsonValue& value, const JsonSubject& what) const {
  const auto array = Array(value, what);
  std::vector<int64_t> integers;
  integers.reserve(array.size());
  for (const JsonValue& item : array) {
    if (item.integer() == nullptr) FailAt(item, "an element of ", what, " has to be an integer");
    integers.push_back(*item.integer());
  }
  return integers;
}

JsonFields::JsonFields(const JsonDocument& document, const JsonValue& value,
                       const JsonSubject& what)
    : document_(document),
      value_(value),
      object_(document.Object(value, what.empty() ? JsonSubject{"the file's content"} : what)),
      what_(what) {
  known_.reserve(8);
}

const JsonValue* JsonFields::Find(std::string_view name) {
  known_.emplace_back(name);
  for (const auto& [key, value] : object_) {
    if (key == name) return &value;
  }
  return nullptr;
}

const JsonValue& JsonFields::Require(std::string_view name) {
  const JsonValue* value = Find(name);
  if (value == nullptr) document_.FailAt(value_, Name(name), " is missing");
  return *value;
}

void JsonFields::RefuseOthers() const {
  for (const auto& [key, value] : object_) {
    if (std::find(known_.begin(), known_.end(), key) == known_.end()) {
      document_.FailAt(value, what_, what_.empty() ? "" : ": ", "unknown field '", key, "'",
                       DidYouMean(key, {known_.begin(), known_.end()}));
    }
  }
}

JsonSubject JsonFields::Name(std::string_view field) const {
  if (what_.empty()) return {"\"", field, "\""};
  return what_.Part(": \"", field, "\"");
}

}  // namespace integra::graph
