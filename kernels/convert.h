// Changing how integers are held: another scale, zero point or type.
#pragma once

#include <cstdint>

#include "base/fixed_point.h"

namespace integra::kernels {

// y = clamp((x - input_zero) scaled and rounded, + output_zero). 8-bit values are in the stored
// domain, so that a table of all 256 results serves 8-bit operands.
struct RequantizeParams {
  int32_t input_zero = 0;
  Multiplier factor;
  Rounding rounding = Rounding::kDouble;
  int32_t output_zero = 0;
  int32_t clamp_min = 0;  // of the output's type
  int32_t clamp_max = 0;
};

// In and Out are uint8_t, int16_t or int32_t.
template <typename In, typename Out>
void RequantizeReference(const RequantizeParams& params, const In* x, int64_t count, Out* y);

// y[i] = x[i] + offset in another type; values that do not fit wrap around. In and Out are uint8_t,
// int16_t, int32_t or int64_t.
template <typename In, typename Out>
void CastIntegers(const In* x, int32_t offset, int64_t count, Out* y);

// y[i] = 1 where x[i] is not `zero`, else 0.
template <typename In>
void CastToBool(const In* x, int32_t zero, int64_t count, uint8_t* y);

}  // namespace integra::kernels
