// Cells of a long short-term memory for one instruction set: see channel_sums.h about how it is
// included.
//
// Logistic16 and Tanh16 (kernels/reference/fixed_functions16.cc) without branches, in 32 bits.
#pragma once

#include "kernels/fixed_functions16.h"
#include "kernels/lstm.h"

namespace integra::kernels {
namespace {

using fixed16::kOne;

inline int32_t Wrap(int32_t x) { return static_cast<int16_t>(x); }

inline int32_t Limit(int32_t x, int32_t low, int32_t high) {
  const int32_t above = x < low ? low : x;
  return above > high ? high : above;
}

inline int32_t Saturate(int32_t x) { return Limit(x, -kOne - 1, kOne); }

// Only the lowest value squared is too large.
inline int32_t Mul(int32_t a, int32_t b) {
  const int32_t product = (a * b + (1 << 14)) >> 15;
  return product > kOne ? kOne : product;
}

// x / 2^bits, half away from zero: RoundingShiftRight.
inline int32_t Halves(int32_t x, int bits) {
  return (x + (1 << (bits - 1)) - (x < 0 ? 1 : 0)) >> bits;
}

inline int32_t ExpOnQuarter(int32_t a) {
  const int32_t x = Wrap(a + (1 << 12));
  const int32_t x2 = Mul(x, x);
  const int32_t x3 = Mul(x2, x);
  const int32_t x4 = Mul(x2, x2);
  const int32_t cubic_and_up = Mul(Wrap(Halves(x4, 2) + x3), fixed16::kThird);
  const int32_t square_and_up = Halves(Wrap(cubic_and_up + x2), 1);
  return Saturate(fixed16::kExpOfMinusEighth +
                  Mul(fixed16::kExpOfMinusEighth, Wrap(x + square_and_up)));
}

inline int32_t ExpOfNegative(int32_t x, int integer_bits) {
  const int fraction_bits = 15 - integer_bits;
  const int32_t quarter = 1 << (fraction_bits - 2);
  const int32_t in_quarter = (x & (quarter - 1)) - quarter;  // at most 2^13 after the next shift
  int32_t result = ExpOnQuarter(in_quarter * (1 << integer_bits));
  const int32_t rest = in_quarter - x;  // below 2^15: bits of factors that do not exist are 0
#pragma GCC unroll 7
  for (int k = 0; k < 7; ++k) {
    const int32_t scaled = Mul(result, fixed16::kExpFactors[k]);
    result = (rest & (quarter << k)) != 0 ? scaled : result;
  }
  const int32_t lowest = integer_bits > 5 ? -(32 << fraction_bits) : -kOne - 1;
  result = x < lowest ? 0 : result;
  return x == 0 ? kOne : result;
}

inline int32_t ReciprocalOfHalfOnePlus(int32_t x) {
  const int32_t d = (x + kOne + 1) >> 1;
  int32_t y = Wrap(fixed16::k48Over17 + Mul(d, fixed16::kMinus32Over17));
#pragma GCC unroll 3
  for (int i = 0; i < 3; ++i) {
    const int32_t error = Wrap((1 << 13) - Mul(d, y));
    y = Wrap(y + Saturate(Mul(y, error) * 4));
  }
  return y;
}

inline int32_t LogisticLane(int32_t x) {
  const int32_t y = ReciprocalOfHalfOnePlus(ExpOfNegative(Wrap(x > 0 ? -x : x), 3));
  const int32_t positive = Saturate(y * 2);
  const int32_t result = x > 0 ? positive : kOne - positive;
  return x == 0 ? 1 << 14 : result;
}

inline int32_t TanhLane(int32_t x, int integer_bits) {
  const int32_t y = ReciprocalOfHalfOnePlus(ExpOfNegative(Wrap(x > 0 ? -x : x), integer_bits + 1));
  const int32_t positive = Saturate(Wrap(y - (1 << 13)) * 4);
  const int32_t result = x > 0 ? positive : -positive;
  return x == 0 ? 0 : result;
}

// kCells at a time, the last ones with others of any value behind them.
constexpr int64_t kCells = 16;

// products[j] = logistic(output) * tanh(c), after c has been updated. `sums` [4][kCells].
inline void UpdateCells(const LstmParams& p, const int16_t* sums, int16_t* c, int32_t* products) {
  const int exponent = p.cell_exponent;
  const int32_t clip = p.cell_clip;
  const int32_t low = clip > 0 ? -clip : -kOne - 1, high = clip > 0 ? clip : kOne;
  for (int64_t j = 0; j < kCells; ++j) {
    const int32_t input = LogisticLane(sums[j]);
    const int32_t forget = LogisticLane(sums[kCells + j]);
    const int32_t modulation = TanhLane(sums[2 * kCells + j], 3);
    const int32_t output = LogisticLane(sums[3 * kCells + j]);
    const int32_t kept = Wrap(Halves(forget * c[j], 15));
    const int32_t added = Wrap(Halves(input * modulation, 30 + exponent));
    const int32_t cell = Limit(Saturate(kept + added), low, high);
    c[j] = static_cast<int16_t>(cell);
    products[j] = output * TanhLane(cell, 15 + exponent);
  }
}

// An LstmCells.
inline void LstmCellsOf(const LstmParams& p, const int16_t* sums, uint8_t* h, int16_t* c) {
  for (int64_t first = 0; first < p.cells; first += kCells) {
    const int64_t rest = p.cells - first;
    const auto count = static_cast<size_t>(rest < kCells ? rest : kCells);
    int16_t gates[4 * kCells] = {}, cells[kCells] = {};
    int32_t products[kCells];
    for (int64_t g = 0; g < 4; ++g) {
      __builtin_memcpy(gates + g * kCells, sums + g * p.cells + first, count * sizeof(int16_t));
    }
    __builtin_memcpy(cells, c + first, count * sizeof(int16_t));
    UpdateCells(p, gates, cells, products);
    __builtin_memcpy(c + first, cells, count * sizeof(int16_t));
    for (size_t j = 0; j < count; ++j) {
      const int64_t hidden = MultiplyDouble(products[j], p.hidden) + p.state_zero;
      h[first + static_cast<int64_t>(j)] = SaturateTo<uint8_t>(hidden);
    }
  }
}

}  // namespace
}  // namespace integra::kernels
