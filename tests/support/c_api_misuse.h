// What the C interface says of a misuse, for tests.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "integra/integra.h"

namespace integra::test {

inline bool LastErrorSays(const char* part) {
  return std::string(integra_last_error()).find(part) != std::string::npos;
}

}  // namespace integra::test

#define CHECK_MISUSE(call, says)                 \
  do {                                           \
    CHECK((call) == INTEGRA_INVALID_ARGUMENT);   \
    INFO(std::string(integra_last_error()));     \
    CHECK(::integra::test::LastErrorSays(says)); \
  } while (false)
