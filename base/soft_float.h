// IEEE 754 binary32 arithmetic by integer instructions.
//
// Some of LiteRT's reference kernels, and the tables of others, are computed in single precision.
// Integra reproduces their bits without executing a floating-point instruction. Rounding is to
// nearest, ties to even; subnormals and infinities are kept; there is no NaN (an operation that
// would make one, such as 0 / 0, must not be asked for).
#pragma once

#include <bit>
#include <cstdint>

namespace integra {

struct SoftFloat {
  uint32_t bits = 0;

  static constexpr SoftFloat FromBits(uint32_t bits) { return SoftFloat{bits}; }
  static constexpr SoftFloat FromInt(int64_t value);

  constexpr bool negative() const { return (bits >> 31) != 0; }
  constexpr bool is_zero() const { return (bits << 1) == 0; }
  constexpr bool is_infinite() const { return (bits << 1) == 0xff000000u; }
  constexpr SoftFloat magnitude() const { return {bits & 0x7fffffffu}; }
  // |value| = significand() * 2^exponent(), for finite values.
  constexpr uint32_t significand() const {
    const uint32_t fraction = bits & 0x7fffffu;
    return (bits & 0x7f800000u) != 0 ? fraction | 0x800000u : fraction;
  }
  constexpr int exponent() const {
    const int biased = static_cast<int>(bits >> 23 & 0xff);
    return (biased == 0 ? 1 : biased) - 150;
  }
};

namespace soft_float {

inline constexpr SoftFloat kOne = {0x3f800000u};
inline constexpr SoftFloat kHalf = {0x3f000000u};

constexpr SoftFloat Infinity(bool negative) { return {(negative ? 0xff800000u : 0x7f800000u)}; }

// The nearest binary32 to (magnitude + rest) * 2^exponent, where 0 <= rest < 1 and `inexact` says
// whether rest > 0.
constexpr SoftFloat Round(bool negative, uint64_t magnitude, int exponent, bool inexact) {
  const uint32_t sign = negative ? 0x80000000u : 0;
  if (magnitude == 0) return {sign};
  // Bring the leading one to bit 63, then cut off what does not fit into 24 bits, or into fewer
  // where the result is subnormal.
  const int zeros = std::countl_zero(magnitude);
  magnitude <<= zeros;
  exponent -= zeros;
  int cut = 40;
  if (exponent + cut < -149) cut = -149 - exponent;
  if (cut > 64) return {sign};
  uint64_t kept = cut == 64 ? 0 : magnitude >> cut;
  const uint64_t half = uint64_t{1} << (cut - 1);
  const uint64_t rest = cut == 64 ? magnitude : magnitude & (2 * half - 1);
  if (rest > half || (rest == half && (inexact || (kept & 1) != 0))) ++kept;
  exponent += cut;
  if (kept == uint64_t{1} << 24) {
    kept >>= 1;
    ++exponent;
  }
  if (kept < 0x800000u) return {sign | static_cast<uint32_t>(kept)};  // subnormal or zero
  if (exponent > 104) return Infinity(negative);
  return {sign | static_cast<uint32_t>(exponent + 150) << 23 |
          (static_cast<uint32_t>(kept) & 0x7fffffu)};
}

constexpr SoftFloat Negate(SoftFloat a) { return {a.bits ^ 0x80000000u}; }

constexpr SoftFloat Multiply(SoftFloat a, SoftFloat b) {
  const bool negative = a.negative() != b.negative();
  if (a.is_infinite() || b.is_infinite()) return Infinity(negative);
  return Round(negative, uint64_t{a.significand()} * b.significand(), a.exponent() + b.exponent(),
               false);
}

constexpr SoftFloat Add(SoftFloat a, SoftFloat b) {
  if (a.is_infinite()) return a;
  if (b.is_infinite()) return b;
  if (a.magnitude().bits < b.magnitude().bits) {
    const SoftFloat t = a;
    a = b;
    b = t;
  }
  // 38 bits of room below a: what of b lies lower only has to be known to be there.
  const int distance = a.exponent() - b.exponent();
  const uint64_t large = uint64_t{a.significand()} << 38;
  const uint64_t small = uint64_t{b.significand()} << 38;
  const uint64_t shifted = distance < 64 ? small >> distance : 0;
  const bool inexact = distance < 64 ? (shifted << distance) != small : small != 0;
  if (a.negative() == b.negative()) {
    return Round(a.negative(), large + shifted, a.exponent() - 38, inexact);
  }
  const uint64_t difference = large - shifted - (inexact ? 1 : 0);
  if (difference == 0 && !inexact) return {0};  // x - x is +0
  return Round(a.negative(), difference, a.exponent() - 38, inexact);
}

constexpr SoftFloat Subtract(SoftFloat a, SoftFloat b) { return Add(a, Negate(b)); }

// b must not be zero, nor may both be infinite.
constexpr SoftFloat Divide(SoftFloat a, SoftFloat b) {
  const bool negative = a.negative() != b.negative();
  if (a.is_infinite()) return Infinity(negative);
  if (b.is_infinite()) return {negative ? 0x80000000u : 0};
  // The divisor is made 24 bits long so that the quotient has 39 bits or more where a is normal;
  // a subnormal a is made long likewise.
  uint64_t divisor = b.significand();
  int exponent = a.exponent() - b.exponent();
  const int lift = std::countl_zero(divisor) - 40;
  divisor <<= lift;
  exponent += lift;
  uint64_t dividend = a.significand();
  if (dividend == 0) return {negative ? 0x80000000u : 0};
  const int raise = std::countl_zero(dividend);
  dividend <<= raise;
  exponent -= raise;
  return Round(negative, dividend / divisor, exponent, dividend % divisor != 0);
}

// a < b, for values that are not both zero of different sign.
constexpr bool Less(SoftFloat a, SoftFloat b) {
  if (a.negative() != b.negative()) return a.negative() && !(a.is_zero() && b.is_zero());
  return a.negative() ? a.bits > b.bits : a.bits < b.bits;
}

enum class Toward { kZero, kDown, kUp, kNearest };  // kNearest: halves away from zero (std::round)

// The integer next to a. What does not fit into 63 bits becomes +-2^62.
constexpr int64_t ToInt(SoftFloat a, Toward toward) {
  constexpr int64_t kLarge = int64_t{1} << 62;
  if (a.is_infinite() || a.exponent() > 38) return a.negative() ? -kLarge : kLarge;
  const uint64_t significand = a.significand();
  const int exponent = a.exponent();
  if (exponent >= 0) {
    const auto value = static_cast<int64_t>(significand << exponent);
    return a.negative() ? -value : value;
  }
  const int cut = -exponent;
  const uint64_t whole = cut > 63 ? 0 : significand >> cut;
  const uint64_t rest = cut > 63 ? significand : significand - (whole << cut);
  bool up = false;  // in magnitude
  switch (toward) {
    case Toward::kZero:
      break;
    case Toward::kDown:
      up = a.negative() && rest != 0;
      break;
    case Toward::kUp:
      up = !a.negative() && rest != 0;
      break;
    case Toward::kNearest:
      up = cut <= 24 && rest >= uint64_t{1} << (cut - 1);
      break;
  }
  const auto value = static_cast<int64_t>(whole + (up ? 1 : 0));
  return a.negative() ? -value : value;
}

// std::round(a), as a float.
constexpr SoftFloat RoundToInteger(SoftFloat a) {
  if (a.is_infinite() || a.exponent() >= 0) return a;
  const SoftFloat rounded = SoftFloat::FromInt(ToInt(a, Toward::kNearest));
  return rounded.is_zero() ? SoftFloat{a.bits & 0x80000000u} : rounded;
}

// static_cast<int32_t>(a) as x86 does it: what does not fit becomes INT32_MIN.
constexpr int32_t ToInt32(SoftFloat a) {
  const int64_t value = ToInt(a, Toward::kZero);
  const bool fits = value >= INT32_MIN && value <= INT32_MAX;
  return fits ? static_cast<int32_t>(value) : INT32_MIN;
}

}  // namespace soft_float

constexpr SoftFloat SoftFloat::FromInt(int64_t value) {
  const auto magnitude =
      value < 0 ? ~static_cast<uint64_t>(value) + 1 : static_cast<uint64_t>(value);
  return soft_float::Round(value < 0, magnitude, 0, false);
}

}  // namespace integra
