// Building error messages, and checks of what must hold.
#pragma once

#include <string>
#include <string_view>

#include "integra/error.hpp"

namespace integra {

inline std::string ToText(std::string_view text) { return std::string(text); }
inline std::string ToText(const char* text) { return text; }
inline std::string ToText(char c) { return std::string(1, c); }
template <typename Number>
requires requires(Number n) { std::to_string(n); }
std::string ToText(Number n) { return std::to_string(n); }

// Concatenates texts and numbers.
template <typename... Parts>
std::string StrCat(const Parts&... parts) {
  std::string all;
  (all.append(ToText(parts)), ...);
  return all;
}

// The text with control characters other than line feeds written as \x1B: names from files that may
// be hostile must neither end a message nor steer a terminal.
std::string Printable(std::string text);

template <typename... Parts>
[[noreturn]] void Fail(ErrorCode code, const Parts&... parts) {
  throw Error(code, Printable(StrCat(parts...)));
}

// Throws Error (kSystem): `what`, a file or network, needs more memory than there is. Itself it
// does without: where there is none for a message either, a ready one is thrown.
[[noreturn]] void FailOutOfMemory(const std::string& what);

// Checks a promise between Integra's own parts. Costs nothing in release builds.
#ifdef NDEBUG
#define INTEGRA_DCHECK(condition) ((void)0)
#else
#define INTEGRA_DCHECK(condition) \
  ((condition) ? (void)0 : ::integra::DcheckFailed(#condition, __FILE__, __LINE__))
#endif
[[noreturn]] void DcheckFailed(const char* condition, const char* file, int line);

}  // namespace integra
