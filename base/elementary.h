// Elementary functions by integer instructions: what tables of activation functions are made from.
//
// Results are correctly rounded: the binary32 value nearest to the exact one. C libraries round
// most results the same way but promise it for none; docs/NUMERICS.md says how often they differ.
// A call takes well under a microsecond (erfc a few): meant for tables, not for tensors.
#pragma once

#include <cstdint>

#include "base/soft_float.h"

namespace integra {

// e^x. Infinity where it overflows.
SoftFloat Exp(SoftFloat x);

// e^x - 1 for x <= 0.
SoftFloat ExpMinusOne(SoftFloat x);

SoftFloat Tanh(SoftFloat x);

// 1 - erf(x). For x > 4, where the result is below 1.6e-8, only the absolute error is bounded
// (2^-55, the result is 0 from 6 on); below that it is correctly rounded.
SoftFloat Erfc(SoftFloat x);

// round(2^bits * e^(-numerator / denominator)) for numerator >= 0, denominator > 0, their quotient
// below 100, and bits in [0, 62]; halves away from zero.
int64_t ScaledExpOfMinus(int64_t numerator, int64_t denominator, int bits);

}  // namespace integra
