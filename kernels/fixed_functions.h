// Exponential, logarithm, reciprocal and inverse square root in 32-bit fixed point, to the bit as
// gemmlowp's fixedpoint.h and LiteRT's kernels/internal/common.h compute them.
//
// Qi means i bits before the binary point and 31 - i behind it.
#pragma once

#include <cstdint>

#include "base/fixed_point.h"

namespace integra::kernels {

// e^x for x <= 0 in Q5; the result is in Q0 (2^31 - 1 stands for 1).
int32_t ExpOfNegative(int32_t x);

// 1 / (1 + x) for x in [0, 1), both Q0.
int32_t OneOverOnePlus(int32_t x);

// ln x for x >= 1 in Q12; the result is in Q5.
int32_t LogOfAtLeastOne(int32_t x);

// About 1 / sqrt(x) for an integer x >= 0, as m / 2^(31+s); 1 for 0.
Multiplier InverseSquareRoot(int32_t x);

}  // namespace integra::kernels
