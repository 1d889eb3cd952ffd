#include "convert/text.h"

#include <bit>
#include <cstdint>

namespace integra::convert {
namespace {

// Bytes of the UTF-8 sequence that starts at `i`; 0 where it is not valid (RFC 3629, section 4).
size_t SequenceLength(const std::string& text, size_t i) {
  const auto byte = [&](size_t k) { return static_cast<uint8_t>(text[k]); };
  const int ones = std::countl_one(byte(i));
  if (ones == 0) return 1;
  const auto length = static_cast<size_t>(ones);
  if (ones == 1 || ones > 4 || i + length > text.size()) return 0;
  uint32_t code = byte(i) & (0xffu >> (ones + 1));
  for (size_t k = 1; k < length; ++k) {
    if ((byte(i + k) & 0xc0) != 0x80) return 0;
    code = code << 6 | (byte(i + k) & 0x3fu);
  }
  constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  return code < kSmallest[length] || code > 0x10ffff || surrogate ? 0 : length;
}

}  // namespace

std::string ValidUtf8(std::string text) {
  for (size_t i = 0; i < text.size();) {
    const size_t length = SequenceLength(text, i);
    if (length == 0) text[i] = '?';
    i += length == 0 ? 1 : length;
  }
  return text;
}

}  // namespace integra::convert
