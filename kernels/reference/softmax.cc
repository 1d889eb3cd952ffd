#include "kernels/softmax.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "kernels/fixed_functions.h"

namespace integra::kernels {
namespace {

// 1 / sum for a sum in Q12: a factor in Q0 and the right shift that goes with it.
struct Reciprocal {
  int32_t factor;
  int32_t shift;
};

Reciprocal ReciprocalOf(int32_t sum) {
  const int zeros = std::countl_zero(static_cast<uint32_t>(sum));
  const uint32_t normalized = static_cast<uint32_t>(sum) << zeros;
  const auto above_one = static_cast<int32_t>(normalized - (uint32_t{1} << 31));
  return {OneOverOnePlus(above_one), 12 - zeros};
}

// LiteRT's sum overflows beyond 4095 equal elements; saturating changes nothing where it does not.
int32_t SumOfTerms(const ExponentialTable& t, const uint8_t* src, int64_t depth, int32_t largest) {
  int64_t sum = 0;
  for (int64_t c = 0; c < depth; ++c) sum += t.term[largest - src[c]];
  return SaturateTo<int32_t>(sum);
}

// A probability in steps of 1/256.
uint8_t Probability(const ExponentialTable& t, Reciprocal reciprocal, int32_t distance) {
  if (distance > t.limit) return 0;
  const int exponent = reciprocal.shift + 31 - 8;
  // More than 511 equal elements: each is below half a step. LiteRT shifts 32 bits by more than 31
  // here, which C++ does not define.
  if (exponent > 31) return 0;
  const int32_t product = RoundingDoublingHighMul(reciprocal.factor, t.exponential[distance]);
  return SaturateTo<uint8_t>(RoundingShiftRight(product, exponent));
}

}  // namespace

void MakeExponentialTable(Multiplier scale, ExponentialTable* table) {
  // floor(31 * 2^26 / 2^left shift): a larger distance would leave Q5.
  table->limit = static_cast<int32_t>(std::min<int64_t>(255, (int64_t{31} << 26) >> -scale.s));
  for (int32_t d = 0; d < 256; ++d) {
    const bool counts = d <= table->limit;
    const int64_t shifted = -int64_t{d} << -scale.s;
    table->scaled[d] = counts ? RoundingDoublingHighMul(static_cast<int32_t>(shifted), scale.m)
                              : std::numeric_limits<int32_t>::min();
    table->exponential[d] = counts ? ExpOfNegative(table->scaled[d]) : 0;
    table->term[d] = counts ? RoundingShiftRight(table->exponential[d], 12) : 0;
  }
}

void SoftmaxReference(const ExponentialTable& t, Lookup, const uint8_t* src, int64_t rows,
                      int64_t depth, uint8_t* dst) {
  for (int64_t row = 0; row < rows; ++row, src += depth, dst += depth) {
    const int32_t largest = *std::max_element(src, src + depth);
    const Reciprocal reciprocal = ReciprocalOf(SumOfTerms(t, src, depth, largest));
    for (int64_t c = 0; c < depth; ++c) dst[c] = Probability(t, reciprocal, largest - src[c]);
  }
}

void SoftmaxTabulated(const ExponentialTable& t, Lookup lookup, const uint8_t* src, int64_t rows,
                      int64_t depth, uint8_t* dst) {
  uint8_t results[256] = {};
  for (int64_t row = 0; row < rows; ++row, src += depth, dst += depth) {
    uint8_t max = 0;
    for (int64_t c = 0; c < depth; ++c) max = std::max(max, src[c]);
    const int32_t largest = max;
    const Reciprocal reciprocal = ReciprocalOf(SumOfTerms(t, src, depth, largest));
    for (int32_t x = 0; x <= largest; ++x) results[x] = Probability(t, reciprocal, largest - x);
    lookup(results, src, depth, dst);
  }
}

void LogSoftmaxReference(const ExponentialTable& t, Multiplier inverse, const uint8_t* src,
                         int64_t rows, int64_t depth, uint8_t* dst) {
  for (int64_t row = 0; row < rows; ++row, src += depth, dst += depth) {
    const int32_t largest = *std::max_element(src, src + depth);
    const int32_t log = LogOfAtLeastOne(SumOfTerms(t, src, depth, largest));
    // Distances whose result would leave Q5 get the lowest value.
    const int64_t lowest = int64_t{std::numeric_limits<int32_t>::min()} + log;
    const int64_t limit = std::min<int64_t>(t.limit, -MultiplyDouble(lowest, inverse) - 1);
    for (int64_t c = 0; c < depth; ++c) {
      const int32_t distance = largest - src[c];
      dst[c] = distance <= limit
                   ? SaturateTo<uint8_t>(RoundingShiftRight(t.scaled[distance] - log, 22) + 255)
                   : 0;
    }
  }
}

void Softmax16(const Softmax16Params& p, const int16_t* src, int64_t rows, int64_t depth,
               int16_t* dst) {
  for (int64_t row = 0; row < rows; ++row, src += depth, dst += depth) {
    const int32_t largest = *std::max_element(src, src + depth);
    int64_t sum = 0;
    for (int64_t c = 0; c < depth; ++c) {
      const int64_t steps = MultiplyDouble(src[c] - largest, p.scale);
      dst[c] = Interpolate16(p.exponential, SaturateTo<int16_t>(steps + 32767));
      sum += dst[c];
    }
    // LiteRT's sum overflows beyond 65536 equal elements; saturating changes nothing where it does
    // not. The largest element alone makes it 32767.
    sum = SaturateTo<int32_t>(sum);
    const int zeros = std::countl_zero(static_cast<uint32_t>(sum));
    // The sum as 1 + x with x in [0, 1), in 16 bits, moved to int16.
    const int64_t normalized = ((sum << (zeros - 1)) + (1 << 13)) >> 14;
    const int16_t x = SaturateTo<int16_t>(normalized - (1 << 15) - (1 << 16));
    const int64_t reciprocal = Interpolate16(p.reciprocal, x);
    const int shift = 31 - zeros;
    for (int64_t c = 0; c < depth; ++c) {
      // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): shift is 14 to 30.
      const int64_t y = (dst[c] * reciprocal + (int64_t{1} << (shift - 1))) >> shift;
      dst[c] = static_cast<int16_t>(Clamp<int64_t>(y, 0, 32767));
    }
  }
}

void L2Normalize(int32_t zero_point, bool shift_first, const uint8_t* src, int64_t rows,
                 int64_t depth, uint8_t* dst) {
  for (int64_t row = 0; row < rows; ++row, src += depth, dst += depth) {
    int32_t squares = 0;
    for (int64_t c = 0; c < depth; ++c) {
      squares += (src[c] - zero_point) * (src[c] - zero_point);
    }
    Multiplier factor = InverseSquareRoot(squares);
    if (!shift_first) factor.s -= 7;
    for (int64_t c = 0; c < depth; ++c) {
      const int32_t x = (src[c] - zero_point) * (shift_first ? 128 : 1);
      dst[c] = SaturateTo<uint8_t>(MultiplyDouble(x, factor) + 128);
    }
  }
}

}  // namespace integra::kernels
