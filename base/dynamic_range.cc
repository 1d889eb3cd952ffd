#include "base/dynamic_range.h"

#include <algorithm>
#include <bit>

namespace integra {
namespace {

// mantissa / 2^(31 + s), the mantissa in [2^30, 2^31].
Multiplier Normalized(uint64_t mantissa, int s) {
  if (mantissa == uint64_t{1} << 31) {
    mantissa >>= 1;
    --s;
  }
  if (s > kMaxShift) return {};
  return {static_cast<int32_t>(mantissa), s};
}

}  // namespace

Multiplier Product(Multiplier a, Multiplier b) {
  if (a.m == 0 || b.m == 0) return {};
  const uint64_t product = static_cast<uint64_t>(a.m) * static_cast<uint64_t>(b.m);
  const int bits = product >= uint64_t{1} << 61 ? 31 : 30;
  const uint64_t half = uint64_t{1} << (bits - 1);
  return Normalized((product + half) >> bits, a.s + b.s + 31 - bits);
}

Multiplier Quotient(uint64_t n, uint64_t d) {
  const int n_bits = static_cast<int>(std::bit_width(n));
  const int d_bits = static_cast<int>(std::bit_width(d));
  n <<= 32 - n_bits;
  d <<= 32 - d_bits;
  const int bits = n >= d ? 30 : 31;
  return Normalized(((n << bits) + d / 2) / d, bits - 31 - n_bits + d_bits);
}

DynamicRange RangeFor(int64_t low, int64_t high, int32_t zero_point) {
  // The larger of two fractions, n / (d * 2^kStepFractionBits).
  struct Fraction {
    int64_t n, d;
  };
  const auto fraction = [](int64_t value, int64_t steps) {
    constexpr int kLeast = kStepFractionBits - kRatioBits, kMost = kStepFractionBits + kRatioBits;
    // Without steps on this side no scale would represent it.
    if (steps == 0) return Fraction{int64_t{1} << kLeast, 1};
    return Fraction{Clamp(value, steps << kLeast, steps << kMost), steps};
  };
  const Fraction above = fraction(high, 255 - zero_point), below = fraction(-low, zero_point);
  const Fraction larger = above.n * below.d >= below.n * above.d ? above : below;
  const auto n = static_cast<uint64_t>(larger.n);
  const auto d = static_cast<uint64_t>(larger.d) << kStepFractionBits;
  return {Quotient(n, d), Quotient(d, n)};
}

}  // namespace integra
