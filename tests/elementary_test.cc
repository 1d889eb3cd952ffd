#include "base/elementary.h"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <random>

namespace integra {
namespace {

SoftFloat Soft(float x) { return {std::bit_cast<uint32_t>(x)}; }

// The correctly rounded result, from one computed in long double (64 bits of significand): nearest,
// unless it lies too close to the middle between two values to tell. Then 0 is returned.
int Compare(long double exact, SoftFloat result) {
  const auto near = static_cast<float>(exact);
  const long double slack = std::fabs(exact) * 1e-17L;
  if (static_cast<float>(exact - slack) != static_cast<float>(exact + slack)) return 0;
  return std::bit_cast<uint32_t>(near) == result.bits ? 1 : -1;
}

template <typename Function, typename Exact>
void CheckRounding(float low, float high, const Function& function, const Exact& exact) {
  std::mt19937 random(3);
  std::uniform_real_distribution<float> any(low, high);
  int64_t wrong = 0, unclear = 0;
  for (int i = 0; i < 200'000; ++i) {
    // Half of the arguments spread over the magnitudes, half over the values.
    float x = any(random);
    if (i % 2 == 0) x = std::ldexp(x, -static_cast<int>(random() % 40));
    const int verdict = Compare(exact(static_cast<long double>(x)), function(Soft(x)));
    wrong += verdict < 0;
    unclear += verdict == 0;
    if (verdict < 0 && wrong == 1) {
      CAPTURE(x);
      CHECK(std::bit_cast<float>(function(Soft(x)).bits) ==
            static_cast<float>(exact(static_cast<long double>(x))));
    }
  }
  CHECK(wrong == 0);
  CHECK(unclear < 20);
}

TEST_CASE("elementary functions are correctly rounded") {
  CheckRounding(-110.0f, 90.0f, Exp, [](long double x) { return std::exp(x); });
  CheckRounding(-100.0f, 0.0f, ExpMinusOne, [](long double x) { return std::expm1(x); });
  CheckRounding(-12.0f, 12.0f, Tanh, [](long double x) { return std::tanh(x); });
  CheckRounding(-7.0f, 4.0f, Erfc, [](long double x) { return std::erfc(x); });
}

TEST_CASE("elementary functions at their edges") {
  CHECK(Exp({0}).bits == soft_float::kOne.bits);
  CHECK(Exp(Soft(-0.0f)).bits == soft_float::kOne.bits);
  CHECK(Exp(Soft(88.8f)).is_infinite());
  CHECK(Exp(Soft(1e30f)).is_infinite());
  CHECK(Exp(Soft(-1e30f)).is_zero());
  CHECK(Exp(Soft(-100.0f)).bits == std::bit_cast<uint32_t>(static_cast<float>(std::exp(-100.0))));
  CHECK(ExpMinusOne(Soft(-0.0f)).bits == 0x80000000u);
  CHECK(Tanh(Soft(-40.0f)).bits == Soft(-1.0f).bits);
  CHECK(Tanh(Soft(1e-30f)).bits == Soft(1e-30f).bits);
  CHECK(Erfc(Soft(-9.0f)).bits == Soft(2.0f).bits);
  CHECK(Erfc({0}).bits == soft_float::kOne.bits);
  CHECK(ScaledExpOfMinus(0, 1, 31) == int64_t{1} << 31);
  CHECK(ScaledExpOfMinus(1, 1, 31) == 790015084);  // gemmlowp's constant for e^-1
  CHECK(ScaledExpOfMinus(1, 8, 31) == 1895147668);
  CHECK(ScaledExpOfMinus(16, 1, 31) == 242);
}

}  // namespace
}  // namespace integra
