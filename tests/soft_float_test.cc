#include "base/soft_float.h"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

namespace integra {
namespace {

namespace sf = soft_float;

float Hard(SoftFloat a) { return std::bit_cast<float>(a.bits); }

// Edges of the format, then random bits of three kinds: any, near one another, small integers.
class Floats {
 public:
  float Next() {
    static const std::vector<uint32_t> edges = {
        0x00000000u, 0x80000000u, 0x00000001u, 0x80000001u, 0x007fffffu, 0x00800000u, 0x00800001u,
        0x3f800000u, 0xbf800000u, 0x3f7fffffu, 0x3f800001u, 0x3f000000u, 0x4b800000u, 0x4b7fffffu,
        0x33800000u, 0x34000000u, 0x7f7fffffu, 0xff7fffffu, 0x7f000000u, 0x1a000000u, 0x5a000000u};
    const auto kind = random_() % 8;
    if (kind == 0) return std::bit_cast<float>(edges[random_() % edges.size()]);
    if (kind == 1) return static_cast<float>(static_cast<int32_t>(random_()) >> (random_() % 32));
    auto bits = static_cast<uint32_t>(random_());
    if (kind < 5)
      bits = (bits & 0x807fffffu) | (0x70u + static_cast<uint32_t>(random_() % 32))
                                        << 23;  // 2^-15 .. 2^16
    const auto value = std::bit_cast<float>(bits);
    return std::isfinite(value) ? value : Next();
  }

 private:
  std::mt19937_64 random_{7};
};

TEST_CASE("SoftFloat equals the processor's binary32") {
  Floats floats;
  int64_t wrong = 0;
  for (int i = 0; i < 4'000'000; ++i) {
    const float a = floats.Next();
    const float b = floats.Next();
    const SoftFloat x{std::bit_cast<uint32_t>(a)};
    const SoftFloat y{std::bit_cast<uint32_t>(b)};
    const auto same = [](float hard, SoftFloat soft) {
      return std::bit_cast<uint32_t>(hard) == soft.bits;
    };
    bool ok = same(a * b, sf::Multiply(x, y)) && same(a + b, sf::Add(x, y)) &&
              same(a - b, sf::Subtract(x, y)) && sf::Less(x, y) == (a < b) &&
              same(std::round(a), sf::RoundToInteger(x));
    if (b != 0) ok = ok && same(a / b, sf::Divide(x, y));
    if (std::fabs(a) < 9e18f) {
      ok = ok && (std::fabs(a) > 4e18f ||
                  (sf::ToInt(x, sf::Toward::kZero) == static_cast<int64_t>(a) &&
                   sf::ToInt(x, sf::Toward::kDown) == static_cast<int64_t>(std::floor(a)) &&
                   sf::ToInt(x, sf::Toward::kUp) == static_cast<int64_t>(std::ceil(a)) &&
                   sf::ToInt(x, sf::Toward::kNearest) == static_cast<int64_t>(std::round(a))));
    }
    if (!ok && ++wrong == 1) {
      CAPTURE(a);
      CAPTURE(b);
      CAPTURE(Hard(sf::Add(x, y)));
      CAPTURE(Hard(sf::Multiply(x, y)));
      CHECK(ok);
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("SoftFloat converts integers as the processor does") {
  std::mt19937_64 random(8);
  for (int i = 0; i < 200'000; ++i) {
    const auto value = static_cast<int64_t>(random()) >> (random() % 64);
    const auto hard = std::bit_cast<uint32_t>(static_cast<float>(value));
    if (SoftFloat::FromInt(value).bits != hard) {
      CAPTURE(value);
      REQUIRE(SoftFloat::FromInt(value).bits == hard);
    }
  }
  CHECK(sf::ToInt32(SoftFloat::FromInt(-7)) == -7);
  CHECK(sf::ToInt32(SoftFloat::FromInt(int64_t{1} << 31)) == std::numeric_limits<int32_t>::min());
  CHECK(sf::ToInt32(sf::Infinity(false)) == std::numeric_limits<int32_t>::min());
}

TEST_CASE("SoftFloat keeps infinities") {
  const SoftFloat infinity = sf::Infinity(false);
  CHECK(sf::Add(sf::kOne, infinity).bits == infinity.bits);
  CHECK(sf::Divide(sf::kOne, infinity).is_zero());
  CHECK(sf::Multiply(SoftFloat::FromInt(-2), infinity).bits == sf::Infinity(true).bits);
  CHECK(sf::Multiply({0x7f000000u}, SoftFloat::FromInt(4)).is_infinite());
}

}  // namespace
}  // namespace integra
