// Rows of the quantized 8-bit add, for one instruction set: see channel_sums.h about how it is
// included.
//
// With u = x - zero in [-255, 255], m = 2^11 * h + l and a left shift of 20, the input's scaling is
//   v = (u * 2^20 * m + 2^30) >> 31 = u * h + ((u * l + 2^10) >> 11)
//   t = (v + 2^(s-1) - [u < 0]) >> s     (half away from zero; for s = 0 just v)
// in 32 bits. As a 32-bit lane, u's upper half is -[u < 0], so one pmaddwd gives u * l and, times
// 2^11, the bracket. The output needs 64-bit products; there the bracket is the sum's sign:
//   y = ((sum * m + 2^30 >> 31) + 2^(s-1) - [sum < 0] + zero * 2^s) >> s
// Where the inner rounding turns a negative sum into 0 the bracket changes nothing, as s >= 1.
#pragma once

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

template <typename V>
struct AddOutput {
  using Vector = typename V::Vector;
  Vector multiplier, round, min, max;
  int shift;

  explicit AddOutput(const AddParams& p)
      : multiplier(V::Set64(p.output.m)),
        round(V::Set64((int64_t{1} << 30) + (((int64_t{1} << (p.output.s - 1)) +
                                              int64_t{p.output_zero} * (1 << p.output.s)) *
                                             (int64_t{1} << 31)))),
        min(V::Set8(p.clamp_min)),
        max(V::Set8(p.clamp_max)),
        shift(p.output.s) {}

  Vector Scale(Vector sum) const {
    const Vector even = V::Add64(V::MultiplyTo64(sum, multiplier), round);
    const Vector odd = V::Add64(V::MultiplyTo64(V::ShiftRight64(sum, 32), multiplier), round);
    const Vector v = V::Alternate(V::ShiftRight64(even, 31), V::ShiftLeft64(odd, 1));
    return V::ShiftRightBy(V::Add(v, V::ShiftRight(sum, 31)), shift);
  }

  Vector Pack(const Vector (&r)[4]) const {
    const Vector bytes = V::Pack8InOrder(r[0], r[1], r[2], r[3]);
    return V::MinUnsigned8(V::MaxUnsigned8(bytes, min), max);
  }
};

template <typename V, bool kSubtract, bool kWholeA, bool kWholeB>
inline void RunAdd(const AddParams& p, const uint8_t* a, const uint8_t* b, uint8_t* y,
                   int64_t count) {
  using Vector = typename V::Vector;
  constexpr int64_t kBlock = V::kBytes, kLanes = kBlock / 4;
  const AddInput<V> in_a(p.zero[0], p.input[0]), in_b(p.zero[1], p.input[1]);
  const AddOutput<V> out(p);
  const Vector one_a = in_a.Scale(V::Set32(*a)), one_b = in_b.Scale(V::Set32(*b));
  const auto block = [&](const uint8_t* xa, const uint8_t* xb, uint8_t* to) {
    Vector r[4];
    for (int k = 0; k < 4; ++k) {
      const Vector ta = kWholeA ? in_a.Scale(V::Widen(xa + kLanes * k)) : one_a;
      const Vector tb = kWholeB ? in_b.Scale(V::Widen(xb + kLanes * k)) : one_b;
      r[k] = out.Scale(kSubtract ? V::Subtract(ta, tb) : V::Add(ta, tb));
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

template <typename V, bool kSubtract>
inline void DispatchAdd(const AddParams& p, const uint8_t* a, int64_t a_step, const uint8_t* b,
                        int64_t b_step, uint8_t* y, int64_t count) {
  if (a_step != 0 && b_step != 0) return RunAdd<V, kSubtract, true, true>(p, a, b, y, count);
  if (a_step != 0) return RunAdd<V, kSubtract, true, false>(p, a, b, y, count);
  if (b_step != 0) return RunAdd<V, kSubtract, false, true>(p, a, b, y, count);
  RunAdd<V, kSubtract, false, false>(p, a, b, y, count);
}

// An AddRow<uint8_t>.
template <typename V>
inline void AddRowOf(const AddParams& p, const uint8_t* a, int64_t a_step, const uint8_t* b,
                     int64_t b_step, uint8_t* y, int64_t count) {
  if (count <= 0) return;
  if (p.subtract) {
    DispatchAdd<V, true>(p, a, a_step, b, b_step, y, count);
  } else {
    DispatchAdd<V, false>(p, a, a_step, b, b_step, y, count);
  }
}

}  // namespace
}  // namespace integra::kernels
