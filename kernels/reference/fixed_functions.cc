#include "kernels/fixed_functions.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace integra::kernels {
namespace {

constexpr int32_t kLargest = std::numeric_limits<int32_t>::max();

int32_t Mul(int32_t a, int32_t b) { return RoundingDoublingHighMul(a, b); }

int32_t ShiftLeftSaturating(int32_t x, int by) {
  return SaturateTo<int32_t>(int64_t{x} * (int64_t{1} << by));
}

int32_t HalfSum(int32_t a, int32_t b) {  // half away from zero
  const int64_t sum = int64_t{a} + b;
  return static_cast<int32_t>((sum + (sum >= 0 ? 1 : -1)) / 2);
}

int LeadingZeros(int32_t x) { return std::countl_zero(static_cast<uint32_t>(x)); }

// e^x for x in [-1/4, 0), Q0: Taylor's series around -1/8.
int32_t ExpOnQuarter(int32_t a) {
  constexpr int32_t kExpOfMinusEighth = 1895147668;
  constexpr int32_t kThird = 715827883;
  const int32_t x = a + (1 << 28);
  const int32_t x2 = Mul(x, x);
  const int32_t x3 = Mul(x2, x);
  const int32_t x4 = Mul(x2, x2);
  const int32_t cubic_and_up = Mul(RoundingShiftRight(x4, 2) + x3, kThird);
  const int32_t square_and_up = RoundingShiftRight(cubic_and_up + x2, 1);
  return kExpOfMinusEighth + Mul(kExpOfMinusEighth, x + square_and_up);
}

}  // namespace

int32_t ExpOfNegative(int32_t x) {
  if (x == 0) return kLargest;
  // Quarters below x are powers of e^(-1/4), one bit at a time.
  constexpr int32_t kQuarter = 1 << 24;
  constexpr int32_t kFactors[] = {1672461947, 1302514674, 790015084, 290630308,
                                  39332535,   720401,     242};  // e^(-2^k), k = -2 .. 4
  const int32_t in_quarter = (x & (kQuarter - 1)) - kQuarter;
  int32_t result = ExpOnQuarter(ShiftLeftSaturating(in_quarter, 5));
  const int32_t rest = in_quarter - x;
  for (int k = 0; k < 7; ++k) {
    if ((rest & (kQuarter << k)) != 0) result = Mul(result, kFactors[k]);
  }
  return result;
}

// Newton's iteration for 1 / d, d = (1 + x) / 2 in [1/2, 1], in Q2.
int32_t OneOverOnePlus(int32_t x) {
  constexpr int32_t k48Over17 = 1515870810;
  constexpr int32_t kMinus32Over17 = -1010580540;
  constexpr int32_t kOne = 1 << 29;
  const int32_t d = HalfSum(x, kLargest);
  int32_t y = k48Over17 + Mul(d, kMinus32Over17);
  for (int i = 0; i < 3; ++i) y += ShiftLeftSaturating(Mul(y, kOne - Mul(d, y)), 2);
  return ShiftLeftSaturating(y, 1);
}

// x = 2^k r, with r near sqrt(sqrt(1/2)); ln r by a rational function.
int32_t LogOfAtLeastOne(int32_t x) {
  constexpr int kIntegerBits = 12;
  constexpr int kExponentUnit = 25;  // of a sum in Q6
  constexpr int32_t kQuarter = 1 << 23;
  constexpr int32_t kLn2 = 1488522236;
  constexpr int32_t kFourthRootOfHalf = 1805811301;
  constexpr int32_t kRootOfHalf = 1518500250;
  constexpr int32_t kAlphaN = 117049297;   // 11/240 sqrt(sqrt(2))
  constexpr int32_t kAlphaD = 127690142;   // 1/20 sqrt(sqrt(2))
  constexpr int32_t kAlphaI = 1057819769;  // 2 / sqrt(sqrt(2)) - sqrt(sqrt(2))
  constexpr int32_t kAlphaF = 638450708;   // 1/4 sqrt(sqrt(2))
  // Two candidates for r, x itself and x sqrt(1/2), brought to the top of the word.
  const int zeros_a = LeadingZeros(x);
  const int32_t r_a = ShiftLeftSaturating(Mul(ShiftLeftSaturating(x, zeros_a - 1), kRootOfHalf), 1);
  const int32_t exponent_a = SaturateTo<int32_t>(
      int64_t{ShiftLeftSaturating(kIntegerBits - zeros_a, kExponentUnit)} + kQuarter);
  const int zeros_b = LeadingZeros(Mul(x, kRootOfHalf)) - 1;
  const int32_t r_b = ShiftLeftSaturating(x, zeros_b);
  const int32_t exponent_b = SaturateTo<int32_t>(
      int64_t{ShiftLeftSaturating(kIntegerBits - zeros_b, kExponentUnit)} - kQuarter);
  const int32_t r = std::min(r_a, r_b);
  const int32_t exponent = std::max(exponent_a, exponent_b);

  const int32_t p = HalfSum(r, kFourthRootOfHalf);
  const int32_t q = 2 * (r - kFourthRootOfHalf);
  const int32_t square = Mul(q, q);
  const int32_t numerator = Mul(q, r) + Mul(Mul(q, square), kAlphaN);
  const int32_t denominator = Mul(p, kAlphaI + q + Mul(kAlphaD, square)) + Mul(kAlphaF, q);
  const int32_t log =
      Mul(exponent, kLn2) + Mul(RoundingShiftRight(numerator, 6), OneOverOnePlus(denominator));
  return ShiftLeftSaturating(log, 1);
}

Multiplier InverseSquareRoot(int32_t x) {
  if (x <= 1) return {kLargest, 0};
  int shift = 11;
  while (x >= 1 << 29) {
    x /= 4;
    ++shift;
  }
  const int pairs = (LeadingZeros(x) - 1) / 2 - 1;
  shift -= pairs;
  x <<= 2 * pairs;
  // Newton's iteration y = 3/2 y - x/2 y^3 from y = 1, in Q3.
  constexpr int32_t kThreeHalves = (1 << 28) + (1 << 27);
  constexpr int32_t kRootOfHalf = 1518500250;
  const int32_t half = RoundingShiftRight(x >> 1, 1);
  int32_t y = 1 << 28;
  for (int i = 0; i < 5; ++i) {
    const int32_t cube = ShiftLeftSaturating(Mul(Mul(y, y), y), 6);
    y = ShiftLeftSaturating(Mul(kThreeHalves, y) - Mul(half, cube), 3);
  }
  y = Mul(y, kRootOfHalf);
  if (shift < 0) {
    y <<= -shift;
    shift = 0;
  }
  return {y, shift};
}

}  // namespace integra::kernels
