// Text that comes from other formats.
#pragma once

#include <string>

namespace integra::convert {

// Names and descriptions end up in JSON: bytes that are not part of valid UTF-8 become '?'.
std::string ValidUtf8(std::string text);

}  // namespace integra::convert
