// The version of the library.
#pragma once

#include "integra/export.h"

namespace integra {

// "major.minor.patch" of the library that is linked, which need not be that of the headers.
INTEGRA_API const char* Version();

}  // namespace integra
