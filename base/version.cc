#include "integra/version.hpp"

namespace integra {

const char* Version() { return INTEGRA_VERSION; }

}  // namespace integra
