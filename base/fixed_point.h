// Fixed-point arithmetic: the only definition of how Integra scales and rounds integers.
//
// A real factor f is held as a 32-bit multiplier m and a right shift s, f = m / 2^(31 + s), with m
// in [2^30, 2^31) (or 0, for the factor 0). Factors of 1 and more have s < 0.
// Jacob et al. 2017, "Quantization and Training of Neural Networks for Efficient
// Integer-Arithmetic-Only Inference", section 2.2.
#pragma once

#include <cstdint>
#include <limits>

namespace integra {

struct Multiplier {
  int32_t m = 0;
  int32_t s = 0;
  bool operator==(const Multiplier&) const = default;
};

// Range of s that every kernel supports.
inline constexpr int kMinShift = -30;
inline constexpr int kMaxShift = 31;

enum class Rounding : uint8_t {
  kSingle,  // round(x * f), half up
  kDouble,  // gemmlowp: round to m's 31 fraction bits, then to an integer, half away from zero
};

// round(x * m / 2^(31+s)), half up: (x*m + 2^(30+s)) >> (31+s).
// Exact for |x| < 2^31 and s in [kMinShift, kMaxShift]; the result may need up to 62 bits if s < 0.
inline int64_t MultiplySingle(int64_t x, Multiplier f) {
  return (x * f.m + (int64_t{1} << (30 + f.s))) >> (31 + f.s);
}

// gemmlowp's SaturatingRoundingDoublingHighMul(x, m) followed by RoundingDivideByPOT(., s), in one
// step. For s <= 0 the second rounding does not exist and both roundings agree.
// The one input where gemmlowp saturates, x == m == -2^31, cannot occur: m is not negative.
inline int64_t MultiplyDouble(int64_t x, Multiplier f) {
  if (f.s <= 0) return MultiplySingle(x, f);
  const int64_t t = x * f.m + (int64_t{1} << 30);
  const int64_t away_from_zero = t < 0 ? int64_t{1} << 31 : 0;
  return (t + (int64_t{1} << (30 + f.s)) - away_from_zero) >> (31 + f.s);
}

inline int64_t Multiply(int64_t x, Multiplier f, Rounding rounding) {
  return rounding == Rounding::kSingle ? MultiplySingle(x, f) : MultiplyDouble(x, f);
}

// The same with the multiplier reduced to 16 bits, as LiteRT scales the 64-bit accumulators of
// 16-bit activations (tensorflow/lite/kernels/internal/common.cc). Exact for |x| < 2^47, s in [-7,
// 31].
inline int64_t MultiplyReduced(int64_t x, Multiplier f) {
  const int64_t reduced = f.m < 0x7FFF0000 ? (int64_t{f.m} + (1 << 15)) >> 16 : 0x7FFF;
  const int shift = 15 + f.s;
  return (x * reduced + (int64_t{1} << (shift - 1))) >> shift;
}

// x / 2^exponent, rounded half away from zero (gemmlowp's RoundingDivideByPOT). exponent in [0,
// 31].
inline int32_t RoundingShiftRight(int32_t x, int exponent) {
  const int32_t mask = static_cast<int32_t>((int64_t{1} << exponent) - 1);
  const int32_t remainder = x & mask;
  const int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> exponent) + (remainder > threshold ? 1 : 0);
}

// The high 32 bits of 2*a*b, rounded, saturated (gemmlowp's SaturatingRoundingDoublingHighMul).
inline int32_t RoundingDoublingHighMul(int32_t a, int32_t b) {
  if (a == b && a == std::numeric_limits<int32_t>::min()) {
    return std::numeric_limits<int32_t>::max();
  }
  return static_cast<int32_t>((int64_t{a} * b + (int64_t{1} << 30)) >> 31);
}

template <typename T>
T Clamp(T x, T low, T high) {
  return x < low ? low : (x > high ? high : x);
}

template <typename To>
To SaturateTo(int64_t x) {
  return static_cast<To>(
      Clamp<int64_t>(x, std::numeric_limits<To>::min(), std::numeric_limits<To>::max()));
}

}  // namespace integra
