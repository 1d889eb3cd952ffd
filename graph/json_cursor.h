// Hands a JSON text to nlohmann's lexer, and tells how far it was read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

namespace integra::graph {

// The lexer works for several nanoseconds on every byte, and nine tenths of a network file's bytes
// are the names of tensors. Where `skips`, a string of plain characters (ASCII, no escapes) is
// therefore handed out as an empty one, and skipped() says what stands in the text.
class JsonCursor {
 public:
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    Iterator(const char* p, JsonCursor* cursor) : p_(p), cursor_(cursor) {}
    const char& operator*() const { return *p_; }
    Iterator& operator++() {
      p_ = cursor_->Next(p_);
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const Iterator& other) const { return p_ == other.p_; }

   private:
    const char* p_;
    JsonCursor* cursor_;
  };

  JsonCursor(std::string_view text, bool skips) : text_(text), skips_(skips) {}
  JsonCursor(const JsonCursor&) = delete;
  JsonCursor& operator=(const JsonCursor&) = delete;

  Iterator begin() { return {text_.data(), this}; }
  Iterator end() { return {text_.data() + text_.size(), this}; }

  bool skips() const { return skips_; }
  // The line of the byte that was read last. A number is known to have ended only once the byte
  // behind it was read: a line feed there belongs to the number's line.
  uint32_t line() const { return line_; }
  // Of the string read last; data() is nullptr where the lexer has seen all of it.
  std::string_view skipped() const { return skipped_; }

 private:
  // Where the byte behind the one at `p` is.
  const char* Next(const char* p) {
    line_ += was_line_feed_ ? 1 : 0;
    was_line_feed_ = *p == '\n';
    return *p == '"' && skips_ ? BehindQuote(p) : p + 1;
  }
  const char* BehindQuote(const char* quote);

  const std::string_view text_;
  const bool skips_;
  uint32_t line_ = 1;
  bool was_line_feed_ = false;
  const char* closing_quote_ = nullptr;  // of the string that is being read
  std::string_view skipped_;
};

}  // namespace integra::graph
