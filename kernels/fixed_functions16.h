// Logistic and hyperbolic tangent in 16-bit fixed point, to the bit as gemmlowp's fixedpoint.h
// computes them on int16 (one rounded multiplication after another; no table).
#pragma once

#include <cstdint>

namespace integra::kernels {

// 1 / (1 + e^-x) for x in steps of 2^-12; the result is in steps of 2^-15, at most 32767.
int16_t Logistic16(int16_t x);

// tanh x for x in steps of 2^-(15 - integer_bits), integer_bits in [0, 6]; the result is in steps
// of 2^-15, at most 32767 in absolute value.
int16_t Tanh16(int16_t x, int integer_bits);

}  // namespace integra::kernels
