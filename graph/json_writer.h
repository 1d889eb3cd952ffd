// Values as JSON text. Numbers are written with the fewest digits that read back as the same value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace integra::graph {

std::string JsonQuote(std::string_view text);  // throws kInvalidArgument where it is not UTF-8
std::string JsonNumber(int64_t value);
std::string JsonNumber(float value);   // finite; always with a point or an exponent
std::string JsonNumber(double value);  // finite; always with a point or an exponent

// "[a, b, c]" of anything that `write` turns into JSON.
template <typename List, typename Write>
std::string JsonList(const List& list, const Write& write) {
  std::string text = "[";
  for (const auto& item : list) {
    if (text.size() > 1) text += ", ";
    text += write(item);
  }
  return text + "]";
}

// Collects the fields of an object on one line: {"a": 1, "b": [2, 3]}.
class JsonObject {
 public:
  void Add(std::string_view key, std::string_view json) {
    text_ += StrCat(text_.size() > 1 ? ", " : "", JsonQuote(key), ": ", json);
  }
  bool empty() const { return text_.size() == 1; }
  std::string Done() const { return text_ + "}"; }

 private:
  std::string text_ = "{";
};

}  // namespace integra::graph
