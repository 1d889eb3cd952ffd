// Transforms of Winograd's convolution (kernels/winograd.h) on an instruction set's Vectors: see
// channel_sums.h about how it is included.
#pragma once

#include "kernels/winograd.h"

namespace integra::kernels {
namespace {

constexpr int64_t TilesOf(int64_t outputs) { return (outputs + kWinogradTile - 1) / kWinogradTile; }

// Calls part(first, size) for parts of like size of [0, count), which are no larger than `most`:
// small ones wait for the latency of their sums.
template <typename Part>
__attribute__((always_inline)) inline void ForParts(int64_t count, int64_t most, const Part& part) {
  int64_t parts = (count + most - 1) / most;
  for (int64_t first = 0; first < count; --parts) {
    const int64_t size = (count - first + parts - 1) / parts;
    part(first, size);
    first += size;
  }
}

// Of six 32-bit vectors: a row of At.
template <typename V>
__attribute__((always_inline)) inline void TransformSums(const typename V::Vector (&m)[6],
                                                         typename V::Vector (&to)[4]) {
  using Vector = typename V::Vector;
  const Vector sum1 = V::Add(m[1], m[2]), difference1 = V::Subtract(m[1], m[2]);
  const Vector sum2 = V::Add(m[3], m[4]), difference2 = V::Subtract(m[3], m[4]);
  to[0] = V::Add(V::Add(m[0], sum1), sum2);
  to[1] = V::Add(V::Add(difference1, difference2), difference2);
  to[2] = V::Add(sum1, V::ShiftLeft(sum2, 2));
  const Vector half = V::Add(V::ShiftLeft(difference2, 2), m[5]);
  to[3] = V::Add(V::Add(difference1, half), half);
}

// Bt of sources of 128 everywhere, which sources are to be counted from: only the sum of the second
// row of Bt is not 0.
constexpr int16_t kCentre = 128 * 6 * 6;

// Of six vectors of 16-bit lanes: a row of Bt.
template <typename V>
__attribute__((always_inline)) inline void TransformSources(const typename V::Vector (&d)[6],
                                                            typename V::Vector (&to)[6]) {
  using Vector = typename V::Vector;
  const Vector outer = V::Subtract16(d[4], d[2]);                 // d4 - d2
  const Vector inner = V::Subtract16(d[3], d[1]);                 // d3 - d1
  const Vector a = V::Subtract16(d[4], V::ShiftLeft16(d[2], 2));  // d4 - 4 d2
  const Vector b = V::Subtract16(d[3], V::ShiftLeft16(d[1], 2));  // d3 - 4 d1
  const Vector twice = V::Add16(inner, inner);
  to[0] = V::Add16(V::ShiftLeft16(V::Subtract16(d[0], d[2]), 2), outer);
  to[1] = V::Add16(a, b);
  to[2] = V::Subtract16(a, b);
  to[3] = V::Add16(outer, twice);
  to[4] = V::Subtract16(outer, twice);
  to[5] = V::Subtract16(V::Subtract16(d[5], d[3]), V::Add16(twice, twice));
}

constexpr int32_t kInverseOfNine = 954437177;  // modulo 2^32
static_assert(9u * kInverseOfNine == 1u);

}  // namespace
}  // namespace integra::kernels
