#include "graph/json_reader.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "base/suggestion.h"

namespace integra::graph {
namespace {

using Json = nlohmann::json;

// Hands out the text byte by byte and tells how far it was read, which nlohmann's parser keeps to
// itself.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* p, const char** consumed) : p_(p), consumed_(consumed) {}
  const char& operator*() const { return *p_; }
  CountingIterator& operator++() {
    *consumed_ = ++p_;
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator before = *this;
    ++*this;
    return before;
  }
  bool operator==(const CountingIterator& other) const { return p_ == other.p_; }

 private:
  const char* p_;
  const char** consumed_;
};

// Receives the parser's events and builds the values.
class Builder : public nlohmann::json_sax<Json> {
 public:
  Builder(const std::string& source, std::string_view text)
      : source_(source), consumed_(text.data()), counted_(text.data()) {}

  const char** consumed() { return &consumed_; }
  JsonValue TakeRoot() { return std::move(root_); }

  bool null() override { return Add(nullptr); }
  bool boolean(bool value) override { return Add(value); }
  bool number_integer(int64_t value) override { return Add(value); }
  bool number_unsigned(uint64_t value) override {
    if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
      FailHere("the integer ", value, " is too large");
    }
    return Add(static_cast<int64_t>(value));
  }
  bool number_float(double value, const std::string& digits) override {
    if (digits.find_first_of(".eE") == std::string::npos) {
      FailHere("the integer ", digits.substr(0, 40), " is too large");
    }
    return Add(value);
  }
  bool string(std::string& value) override {
    return Add(std::make_unique<std::string>(std::move(value)));
  }
  bool binary(Json::binary_t&) override { return false; }  // GCOVR_EXCL_LINE: text holds none

  bool start_array(size_t) override {
    Open(std::make_unique<JsonValue::Array>());
    return true;
  }
  bool end_array() override { return Close(); }
  bool start_object(size_t) override {
    Open(std::make_unique<JsonValue::Object>());
    keys_.emplace_back();
    return true;
  }
  bool key(std::string& name) override {
    if (!keys_.back().insert(name).second) FailHere("duplicate key '", name, "'");
    std::get<std::unique_ptr<JsonValue::Object>>(open_.back()->value)
        ->emplace_back(std::move(name), JsonValue());
    return true;
  }
  bool end_object() override {
    keys_.pop_back();
    return Close();
  }

  bool parse_error(size_t, const std::string&, const Json::exception& error) override {
    // nlohmann's text names line and column; its own prefix "[json.exception...] " says nothing.
    const std::string message = error.what();
    const size_t prefix = message.find("] ");
    FailHere(prefix == std::string::npos ? message : message.substr(prefix + 2));
  }

 private:
  template <typename... Parts>
  [[noreturn]] void FailHere(const Parts&... parts) {
    Fail(ErrorCode::kInvalidFile, source_, ":", Line(), ": ", parts...);
  }

  // The line of the token that was read last. A number is known to have ended only once the byte
  // behind it was read, hence the one byte less.
  uint32_t Line() {
    const char* const end = consumed_ - 1;
    if (end > counted_) {
      line_ += static_cast<uint32_t>(std::count(counted_, end, '\n'));
      counted_ = end;
    }
    return line_;
  }

  template <typename T>
  bool Add(T value) {
    *NextPlace() = JsonValue{std::move(value), Line()};
    return true;
  }

  template <typename T>
  void Open(T container) {
    if (open_.size() == kMaxJsonDepth) FailHere("more than ", kMaxJsonDepth, " levels of nesting");
    JsonValue* place = NextPlace();
    *place = JsonValue{std::move(container), Line()};
    open_.push_back(place);
  }

  bool Close() {
    open_.pop_back();
    return true;
  }

  // Where the next value belongs. Pointers to open containers stay valid: nothing is added to an
  // outer container while an inner one is open.
  JsonValue* NextPlace() {
    if (open_.empty()) return &root_;
    auto& outer = open_.back()->value;
    if (auto* array = std::get_if<std::unique_ptr<JsonValue::Array>>(&outer)) {
      return &(*array)->emplace_back();
    }
    return &std::get<std::unique_ptr<JsonValue::Object>>(outer)->back().second;
  }

  const std::string& source_;
  const char* consumed_;  // one past the last byte that the parser took
  const char* counted_;   // up to where line feeds were counted
  uint32_t line_ = 1;
  JsonValue root_;
  std::vector<JsonValue*> open_;
  std::vector<std::unordered_set<std::string>> keys_;
};

}  // namespace

JsonDocument::JsonDocument(std::string source, std::string_view text) : source_(std::move(source)) {
  if (text.empty()) Fail(ErrorCode::kInvalidFile, source_, ": is empty");
  Builder builder(source_, text);
  const CountingIterator begin(text.data(), builder.consumed());
  const CountingIterator end(text.data() + text.size(), builder.consumed());
  Json::sax_parse(begin, end, &builder);  // throws where the text is not JSON
  root_ = builder.TakeRoot();
}

const std::string& JsonDocument::Text(const JsonValue& value, std::string_view what) const {
  if (value.text() == nullptr) FailAt(value, what, " has to be a text");
  return *value.text();
}

int64_t JsonDocument::Integer(const JsonValue& value, std::string_view what) const {
  if (value.integer() == nullptr) FailAt(value, what, " has to be an integer");
  return *value.integer();
}

double JsonDocument::Number(const JsonValue& value, std::string_view what) const {
  if (value.integer() != nullptr) return static_cast<double>(*value.integer());
  if (value.real() == nullptr) FailAt(value, what, " has to be a number");
  return *value.real();
}

const JsonValue::Array& JsonDocument::Array(const JsonValue& value, std::string_view what) const {
  if (value.array() == nullptr) FailAt(value, what, " has to be a list");
  return *value.array();
}

const JsonValue::Object& JsonDocument::Object(const JsonValue& value, std::string_view what) const {
  if (value.object() == nullptr) FailAt(value, what, " has to be an object");
  return *value.object();
}

std::vector<int64_t> JsonDocument::Integers(const JsonValue& value, std::string_view what) const {
  const auto& array = Array(value, what);
  std::vector<int64_t> integers;
  integers.reserve(array.size());
  for (const JsonValue& item : array) {
    if (item.integer() == nullptr) FailAt(item, "an element of ", what, " has to be an integer");
    integers.push_back(*item.integer());
  }
  return integers;
}

JsonFields::JsonFields(const JsonDocument& document, const JsonValue& value, std::string what)
    : document_(document),
      value_(value),
      object_(document.Object(value, what.empty() ? "the file's content" : what)),
      what_(std::move(what)) {}

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
                       DidYouMean(key, known_));
    }
  }
}

std::string JsonFields::Name(std::string_view field) const {
  return StrCat(what_, what_.empty() ? "" : ": ", "\"", field, "\"");
}

}  // namespace integra::graph
