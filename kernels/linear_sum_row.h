// Rows of LinearSum for one instruction set: see channel_sums.h about how it is included.
//
// Two 8-bit operands lie next to each other as 16-bit lanes: one pmaddwd multiplies both and adds.
#pragma once

#include "kernels/linear_sum.h"

namespace integra::kernels {
namespace {

// V: the Vectors of an instruction set.
template <typename V>
struct LinearSumVectors {
  using Vector = typename V::Vector;
  Vector high, low, c_high, c_low, min, max;
  int shift;

  explicit LinearSumVectors(const LinearSum& s)
      : high(Pair(s.a_high, s.b_high)),
        low(Pair(s.a_low, s.b_low)),
        c_high(V::Set32(s.c_high)),
        c_low(V::Set32(s.c_low)),
        min(V::Set8(s.min)),
        max(V::Set8(s.max)),
        shift(s.shift) {}

  static Vector Pair(int16_t a, int16_t b) {
    return V::Set32(static_cast<uint16_t>(a) | b * (1 << 16));
  }

  Vector Sum(Vector pairs) const {
    auto l = (typename V::Lanes)c_low;
    V::AddPairs(pairs, low, l);
    auto h = (typename V::Lanes)V::ShiftRight((Vector)l, 15);
    V::AddPairs(pairs, high, h);
    return V::ShiftRightBy(V::Add((Vector)h, c_high), shift);
  }

  void Block(const uint8_t* from_a, const uint8_t* from_b, uint8_t* to) const {
    const Vector a = V::Load(from_a), b = V::Load(from_b), zero = V::Set32(0);
    const Vector first = V::UnpackLow8(a, b), second = V::UnpackHigh8(a, b);
    const Vector bytes =
        V::Pack8(Sum(V::UnpackLow8(first, zero)), Sum(V::UnpackHigh8(first, zero)),
                 Sum(V::UnpackLow8(second, zero)), Sum(V::UnpackHigh8(second, zero)));
    V::Store(to, V::MinUnsigned8(V::MaxUnsigned8(bytes, min), max));
  }
};

// A LinearSumRow.
template <typename V>
inline void LinearSumRowOf(const LinearSum& sum, const uint8_t* a, const uint8_t* b, uint8_t* y,
                           int64_t count) {
  constexpr int64_t kBlock = V::kBytes;
  const LinearSumVectors<V> vectors(sum);
  int64_t i = 0;
  for (; i + kBlock <= count; i += kBlock) vectors.Block(a + i, b + i, y + i);
  if (i < count) {
    const auto rest = static_cast<size_t>(count - i);
    uint8_t last_a[kBlock] = {}, last_b[kBlock] = {}, last_y[kBlock];
    __builtin_memcpy(last_a, a + i, rest);
    __builtin_memcpy(last_b, b + i, rest);
    vectors.Block(last_a, last_b, last_y);
    __builtin_memcpy(y + i, last_y, rest);
  }
}

}  // namespace
}  // namespace integra::kernels
