#include "kernels/activation.h"

#include <algorithm>
#include <cstdlib>

namespace integra::kernels {
namespace {

int16_t Saturate16(int32_t x) { return SaturateTo<int16_t>(x); }

// The high 16 bits of 2*a*b; rounded as gemmlowp's SaturatingRoundingDoublingHighMul, or cut off
// towards zero.
int16_t HighMul16(int16_t a, int16_t b) { return Saturate16((a * b + (1 << 14)) >> 15); }
int16_t HighMul16TowardZero(int16_t a, int16_t b) { return Saturate16(a * b / (1 << 15)); }

int32_t ToTableSteps(const Sigmoid16Params& p, int16_t x) {
  const int32_t half = p.shift > 0 ? int32_t{1} << (p.shift - 1) : 0;
  return static_cast<int32_t>((int64_t{x} * p.multiplier + half) >> p.shift);
}

// 2^(16+bits) * logistic(|x| / (24 * 2^bits)); `saturated` where the table ends.
int32_t SigmoidOfMagnitude(const uint16_t* table, int32_t x, int bits, int32_t saturated) {
  const int32_t magnitude = std::abs(x);
  const int32_t index = magnitude >> bits;
  if (index >= 255) return saturated;
  const int32_t fraction = magnitude & ((1 << bits) - 1);
  return (table[index] << bits) + fraction * (table[index + 1] - table[index]);
}

}  // namespace

void LookupReference(const uint8_t* table, const uint8_t* src, int64_t count, uint8_t* dst) {
  for (int64_t i = 0; i < count; ++i) dst[i] = table[src[i]];
}

int32_t Slopes(const SlopesParams& p, int32_t x) {
  int64_t y;
  if (x >= 0) {
    y = MultiplyDouble(x, p.positive);
  } else if (p.negative.m >= 0) {
    y = MultiplyDouble(x, p.negative);
  } else {
    y = -MultiplyDouble(x, {-p.negative.m, p.negative.s});
  }
  return static_cast<int32_t>(Clamp<int64_t>(y + p.output_zero, p.clamp_min, p.clamp_max));
}

void Slopes16(const SlopesParams& p, const int16_t* src, int64_t count, int16_t* dst) {
  for (int64_t i = 0; i < count; ++i) dst[i] = static_cast<int16_t>(Slopes(p, src[i]));
}

int32_t HardSwish(const HardSwishParams& p, int32_t x) {
  const auto fine = static_cast<int16_t>(x * 128);
  const int16_t on_output_scale = HighMul16(fine, static_cast<int16_t>(p.output.m));
  // x / 3 in 15 bits. Of a left shift, all but the last bit is done first: where it saturates, the
  // last one does so too.
  const int left = -p.ramp.s;
  int16_t ramp = fine;
  if (left > 0) ramp = SaturateTo<int16_t>(int64_t{ramp} * (int64_t{1} << (left - 1)));
  ramp = HighMul16(ramp, static_cast<int16_t>(p.ramp.m));
  if (left > 0) ramp = Saturate16(ramp * 2);
  if (left < 0) ramp = static_cast<int16_t>(RoundingShiftRight(ramp, -left));
  ramp = static_cast<int16_t>((ramp + (1 << 15)) >> 1);  // from [-1, 1] to [0, 1]
  return RoundingShiftRight(HighMul16TowardZero(ramp, on_output_scale), p.output.s);
}

void Logistic16(const Sigmoid16Params& p, const int16_t* src, int64_t count, int16_t* dst) {
  for (int64_t i = 0; i < count; ++i) {
    const int32_t x = ToTableSteps(p, src[i]);
    const int32_t y = SigmoidOfMagnitude(p.table, x, 9, 0x7fff << 10);
    const int32_t signed_y = x >= 0 ? y + (1 << 9) : (1 << 25) - y + (1 << 9) - 1;
    dst[i] = static_cast<int16_t>(signed_y >> 10);
  }
}

// tanh x = 2 logistic(2x) - 1.
void Tanh16(const Sigmoid16Params& p, const int16_t* src, int64_t count, int16_t* dst) {
  for (int64_t i = 0; i < count; ++i) {
    const int32_t x = ToTableSteps(p, src[i]);
    const int32_t y = SigmoidOfMagnitude(p.table, x, 8, 0xffff << 8);
    const int32_t signed_y = x >= 0 ? y - (1 << 23) + (1 << 7) : (1 << 23) - y + (1 << 7) - 1;
    dst[i] = static_cast<int16_t>(signed_y >> 8);
  }
}

int16_t Interpolate16(const int16_t* table, int32_t x) {
  const int32_t index = 256 + (x >> 7);
  const int32_t slope = static_cast<int16_t>(table[index + 1] - table[index]);
  return static_cast<int16_t>(table[index] + ((slope * (x & 127) + 64) >> 7));
}

void Interpolation16(const int16_t* table, const int16_t* src, int64_t count, int16_t* dst) {
  for (int64_t i = 0; i < count; ++i) dst[i] = Interpolate16(table, src[i]);
}

}  // namespace integra::kernels
