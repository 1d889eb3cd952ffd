#include "base/error.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <new>

namespace integra {
namespace {

const Error kOutOfMemory(ErrorCode::kSystem, "there is not enough memory");

}  // namespace

std::string Printable(std::string text) {
  const auto is_control = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\n') || byte == 0x7F;
  };
  if (std::none_of(text.begin(), text.end(), is_control)) return text;
  constexpr const char* kDigits = "0123456789ABCDEF";
  std::string printable;
  for (const char c : text) {
    if (is_control(c)) {
      printable += {'\\', 'x', kDigits[c >> 4], kDigits[c & 15]};
    } else {
      printable += c;
    }
  }
  return printable;
}

void FailOutOfMemory(const std::string& what) {
  try {
    Fail(ErrorCode::kSystem, what, ": there is not enough memory");
  } catch (const std::bad_alloc&) {
    throw kOutOfMemory;  // copying shares the text and allocates nothing
  }
}

void DcheckFailed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: internal check failed: %s\n", file, line, condition);
  std::abort();
}

}  // namespace integra
