#include "graph/json_cursor.h"

#include <algorithm>
#include <cstring>

namespace integra::graph {
namespace {

// Whether c stands for itself in a string, and the lexer would check nothing more.
bool IsPlain(char c) { return static_cast<signed char>(c) >= 0x20 && c != '"' && c != '\\'; }

// Eight of them at once. `below` leaves a highest bit where any byte is less than n: Bit Twiddling
// Hacks, "Determine if a word has a byte less than n".
bool ArePlain(const char* p) {
  constexpr uint64_t kOnes = 0x0101010101010101;
  uint64_t bytes = 0;
  std::memcpy(&bytes, p, sizeof(bytes));
  const auto below = [](uint64_t x, uint64_t n) { return (x - kOnes * n) & ~x; };
  const uint64_t others = below(bytes, 0x20) | below(bytes ^ (kOnes * '"'), 1) |
                          below(bytes ^ (kOnes * '\\'), 1) | bytes;
  return (others & (kOnes << 7)) == 0;
}

// The quote that ends the string of which [p, end) is the rest, with escaped quotes before it.
const char* ClosingQuote(const char* p, const char* end) {
  for (; p < end; ++p) {
    if (*p == '"') return p;
    if (*p == '\\') ++p;
  }
  return end;
}

}  // namespace

const char* JsonCursor::BehindQuote(const char* quote) {
  if (closing_quote_ != nullptr) {
    if (quote == closing_quote_) closing_quote_ = nullptr;
    return quote + 1;
  }
  const char* const start = quote + 1;
  const char* const end = text_.data() + text_.size();
  const char* p = start;
  while (end - p >= 8 && ArePlain(p)) p += 8;
  p = std::find_if_not(p, end, IsPlain);
  if (p != end && *p == '"') {
    skipped_ = {start, static_cast<size_t>(p - start)};
    closing_quote_ = p;
    return p;
  }
  skipped_ = {};
  closing_quote_ = ClosingQuote(p, end);
  return start;
}

}  // namespace integra::graph
