// JsonDocument's constructor: the events of nlohmann's parser become values.
#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/name_index.h"
#include "graph/json_cursor.h"
#include "graph/json_reader.h"

namespace integra::graph {
namespace {

using Json = nlohmann::json;

// The names in one object, to find those that stand there twice.
class Names {
 public:
  // `before` are the names that were inserted so far. False where `name` is among them.
  bool Insert(std::span<const std::string_view> before, std::string_view name) {
    if (before.size() < kFew) return std::find(before.begin(), before.end(), name) == before.end();
    if (all_ == nullptr) {
      all_ = std::make_unique<NameIndex>();
      for (const std::string_view earlier : before) all_->Insert(earlier);
    }
    return all_->Insert(name);
  }

 private:
  static constexpr size_t kFew = 12;  // comparing with so many takes less time than hashing
  std::unique_ptr<NameIndex> all_;
};

class Builder final : public nlohmann::json_sax<Json> {
 public:
  Builder(const std::string& source, JsonCursor& cursor, std::pmr::memory_resource& memory)
      : source_(source), cursor_(cursor), memory_(memory) {}

  // False where the text is not JSON and the cursor skips: nlohmann's message, which quotes what it
  // has read, comes from reading all.
  bool Parse() { return Json::sax_parse(cursor_.begin(), cursor_.end(), this); }
  JsonValue root() const { return values_.front(); }

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
  bool string(std::string& value) override { return Add(Keep(Text(value))); }
  bool binary(Json::binary_t&) override { return false; }  // GCOVR_EXCL_LINE: text holds none

  bool start_array(size_t) override { return Open(); }
  bool end_array() override {
    const std::span items(values_.begin() + Inside(), values_.end());
    return Close(
        Keep(JsonValue::Array(Copy<JsonValue>(items.size(), [&](size_t i) { return items[i]; }))));
  }
  bool start_object(size_t) override { return Open(); }
  bool key(std::string& name) override {
    const std::string_view text = Text(name);
    if (!open_.back().names.Insert(std::span(keys_).subspan(open_.back().first_key), text)) {
      FailHere("duplicate key '", text, "'");
    }
    keys_.push_back(text);
    return true;
  }
  bool end_object() override {
    const std::span items(values_.begin() + Inside(), values_.end());
    const std::span keys = std::span(keys_).subspan(open_.back().first_key);
    const auto* object = Keep(JsonValue::Object(Copy<JsonValue::Member>(
        items.size(), [&](size_t i) { return JsonValue::Member(keys[i], items[i]); })));
    keys_.resize(open_.back().first_key);
    return Close(object);
  }

  bool parse_error(size_t, const std::string&, const Json::exception& error) override {
    if (cursor_.skips()) return false;
    // nlohmann's text names line and column; its own prefix "[json.exception...] " says nothing.
    const std::string message = error.what();
    const size_t prefix = message.find("] ");
    FailHere(prefix == std::string::npos ? message : message.substr(prefix + 2));
  }

 private:
  struct Container {
    size_t value;      // its index in values_; what is inside of it follows
    size_t first_key;  // in keys_
    Names names;
  };

  template <typename... Parts>
  [[noreturn]] void FailHere(const Parts&... parts) {
    Fail(ErrorCode::kInvalidFile, source_, ":", cursor_.line(), ": ", parts...);
  }

  template <typename T>
  bool Add(T value) {
    values_.push_back({value, cursor_.line()});
    return true;
  }

  bool Open() {
    if (open_.size() == kMaxJsonDepth) FailHere("more than ", kMaxJsonDepth, " levels of nesting");
    open_.push_back({values_.size(), keys_.size(), {}});
    return Add(nullptr);  // until Close()
  }
  std::ptrdiff_t Inside() const { return static_cast<std::ptrdiff_t>(open_.back().value) + 1; }
  template <typename T>
  bool Close(const T* container) {
    values_.erase(values_.begin() + Inside(), values_.end());
    values_.back().value = container;
    open_.pop_back();
    return true;
  }

  // Places in `memory_`.
  template <typename T, typename Make>
  std::span<const T> Copy(size_t count, const Make& make) {
    auto* place = static_cast<T*>(memory_.allocate(count * sizeof(T), alignof(T)));
    for (size_t i = 0; i < count; ++i) new (place + i) T(make(i));
    return {place, count};
  }
  template <typename T>
  const T* Keep(const T& value) {
    return new (memory_.allocate(sizeof(T), alignof(T))) T(value);
  }
  // The string that was read last, of which the lexer has seen `read`.
  std::string_view Text(const std::string& read) {
    if (cursor_.skipped().data() != nullptr) return cursor_.skipped();
    const auto copy = Copy<char>(read.size(), [&](size_t i) { return read[i]; });
    return {copy.data(), copy.size()};
  }

  const std::string& source_;
  JsonCursor& cursor_;
  std::pmr::memory_resource& memory_;
  // Of the containers that are still open: they are copied as a whole once their size is known.
  std::vector<JsonValue> values_;
  std::vector<std::string_view> keys_;
  std::vector<Container> open_;
};

}  // namespace

JsonDocument::JsonDocument(std::string source, std::string_view text) : source_(std::move(source)) {
  if (text.empty()) Fail(ErrorCode::kInvalidFile, source_, ": is empty");
  const auto parse = [&](bool skips) {
    memory_.release();
    JsonCursor cursor(text, skips);
    Builder builder(source_, cursor, memory_);
    if (!builder.Parse()) return false;
    root_ = builder.root();
    return true;
  };
  if (!parse(true)) parse(false);  // throws
}

}  // namespace integra::graph
