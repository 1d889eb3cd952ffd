// Rows of the quantized 8-bit add, for one instruction set: see channel_sums.h about how it is
// included.
//
// With u = x - zero in [-255, 255], m = 2^11 * h + l and a left shift of 20, the input's scaling is
//   v = (u * 2^20 * m + 2^30) >> 31 = u * h + ((u * l + 2^10) >> 11)
//   t = (v + 2^(s-1) - [u < 0]) >> s     (half away from zero; for s = 0 just v)
// in 32 bits. As a 32-bit lane, u's upper half is -[u < 0], so one vpmaddwd gives u * l and, times
// 2^11, the bracket. The output needs 64-bit products; there the bracket is the sum's sign:
//   y = ((sum * m + 2^30 >> 31) + 2^(s-1) - [sum < 0] + zero * 2^s) >> s
// Where the inner rounding turns a negative sum into 0 the bracket changes nothing, as s >= 1.
#pragma once

#include "kernels/elementwise.h"

namespace integra::kernels {
namespace {

// V has the vectors of an instruction set: Vector, of kLanes sums, what can be done with it, and
// Input and Output, which scale as above.
template <typename V, bool kSubtract, bool kWholeA, bool kWholeB>
inline void RunAdd(const AddParams& p, const uint8_t* a, const uint8_t* b, uint8_t* y,
                   int64_t count) {
  constexpr int64_t kBlock = 4 * V::kLanes;
  const typename V::Input in_a(p.zero[0], p.input[0]), in_b(p.zero[1], p.input[1]);
  const typename V::Output out(p);
  const typename V::Vector one_a = in_a.Scale(V::Set(*a));
  const typename V::Vector one_b = in_b.Scale(V::Set(*b));
  const auto block = [&](const uint8_t* xa, const uint8_t* xb, uint8_t* to) {
    typename V::Vector r[4];
    for (int k = 0; k < 4; ++k) {
      const typename V::Vector ta = kWholeA ? in_a.Scale(V::Widen(xa + V::kLanes * k)) : one_a;
      const typename V::Vector tb = kWholeB ? in_b.Scale(V::Widen(xb + V::kLanes * k)) : one_b;
      r[k] = out.Scale(kSubtract ? V::Difference(ta, tb) : V::Sum(ta, tb));
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
