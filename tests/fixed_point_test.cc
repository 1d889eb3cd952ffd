#include "base/fixed_point.h"

#include <doctest/doctest.h>

#include <random>

namespace integra {
namespace {

// gemmlowp's two steps, as LiteRT's MultiplyByQuantizedMultiplier takes them.
int32_t TwoSteps(int32_t x, Multiplier f) {
  return RoundingShiftRight(RoundingDoublingHighMul(x, f.m), f.s);
}

TEST_CASE("MultiplyDouble equals gemmlowp's two steps") {
  std::mt19937_64 random(1);
  for (int i = 0; i < 2'000'000; ++i) {
    const int bits = static_cast<int>(random() % 32);
    const auto x =
        static_cast<int32_t>(static_cast<uint32_t>(random()) >> bits) * (random() % 2 ? 1 : -1);
    const Multiplier f{static_cast<int32_t>((int64_t{1} << 30) + random() % (int64_t{1} << 30)),
                       static_cast<int32_t>(random() % 32)};
    if (MultiplyDouble(x, f) != TwoSteps(x, f)) {
      CAPTURE(x);
      CAPTURE(f.m);
      CAPTURE(f.s);
      REQUIRE(MultiplyDouble(x, f) == TwoSteps(x, f));
    }
  }
}

TEST_CASE("MultiplySingle rounds half up") {
  const Multiplier half{1 << 30, 0};  // 0.5
  CHECK(MultiplySingle(1, half) == 1);
  CHECK(MultiplySingle(-1, half) == 0);
  CHECK(MultiplySingle(3, half) == 2);
  CHECK(MultiplySingle(-3, half) == -1);
  const Multiplier four{1 << 30, -3};  // 4
  CHECK(MultiplySingle(-7, four) == -28);
}

TEST_CASE("RoundingShiftRight rounds half away from zero") {
  CHECK(RoundingShiftRight(3, 1) == 2);
  CHECK(RoundingShiftRight(-3, 1) == -2);
  CHECK(RoundingShiftRight(-1, 1) == -1);
  CHECK(RoundingShiftRight(5, 0) == 5);
  CHECK(RoundingShiftRight(std::numeric_limits<int32_t>::min(), 31) == -1);
}

}  // namespace
}  // namespace integra
