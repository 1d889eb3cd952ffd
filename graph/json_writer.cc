#include "graph/json_writer.h"

#include <charconv>
#include <cstdlib>
#include <nlohmann/json.hpp>

namespace integra::graph {
namespace {

template <typename T>
std::string Shortest(T value) {
  char digits[64];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  std::string text(digits, end);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

}  // namespace

std::string JsonQuote(std::string_view text) {
  try {
    return nlohmann::json(text).dump();
  } catch (const nlohmann::json::exception&) {
    Fail(ErrorCode::kInvalidArgument, "the name '", text, "' is not valid UTF-8");
  }
}

std::string JsonNumber(int64_t value) { return std::to_string(value); }

std::string JsonNumber(double value) { return Shortest(value); }

std::string JsonNumber(float value) {
  std::string text = Shortest(value);
  // Readers go through double, and rounding twice may, very rarely, miss. A double's digits do not.
  double read = 0;
  std::from_chars(text.data(), text.data() + text.size(), read);
  if (static_cast<float>(read) != value) return Shortest(static_cast<double>(value));
  return text;
}

}  // namespace integra::graph
