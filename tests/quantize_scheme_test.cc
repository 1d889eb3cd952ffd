#include "quantize/scheme.h"

#include <doctest/doctest.h>

#include <limits>

#include "integra/error.hpp"

namespace integra::quantize {
namespace {

constexpr auto kFull = Symmetry::kSymmetricFull;
constexpr auto kRestricted = Symmetry::kSymmetricRestricted;
constexpr auto kAsymmetric = Symmetry::kAsymmetric;

TEST_CASE("scheme: the survey's formulas, computed by hand") {
  SUBCASE("symmetric, full range: S = 2 max|r| / (2^b - 1)") {
    const QuantParams p = ChooseParams({-2.55, 1.0}, kFull, 8, DataType::kInt8);
    CHECK(p.scale == 0.02f);
    CHECK(p.zero_point == 0);
    CHECK(p.levels == Levels{-128, 127, 0});
    CHECK(QuantizeValue(-2.55, p) == -128);  // 127.5 steps, half away from zero
    CHECK(QuantizeValue(2.55, p) == 127);    // clipped
    CHECK(QuantizeValue(0.5, p) == 25);
  }
  SUBCASE("symmetric, restricted range: S = max|r| / (2^(b-1) - 1)") {
    const QuantParams p = ChooseParams({-1.27, 0.5}, kRestricted, 8, DataType::kInt8);
    CHECK(p.scale == 0.01f);
    CHECK(p.levels == Levels{-127, 127, 0});
    CHECK(QuantizeValue(-1.27, p) == -127);
    CHECK(QuantizeValue(-9.0, p) == -127);
    CHECK(QuantizeValue(0.5, p) == 50);
  }
  SUBCASE("asymmetric: S = (beta - alpha) / (2^b - 1)") {
    const QuantParams p = ChooseParams({-0.5, 2.05}, kAsymmetric, 8, DataType::kInt8);
    CHECK(p.scale == 0.01f);
    CHECK(p.zero_point == -78);  // -128 + 50
    CHECK(QuantizeValue(-0.5, p) == -128);
    CHECK(QuantizeValue(2.05, p) == 127);
    CHECK(QuantizeValue(0, p) == -78);
  }
  SUBCASE("unsigned storage holds q + 2^(b-1)") {
    CHECK(ChooseParams({-0.5, 2.05}, kAsymmetric, 8, DataType::kUInt8).zero_point == 50);
    const QuantParams p = ChooseParams({-1.27, 0.5}, kRestricted, 8, DataType::kUInt8);
    CHECK(p.zero_point == 128);
    CHECK(p.levels == Levels{1, 255, 128});
  }
}

TEST_CASE("scheme: bits are a parameter") {
  CHECK(LevelsOf(kFull, 4, DataType::kInt8) == Levels{-8, 7, 0});
  CHECK(LevelsOf(kRestricted, 4, DataType::kInt8) == Levels{-7, 7, 0});
  CHECK(LevelsOf(kRestricted, 2, DataType::kInt8) == Levels{-1, 1, 0});
  CHECK(LevelsOf(kAsymmetric, 4, DataType::kUInt8) == Levels{0, 15, 8});
  CHECK(LevelsOf(kRestricted, 16, DataType::kInt16) == Levels{-32767, 32767, 0});
  CHECK(ChooseParams({-7, 3}, kRestricted, 4, DataType::kInt8).scale == 1.0f);
  CHECK(ChooseParams({-15, 0}, kFull, 4, DataType::kInt8).scale == 2.0f);
  CHECK(ChooseParams({0, 15}, kAsymmetric, 4, DataType::kUInt8).scale == 1.0f);
  CHECK(ChooseParams({-32767, 0}, kRestricted, 16, DataType::kInt16).scale == 1.0f);
  CHECK_THROWS_AS(LevelsOf(kFull, 1, DataType::kInt8), Error);
  CHECK_THROWS_AS(LevelsOf(kFull, 9, DataType::kInt8), Error);
  CHECK_THROWS_AS(LevelsOf(kFull, 17, DataType::kInt16), Error);
}

TEST_CASE("scheme: zero is always represented exactly") {
  for (const Range range : {Range{2, 5}, Range{-5, -2}, Range{-0.3, 1.1}, Range{0, 0.7}}) {
    for (const Symmetry symmetry : {kFull, kRestricted, kAsymmetric}) {
      const QuantParams p = ChooseParams(range, symmetry, 8, DataType::kInt8);
      CAPTURE(range.low);
      CHECK(DequantizeValue(QuantizeValue(0, p), p) == 0);
      CHECK(p.zero_point >= -128);
      CHECK(p.zero_point <= 127);
    }
  }
}

TEST_CASE("scheme: constants and extreme ranges have a usable scale") {
  const QuantParams zero = ChooseParams({0, 0}, kAsymmetric, 8, DataType::kInt8);
  CHECK(zero.scale == 1.0f);
  CHECK(QuantizeValue(0, zero) == zero.zero_point);
  const QuantParams tiny = ChooseParams({0, 1e-40}, kRestricted, 8, DataType::kInt8);
  CHECK(tiny.scale == 1.0f);
  const double largest = std::numeric_limits<float>::max();
  const QuantParams huge = ChooseParams({-largest, largest}, kAsymmetric, 8, DataType::kUInt8);
  CHECK(huge.scale > 1e36f);
  CHECK(huge.scale < std::numeric_limits<float>::infinity());
}

TEST_CASE("scheme: values are rounded as std::round does, at and around every half") {
  const QuantParams p =
      ChooseParams({-32767, 32767}, Symmetry::kSymmetricRestricted, 16, DataType::kInt16);
  REQUIRE(p.scale == 1.0f);
  for (int n = -32767; n < 32767; ++n) {
    const double half = n + 0.5;
    for (const double x : {half, std::nextafter(half, -1e9), std::nextafter(half, 1e9), n + 0.0}) {
      if (QuantizeValue(x, p) != std::round(x)) FAIL_CHECK("not so at ", x);
    }
  }
  CHECK(QuantizeValue(1e300, p) == 32767);
  CHECK(QuantizeValue(-INFINITY, p) == -32767);
}

}  // namespace
}  // namespace integra::quantize
