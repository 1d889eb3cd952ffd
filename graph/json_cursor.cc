#include "graph/json_cursor.h"

#include <algorithm>

namespace integra::graph {
namespace {

// Characters that stand for themselves, of which the lexer would check nothing more.
bool IsPlain(std::string_view text) {
  uint8_t others = 0;  // without a branch for each this takes many bytes at a time
  for (const char c : text) {
    const bool plain = static_cast<signed char>(c) >= 0x20 && c != '\\';  // signed: UTF-8 is not
    others |= plain ? 0 : 1;
  }
  return others == 0;
}

// The quote that ends the string from `start` on, of which quotes in it may be escaped.
size_t ClosingQuote(std::string_view text, size_t start) {
  for (size_t i = start; i < text.size(); ++i) {
    if (text[i] == '"') return i;
    if (text[i] == '\\') ++i;
  }
  return text.size();
}

}  // namespace

const char* JsonCursor::BehindQuote(const char* quote) {
  if (closing_quote_ != nullptr) {
    if (quote == closing_quote_) closing_quote_ = nullptr;
    return quote + 1;
  }
  const auto start = static_cast<size_t>(quote - text_.data()) + 1;
  const size_t end = text_.find('"', start);
  const auto inside = text_.substr(start, std::min(end, text_.size()) - start);
  if (end != std::string_view::npos && IsPlain(inside)) {
    skipped_ = inside;
    closing_quote_ = text_.data() + end;
    return closing_quote_;
  }
  skipped_ = {};
  closing_quote_ = text_.data() + ClosingQuote(text_, start);
  return quote + 1;
}

}  // namespace integra::graph
