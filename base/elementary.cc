#include "base/elementary.h"

#include <array>

namespace integra {
namespace {

// Unsigned fixed point: 8 bits before the binary point and 120 behind it.
__extension__ typedef unsigned __int128 Fixed;
constexpr int kFractionBits = 120;
constexpr Fixed kOne = Fixed{1} << kFractionBits;

constexpr Fixed Constant(uint64_t high, uint64_t low) { return Fixed{high} << 64 | low; }
constexpr Fixed kLn2 = Constant(0xb17217f7d1cf79, 0xabc9e3b39803f2f7);
constexpr Fixed kTwoOverRootPi = Constant(0x120dd750429b6d1, 0x1ae3a914fed7fd87);

constexpr Fixed Multiply(Fixed a, Fixed b) {
  const uint64_t a1 = static_cast<uint64_t>(a >> 64), a0 = static_cast<uint64_t>(a);
  const uint64_t b1 = static_cast<uint64_t>(b >> 64), b0 = static_cast<uint64_t>(b);
  const Fixed p00 = Fixed{a0} * b0, p01 = Fixed{a0} * b1, p10 = Fixed{a1} * b0;
  const Fixed middle = (p00 >> 64) + static_cast<uint64_t>(p01) + static_cast<uint64_t>(p10);
  const Fixed high = Fixed{a1} * b1 + (p01 >> 64) + (p10 >> 64) + (middle >> 64);
  const Fixed low = middle << 64 | static_cast<uint64_t>(p00);
  return high << (128 - kFractionBits) | low >> kFractionBits;
}

constexpr int kTerms = 32;  // 0.7^32 / 32! < 2^-134
constexpr std::array<Fixed, kTerms> kInverseFactorials = [] {
  std::array<Fixed, kTerms> inverse{kOne};
  for (int n = 1; n < kTerms; ++n) inverse[n] = inverse[n - 1] / static_cast<unsigned>(n);
  return inverse;
}();

// mantissa * 2^exponent, mantissa in [1, 2].
struct Scaled {
  Fixed mantissa;
  int exponent;
};

// e^x for |x| = `magnitude`: x = k ln 2 + r with 0 <= r <= ln 2, and Taylor's series for e^r.
Scaled ExpFixed(Fixed magnitude, bool negative) {
  const auto multiple = static_cast<int>(magnitude / kLn2);
  const int k = negative ? -multiple - 1 : multiple;
  const Fixed r = negative ? static_cast<unsigned>(multiple + 1) * kLn2 - magnitude
                           : magnitude - static_cast<unsigned>(multiple) * kLn2;
  Fixed sum = kInverseFactorials[kTerms - 1];
  for (int n = kTerms - 2; n >= 0; --n) sum = Multiply(sum, r) + kInverseFactorials[n];
  return {sum, k};
}

Fixed ShiftRight(Fixed x, int by) { return by > 127 ? 0 : x >> by; }

// |x| < 128. What lies below 2^-120 is cut off.
Fixed ToFixed(SoftFloat x) {
  const int shift = x.exponent() + kFractionBits;
  const Fixed significand = x.significand();
  return shift >= 0 ? significand << shift : ShiftRight(significand, -shift);
}

// x * 2^exponent, known not to be a binary32 value nor half way between two.
SoftFloat Round(bool negative, Fixed x, int exponent) {
  constexpr int kCut = 58;  // leaves 64 bits of a value below 4
  return soft_float::Round(negative, static_cast<uint64_t>(x >> kCut),
                           exponent - kFractionBits + kCut, true);
}

// |x| >= 2^exponent.
bool AtLeastPowerOfTwo(SoftFloat x, int exponent) {
  return x.magnitude().bits >= static_cast<uint32_t>(exponent + 127) << 23;
}

// e^-magnitude as a fixed-point number.
Fixed ExpOfMinus(Fixed magnitude) {
  const Scaled e = ExpFixed(magnitude, true);
  return ShiftRight(e.mantissa, -e.exponent);
}

// floor(2^64 * a / b) for a < b <= 2.
uint64_t Quotient(Fixed a, Fixed b) {
  uint64_t quotient = 0;
  for (int i = 0; i < 64; ++i) {
    a <<= 1;
    const bool fits = a >= b;
    if (fits) a -= b;
    quotient = quotient << 1 | (fits ? 1 : 0);
  }
  return quotient;
}

}  // namespace

SoftFloat Exp(SoftFloat x) {
  if (x.is_zero()) return soft_float::kOne;
  if (AtLeastPowerOfTwo(x, 7)) return x.negative() ? SoftFloat{0} : soft_float::Infinity(false);
  const Scaled e = ExpFixed(ToFixed(x), x.negative());
  return Round(false, e.mantissa, e.exponent);
}

SoftFloat ExpMinusOne(SoftFloat x) {
  if (!AtLeastPowerOfTwo(x, -26)) return x;  // x + x^2/2 rounds to x
  if (AtLeastPowerOfTwo(x, 6)) return soft_float::Negate(soft_float::kOne);
  return Round(true, kOne - ExpOfMinus(ToFixed(x)), 0);
}

SoftFloat Tanh(SoftFloat x) {
  if (!AtLeastPowerOfTwo(x, -13)) return x;  // x - x^3/3 rounds to x
  if (AtLeastPowerOfTwo(x, 5)) {
    return x.negative() ? soft_float::Negate(soft_float::kOne) : soft_float::kOne;
  }
  // tanh x = (1 - t) / (1 + t) with t = e^-2x
  const Fixed t = ExpOfMinus(2 * ToFixed(x));
  return soft_float::Round(x.negative(), Quotient(kOne - t, kOne + t), -64, true);
}

SoftFloat Erfc(SoftFloat x) {
  if (!soft_float::Less(x.magnitude(), SoftFloat::FromInt(6))) {
    return x.negative() ? SoftFloat::FromInt(2) : SoftFloat{0};
  }
  if (!AtLeastPowerOfTwo(x, -30)) return soft_float::kOne;
  // erf x = 2 / sqrt(pi) e^-x^2 (x + 2 x^3 / 3 + 4 x^5 / 15 + ...); Abramowitz and Stegun 7.1.6
  const Fixed z = ToFixed(x);
  const Fixed square = Multiply(z, z);
  Fixed term = Multiply(ExpOfMinus(square), z);
  Fixed sum = term;
  for (unsigned n = 3; term != 0; n += 2) {
    term = Multiply(term, 2 * square) / n;
    sum += term;
  }
  const Fixed erf = Multiply(sum, kTwoOverRootPi);
  if (x.negative()) return Round(false, kOne + erf, 0);
  return Round(false, erf < kOne ? kOne - erf : 0, 0);
}

int64_t ScaledExpOfMinus(int64_t numerator, int64_t denominator, int bits) {
  // numerator / denominator by long division: whole part, then 120 bits.
  const auto d = static_cast<uint64_t>(denominator);
  Fixed quotient = static_cast<uint64_t>(numerator) / d;
  Fixed rest = static_cast<uint64_t>(numerator) % d;
  for (int i = 0; i < kFractionBits; ++i) {
    rest <<= 1;
    const bool fits = rest >= d;
    if (fits) rest -= d;
    quotient = quotient << 1 | (fits ? 1 : 0);
  }
  const Fixed e = numerator == 0 ? kOne : ExpOfMinus(quotient);
  const int cut = kFractionBits - bits;
  return static_cast<int64_t>((e + (Fixed{1} << (cut - 1))) >> cut);
}

}  // namespace integra
