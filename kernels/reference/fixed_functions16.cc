#include "kernels/fixed_functions16.h"

#include <limits>

#include "base/fixed_point.h"

namespace integra::kernels {
namespace {

using namespace fixed16;

// Intermediate values are carried in 32 bits and wrapped to 16 where gemmlowp adds without
// saturation.
constexpr int32_t Wrap(int32_t x) { return static_cast<int16_t>(x); }

int32_t Mul(int32_t a, int32_t b) {
  constexpr int32_t kLowest = std::numeric_limits<int16_t>::min();
  if (a == kLowest && b == kLowest) return kOne;
  return (a * b + (1 << 14)) >> 15;
}

int32_t ShiftLeftSaturating(int32_t x, int by) { return SaturateTo<int16_t>(int64_t{x} << by); }

// e^x for x in [-1/4, 0), Q0: Taylor's series around -1/8.
int32_t ExpOnQuarter(int32_t a) {
  const int32_t x = Wrap(a + (1 << 12));
  const int32_t x2 = Mul(x, x);
  const int32_t x3 = Mul(x2, x);
  const int32_t x4 = Mul(x2, x2);
  const int32_t cubic_and_up = Mul(Wrap(RoundingShiftRight(x4, 2) + x3), kThird);
  const int32_t square_and_up = RoundingShiftRight(Wrap(cubic_and_up + x2), 1);
  return SaturateTo<int16_t>(kExpOfMinusEighth + Mul(kExpOfMinusEighth, Wrap(x + square_and_up)));
}

// e^x for x <= 0 with `integer_bits` in [0, 7]; the result is in Q0.
int32_t ExpOfNegative(int32_t x, int integer_bits) {
  if (x == 0) return kOne;
  const int fraction_bits = 15 - integer_bits;
  const int32_t quarter = 1 << (fraction_bits - 2);
  // Beyond -32 there is nothing left; gemmlowp says so where that many bits exist.
  if (integer_bits > 5 && x < -(32 << fraction_bits)) return 0;
  const int32_t in_quarter = (x & (quarter - 1)) - quarter;
  int32_t result = ExpOnQuarter(ShiftLeftSaturating(in_quarter, integer_bits));
  const int32_t rest = in_quarter - x;
  for (int k = -2; k < 5 && k < integer_bits; ++k) {
    if ((rest & (1 << (fraction_bits + k))) != 0) result = Mul(result, kExpFactors[k + 2]);
  }
  return result;
}

// Newton's iteration for 1 / d, d = (1 + x) / 2 in [1/2, 1], in Q2.
int32_t ReciprocalOfHalfOnePlus(int32_t x) {
  constexpr int32_t kOneQ2 = 1 << 13;
  const int32_t d = (x + kOne + 1) / 2;
  int32_t y = Wrap(k48Over17 + Mul(d, kMinus32Over17));
  for (int i = 0; i < 3; ++i) {
    const int32_t error = Wrap(kOneQ2 - Mul(d, y));
    y = Wrap(y + ShiftLeftSaturating(Mul(y, error), 2));
  }
  return y;
}

}  // namespace

int16_t Logistic16(int16_t x) {
  if (x == 0) return 1 << 14;
  const int32_t negative = Wrap(x > 0 ? -x : x);
  const int32_t y = ReciprocalOfHalfOnePlus(ExpOfNegative(negative, 3));
  // y / 2 from Q2 to Q0.
  const int32_t positive = ShiftLeftSaturating(y, 1);
  return static_cast<int16_t>(x > 0 ? positive : kOne - positive);
}

int16_t Tanh16(int16_t x, int integer_bits) {
  if (x == 0) return 0;
  const int32_t negative = Wrap(x > 0 ? -x : x);
  // (1 - e) / (1 + e) with e = e^(2 x): the same bits with one more before the point.
  const int32_t y = ReciprocalOfHalfOnePlus(ExpOfNegative(negative, integer_bits + 1));
  const int32_t positive = ShiftLeftSaturating(Wrap(y - (1 << 13)), 2);
  return static_cast<int16_t>(x > 0 ? positive : -positive);
}

}  // namespace integra::kernels
