// The processor's floating-point status after a run: an operation whose result is not exact, or
// that overflows, underflows, divides by zero or is invalid, leaves a flag behind. None does.
#include <doctest/doctest.h>

#include <cfenv>

#include "tests/integer_only/running_network.h"

namespace integra::test {
namespace {

TEST_CASE("floating-point status: an inexact operation is seen") {
  std::feclearexcept(FE_ALL_EXCEPT);
  volatile float third = 3.0f;
  third = 1.0f / third;
  CHECK(std::fetestexcept(FE_ALL_EXCEPT) == FE_INEXACT);
}

TEST_CASE("floating-point status: no flag is raised while a network runs in integer mode") {
  for (const NamedNetwork& each : NetworksToRun()) {
    CAPTURE(each.name);
    for (const std::string isa : {"", "avx2", "sse41", "portable"}) {
      CAPTURE(isa);
      RunningNetwork running(each.network, {.max_isa = isa});
      if (isa == "portable" && running.multiply_accumulates() > 50'000'000)
        continue;  // takes too long
      for (int i = 0; i < 2; ++i) {
        std::feclearexcept(FE_ALL_EXCEPT);
        running.Run();
        const int raised = std::fetestexcept(FE_ALL_EXCEPT);
        CHECK(raised == 0);
      }
    }
  }
}

}  // namespace
}  // namespace integra::test
