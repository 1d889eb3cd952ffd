// Logistic and hyperbolic tangent in 16-bit fixed point, to the bit as gemmlowp's fixedpoint.h
// computes them on int16 (one rounded multiplication after another; no table).
#pragma once

#include <cstdint>
#include <limits>

namespace integra::kernels {

// What the specification and the vector form (kernels/lstm_cells.h) share. Qi: i bits before the
// binary point and 15 - i behind it.
namespace fixed16 {

constexpr int32_t kOne = std::numeric_limits<int16_t>::max();  // of Q0

// gemmlowp's constants are given in 32 bits and rounded.
constexpr int32_t Constant(int32_t x) {
  return (x >> 16) + (((x & 0xFFFF) > 0x7FFF + (x < 0 ? 1 : 0)) ? 1 : 0);
}

constexpr int32_t kExpOfMinusEighth = Constant(1895147668);
constexpr int32_t kThird = Constant(715827883);
// e^(-2^k), k = -2 .. 4
constexpr int32_t kExpFactors[] = {Constant(1672461947), Constant(1302514674), Constant(790015084),
                                   Constant(290630308),  Constant(39332535),   Constant(720401),
                                   Constant(242)};
constexpr int32_t k48Over17 = Constant(1515870810);
constexpr int32_t kMinus32Over17 = Constant(-1010580540);

}  // namespace fixed16

// 1 / (1 + e^-x) for x in steps of 2^-12; the result is in steps of 2^-15, at most 32767.
int16_t Logistic16(int16_t x);

// tanh x for x in steps of 2^-(15 - integer_bits), integer_bits in [0, 6]; the result is in steps
// of 2^-15, at most 32767 in absolute value.
int16_t Tanh16(int16_t x, int integer_bits);

}  // namespace integra::kernels
