// Rows of the quantized 8-bit multiply, for one instruction set: see channel_sums.h about how it is
// included. Products of two values less their zero points have 17 bits.
#pragma once

#include "kernels/binary_rows.h"
#include "kernels/elementwise.h"

namespace integra::kernels {
namespace {

// V: the Vectors of an instruction set.
template <typename V>
struct MulInput {
  using Vector = typename V::Vector;
  Vector zero;

  explicit MulInput(int32_t zero_point) : zero(V::Set32(zero_point)) {}

  Vector Scale(Vector x) const { return V::Subtract(x, zero); }
};

// A MulRow<uint8_t>.
template <typename V>
inline void MulRowOf(const MulParams& p, const uint8_t* a, int64_t a_step, const uint8_t* b,
                     int64_t b_step, uint8_t* y, int64_t count) {
  using Vector = typename V::Vector;
  const auto multiply = [](Vector x, Vector z) { return V::Multiply(x, z); };
  BinaryRow<V>(MulInput<V>(p.zero[0]), MulInput<V>(p.zero[1]), RoundedOutput<V>(p), multiply, a,
               a_step, b, b_step, y, count);
}

}  // namespace
}  // namespace integra::kernels
