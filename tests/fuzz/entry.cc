// A target as libFuzzer wants it. INTEGRA_FUZZ_TARGET is the target's name, a string.
#include <cstdint>

#include "tests/fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const integra::fuzz::Target* const target = integra::fuzz::FindTarget(INTEGRA_FUZZ_TARGET);
  target->run(std::as_bytes(std::span(data, size)));
  return 0;
}
