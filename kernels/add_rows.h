// Rows of the quantized 8-bit add, for one instruction set: see channel_sums.h about how it is
// included.
//
// With u = x - zero in [-255, 255], m = 2^11 * h + l and a left shift of 20, the input's scaling is
//   v = (u * 2^20 * m + 2^30) >> 31 = u * h + ((u * l + 2^10) >> 11)
//   t = (v + 2^(s-1) - [u < 0]) >> s     (half away from zero; for s = 0 just v)
// in 32 bits. As a 32-bit lane, u's upper half is -[u < 0], so one pmaddwd gives u * l and, times
// 2^11, the bracket. The output needs 64-bit products (kernels/binary_rows.h); there the bracket is
// the sum's sign.
#pragma once

#include "kernels/binary_rows.h"
#include "kernels/elementwise.h"

namespace integra::kernels {
namespace {

// V: the Vectors of an instruction set.
template <typename V>
struct AddInput {
  using Vector = typename V::Vector;
  Vector zero, high, low_and_sign, round;
  int shift;

  AddInput(int32_t zero_point, Multiplier f)
      : zero(V::Set32(zero_point)),
        high(V::Set32(f.m >> 11)),
        low_and_sign(V::Set32((f.m & 2047) | (f.s > 0 ? 2048 << 16 : 0))),
        round(V::Set32(1024 + (f.s > 0 ? 1 << (f.s + 10) : 0))),
        shift(f.s) {}

  Vector Scale(Vector x) const {
    const Vector u = V::Subtract(x, zero);
    const Vector low = V::Add(V::MultiplyPairs(u, low_and_sign), round);
    const Vector v = V::Add(V::Multiply(u, high), V::ShiftRight(low, 11));
    return V::ShiftRightBy(v, shift);
  }
};

// An AddRow<uint8_t>.
template <typename V>
inline void AddRowOf(const AddParams& p, const uint8_t* a, int64_t a_step, const uint8_t* b,
                     int64_t b_step, uint8_t* y, int64_t count) {
  using Vector = typename V::Vector;
  const AddInput<V> in_a(p.zero[0], p.input[0]), in_b(p.zero[1], p.input[1]);
  const RoundedOutput<V> out(p);
  if (p.subtract) {
    const auto subtract = [](Vector x, Vector z) { return V::Subtract(x, z); };
    BinaryRow<V>(in_a, in_b, out, subtract, a, a_step, b, b_step, y, count);
  } else {
    const auto add = [](Vector x, Vector z) { return V::Add(x, z); };
    BinaryRow<V>(in_a, in_b, out, add, a, a_step, b, b_step, y, count);
  }
}

}  // namespace
}  // namespace integra::kernels
