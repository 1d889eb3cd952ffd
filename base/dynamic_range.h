// Activation ranges that are found while a network runs, in integers.
//
// A tensor with a dynamic range has a nominal scale, written in its network, and a ratio to it that
// each run finds anew: real = scale * ratio * (q - zero_point). Only the ratio travels through the
// network; the nominal scales stay in the multipliers that were made when it was loaded. Zero
// points do not change.
#pragma once

#include <cstdint>

#include "base/fixed_point.h"

namespace integra {

// Ratios lie in [2^-kRatioBits, 2^kRatioBits]. The lower limit bounds a bias in units of its
// input's scale, and so keeps accumulators from overflowing; the upper one keeps shifts in range.
inline constexpr int kRatioBits = 8;

// Fraction bits of values in steps of a nominal scale, and the smallest shift of a factor that
// brings accumulators to them.
inline constexpr int kStepFractionBits = 16;
inline constexpr int kMinStepShift = kStepFractionBits - 30;

// The smallest shift of a node's multipliers that leaves room for all ratios, and for the two bits
// by which sums may scale their operands down on top.
inline constexpr int kMinDynamicShift = kMinStepShift + kRatioBits + 2;

inline constexpr Multiplier kOne = {1 << 30, -1};

struct DynamicRange {
  Multiplier ratio = kOne;
  Multiplier inverse = kOne;
  bool operator==(const DynamicRange&) const = default;
};

// a * b, the mantissa rounded half up; 0 where it is too small for kMaxShift.
Multiplier Product(Multiplier a, Multiplier b);

// n / d, both in [1, 2^32), the mantissa rounded half up.
Multiplier Quotient(uint64_t n, uint64_t d);

// acc * f with kStepFractionBits fraction bits, rounded half up. f.s >= kMinStepShift.
inline int64_t Steps(int32_t acc, Multiplier f) {
  const int shift = 31 + f.s - kStepFractionBits;
  return (int64_t{acc} * f.m + (int64_t{1} << (shift - 1))) >> shift;
}

// The smallest ratio, within the limits, whose grid holds low to high. They are values with
// kStepFractionBits, low <= 0 <= high; the grid is 0 to 255 with this zero point.
DynamicRange RangeFor(int64_t low, int64_t high, int32_t zero_point);

}  // namespace integra
