// Rows of 8-bit element-wise operators of two operands, for one instruction set: see channel_sums.h
// about how it is included.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/fixed_point.h"

namespace integra::kernels {
namespace {

// 32-bit values, |v| <= 2^30, scaled and rounded twice (Rounding::kDouble), and what comes after:
//   y = ((v * m + 2^30 >> 31) + 2^(s-1) - [v < 0] + zero * 2^s) >> s, clamped, s >= 1
// Where the inner rounding turns a negative v into 0 the bracket changes nothing, as s >= 1.
// V: the Vectors of an instruction set.
template <typename V>
struct RoundedOutput {
  using Vector = typename V::Vector;
  Vector multiplier, round, min, max;
  int shift;

  template <typename Params>
  explicit RoundedOutput(const Params& p)
      : multiplier(V::Set64(p.output.m)),
        round(V::Set64((int64_t{1} << 30) + (((int64_t{1} << (p.output.s - 1)) +
                                              int64_t{p.output_zero} * (1 << p.output.s)) *
                                             (int64_t{1} << 31)))),
        min(V::Set8(p.clamp_min)),
        max(V::Set8(p.clamp_max)),
        shift(p.output.s) {}

  Vector Scale(Vector x) const {
    const Vector even = V::Add64(V::MultiplyTo64(x, multiplier), round);
    const Vector odd = V::Add64(V::MultiplyTo64(V::ShiftRight64(x, 32), multiplier), round);
    const Vector v = V::Alternate(V::ShiftRight64(even, 31), V::ShiftLeft64(odd, 1));
    return V::ShiftRightBy(V::Add(v, V::ShiftRight(x, 31)), shift);
  }

  Vector Pack(const Vector (&r)[4]) const {
    const Vector bytes = V::Pack8InOrder(r[0], r[1], r[2], r[3]);
    return V::MinUnsigned8(V::MaxUnsigned8(bytes, min), max);
  }
};

// y = output(combine(a.Scale(x_a), b.Scale(x_b))). An operand that is not whole is one value.
template <typename V, bool kWholeA, bool kWholeB, typename Input, typename Combine>
inline void RunBinary(const Input& in_a, const Input& in_b, const RoundedOutput<V>& out,
                      const Combine& combine, const uint8_t* a, const uint8_t* b, uint8_t* y,
                      int64_t count) {
  using Vector = typename V::Vector;
  constexpr int64_t kBlock = V::kBytes, kLanes = kBlock / 4;
  const Vector one_a = in_a.Scale(V::Set32(*a)), one_b = in_b.Scale(V::Set32(*b));
  const auto block = [&](const uint8_t* xa, const uint8_t* xb, uint8_t* to) {
    Vector r[4];
    for (int k = 0; k < 4; ++k) {
      const Vector ta = kWholeA ? in_a.Scale(V::Widen(xa + kLanes * k)) : one_a;
      const Vector tb = kWholeB ? in_b.Scale(V::Widen(xb + kLanes * k)) : one_b;
      r[k] = out.Scale(combine(ta, tb));
    }
    V::Store(to, out.Pack(r));
  };
  int64_t i = 0;
  for (; i + kBlock <= count; i += kBlock) {
    block(a + (kWholeA ? i : 0), b + (kWholeB ? i : 0), y + i);
  }
  if (i < count) {
    const auto rest = static_cast<size_t>(count - i);
    uint8_t xa[kBlock] = {}, xb[kBlock] = {}, to[kBlock];
    __builtin_memcpy(xa, a + (kWholeA ? i : 0), kWholeA ? rest : 1);
    __builtin_memcpy(xb, b + (kWholeB ? i : 0), kWholeB ? rest : 1);
    block(xa, xb, to);
    __builtin_memcpy(y + i, to, rest);
  }
}

// A row of outputs: steps as in kernels/elementwise.h.
template <typename V, typename Input, typename Combine>
inline void BinaryRow(const Input& in_a, const Input& in_b, const RoundedOutput<V>& out,
                      const Combine& combine, const uint8_t* a, int64_t a_step, const uint8_t* b,
                      int64_t b_step, uint8_t* y, int64_t count) {
  if (count <= 0) return;
  if (a_step != 0 && b_step != 0) {
    RunBinary<V, true, true>(in_a, in_b, out, combine, a, b, y, count);
  } else if (a_step != 0) {
    RunBinary<V, true, false>(in_a, in_b, out, combine, a, b, y, count);
  } else if (b_step != 0) {
    RunBinary<V, false, true>(in_a, in_b, out, combine, a, b, y, count);
  } else {
    RunBinary<V, false, false>(in_a, in_b, out, combine, a, b, y, count);
  }
}

}  // namespace
}  // namespace integra::kernels
