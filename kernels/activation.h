// Activation functions of one input, element by element.
//
// 8-bit ones are looked up in a table of 256 results; the functions of one value below are what
// tables are made from. 16-bit ones are computed. Every function may run in place.
#pragma once

#include <cstdint>

#include "base/fixed_point.h"
#include "kernels/isa.h"

namespace integra::kernels {

// dst[i] = table[src[i]] for i in [0, count).
using Lookup = void (*)(const uint8_t* table, const uint8_t* src, int64_t count, uint8_t* dst);

struct LookupChoice {
  Lookup run;
  const char* name;
};
LookupChoice ChooseLookup(Isa isa);

void LookupReference(const uint8_t* table, const uint8_t* src, int64_t count, uint8_t* dst);
void LookupSse41(const uint8_t* table, const uint8_t* src, int64_t count, uint8_t* dst);
void LookupAvx2(const uint8_t* table, const uint8_t* src, int64_t count, uint8_t* dst);
void LookupAvx512(const uint8_t* table, const uint8_t* src, int64_t count, uint8_t* dst);

// relu, relu6, relu_n1_to_1, leaky_relu: x is q - input_zero; the result is scaled by `positive`
// for x >= 0 and by `negative` below (whose multiplier may be negative), rounded twice, moved by
// output_zero and clamped.
struct SlopesParams {
  Multiplier positive;
  Multiplier negative;
  int32_t output_zero = 0;
  int32_t clamp_min = 0;
  int32_t clamp_max = 0;
};
int32_t Slopes(const SlopesParams& params, int32_t x);
void Slopes16(const SlopesParams& params, const int16_t* src, int64_t count, int16_t* dst);

// x * clamp(x + 3, 0, 6) / 6 as LiteRT approximates it in 16 bits. `output` and `ramp` hold 15-bit
// multipliers: the value is m / 2^(15+s). x is q - input_zero, in [-255, 255]. The result still
// lacks the output's zero point and clamp.
struct HardSwishParams {
  Multiplier output;  // 1/128 of the input's scale, over the output's
  Multiplier ramp;    // 1/128 of the input's scale, over 3 / 2^15
};
int32_t HardSwish(const HardSwishParams& params, int32_t x);

// logistic and tanh of 16-bit values: the input is brought to steps of 1 / (24 * 2^9)
// ((x * multiplier + half) >> shift), and interpolated linearly in `table`, which holds
// 2^16 * logistic(i / 24) for i in [0, 256).
struct Sigmoid16Params {
  int32_t multiplier = 0;  // in [0, 2^16)
  int32_t shift = 0;       // in [0, 31]
  const uint16_t* table = nullptr;
};
void Logistic16(const Sigmoid16Params& params, const int16_t* src, int64_t count, int16_t* dst);
void Tanh16(const Sigmoid16Params& params, const int16_t* src, int64_t count, int16_t* dst);

// Linear interpolation between 512 equal steps over the whole range of int16; table[512] ends the
// last one.
int16_t Interpolate16(const int16_t* table, int32_t x);
void Interpolation16(const int16_t* table, const int16_t* src, int64_t count, int16_t* dst);

}  // namespace integra::kernels
