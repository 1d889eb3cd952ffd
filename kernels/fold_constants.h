// The search for constants of a FoldedStage. Written once for several instruction sets: see
// channel_sums.h about how it is included. V is one's Vectors.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <optional>

#include "kernels/folded_stage.h"

namespace integra::kernels {
namespace {

constexpr int64_t kMostOffset = 4096;  // of n: the sums are packed to 16 bits before it goes

// Sums and differences modulo m < 2^31 of values in [0, m).
template <typename V>
class Residues {
 public:
  using Vector = typename V::Vector;

  explicit Residues(int64_t m) : m_(V::Set32(static_cast<int32_t>(m))) {}

  // Of a sum and the sum less m the right one is less: a negative difference wraps around.
  Vector Add(Vector a, Vector b) const {
    const Vector sum = V::Add(a, b);
    return V::MinUnsigned(sum, V::Subtract(sum, m_));
  }
  Vector Subtract(Vector a, Vector b) const {
    const Vector difference = V::Subtract(a, b);
    return V::MinUnsigned(difference, V::Add(difference, m_));
  }

 private:
  Vector m_;
};

// The multiples 0, step, 2 * step ... modulo m, and from there on as many more at a time: hundreds
// of them are looked at for each channel of a network that is loaded.
template <typename V>
struct Multiples {
  using Vector = typename V::Vector;
  static constexpr int kCount = 64;
  static constexpr int kOfVector = V::kBytes / 4;
  static constexpr int kVectors = kCount / kOfVector;

  Multiples(int64_t step, const Residues<V>& residues) {
    all = V::Set32(static_cast<int32_t>(step));
    // Lane i is i steps: those of its lowest bit, of the next one ...
    first[0] = V::Set32(0);
    for (int bit = 0; 1 << bit < kOfVector; ++bit) {
      first[0] = residues.Add(first[0], V::And(all, V::Load(kBits.lanes[bit])));
      all = residues.Add(all, all);
    }
    for (int half = 1; half < kVectors; half *= 2) {
      for (int v = 0; v < half; ++v) first[half + v] = residues.Add(first[v], all);
      all = residues.Add(all, all);
    }
  }

  Vector first[kVectors];
  Vector all;  // kCount steps, in each lane

 private:
  // All ones in the lanes whose number has the bit.
  struct Bits {
    alignas(64) int32_t lanes[4][kOfVector] = {};
    constexpr Bits() {
      for (int bit = 0; bit < 4; ++bit) {
        for (int i = 0; i < kOfVector; ++i) lanes[bit][i] = -(i >> bit & 1);
      }
    }
  };
  static constexpr Bits kBits = {};
};

struct Extremes {
  int64_t least, most;
};

// Of x, x - step, x - 2 * step ..., at least `count` of them.
template <typename V>
Extremes ExtremesOf(int64_t x, const Multiples<V>& steps, int64_t count,
                    const Residues<V>& residues) {
  using Vector = typename V::Vector;
  Vector least = V::Set32(-1), most = V::Set32(0), lanes[Multiples<V>::kVectors];
  for (int v = 0; v < Multiples<V>::kVectors; ++v) {
    lanes[v] = residues.Subtract(V::Set32(static_cast<int32_t>(x)), steps.first[v]);
  }
  for (;;) {
    for (const Vector& v : lanes) {
      least = V::MinUnsigned(least, v);
      most = V::MaxUnsigned(most, v);
    }
    count -= Multiples<V>::kCount;
    if (count <= 0) return {V::LeastUnsigned(least), V::MostUnsigned(most)};
    for (Vector& v : lanes) v = residues.Subtract(v, steps.all);
  }
}

// The n of the least absolute value, at most `most`, for which x - n * step is less than `limit`.
template <typename V>
std::optional<int64_t> FirstBelow(int64_t limit, int64_t x, const Multiples<V>& steps, int64_t most,
                                  const Residues<V>& residues) {
  using M = Multiples<V>;
  using Vector = typename V::Vector;
  const Vector start = V::Set32(static_cast<int32_t>(x));
  const Vector below = V::Set32(static_cast<int32_t>(limit));
  Vector up[M::kVectors], down[M::kVectors];
  for (int v = 0; v < M::kVectors; ++v) {
    up[v] = residues.Subtract(start, steps.first[v]);
    down[v] = residues.Add(start, steps.first[v]);
  }
  for (int64_t n = 0;; n += M::kCount) {
    uint64_t ups = 0, downs = 0;  // bit i: n + i will do, and -n - i
    for (int v = 0; v < M::kVectors; ++v) {
      ups |= uint64_t{V::MaskLess(up[v], below)} << v * M::kOfVector;
      downs |= uint64_t{V::MaskLess(down[v], below)} << v * M::kOfVector;
    }
    if ((ups | downs) != 0) {
      const int i = std::countr_zero(ups | downs);
      if (n + i > most) return std::nullopt;
      return (ups >> i & 1) != 0 ? n + i : -n - i;
    }
    if (n + M::kCount > most) return std::nullopt;
    for (Vector& v : up) v = residues.Subtract(v, steps.all);
    for (Vector& v : down) v = residues.Add(v, steps.all);
  }
}

template <typename V>
std::optional<FoldedConstants> FindConstants(Multiplier f, const OutputStage& stage,
                                             int64_t largest) {
  const int64_t m = f.m;
  if (m < 0 || (m > 0 && f.s < 1) || largest >= (int64_t{1} << 31) - 1) return std::nullopt;
  if (m == 0) return FoldedConstants{};
  const int64_t u = int64_t{1} << (31 + f.s);
  const int64_t half = stage.rounding == Rounding::kDouble ? int64_t{1} << 30 : 0;
  const int64_t c = u / 2 + half;
  const auto value = [&](int64_t a) { return (a * m + c) >> (31 + f.s); };
  // The steps that sums reach, from a result of k - 1 to one of k, are at k in (lowest, highest].
  const int64_t least = stage.min - stage.zero_point, most = stage.max - stage.zero_point;
  const int64_t lowest = std::max(value(-largest - 1), least);
  const int64_t highest = std::min(value(largest + 1), most);
  if (lowest >= highest) {
    return FoldedConstants{0, 0, -static_cast<int32_t>(Clamp(value(0), least, most))};
  }
  const Residues<V> residues(m);
  const int64_t c_rest = c % m, step = u % m;
  const Multiples<V> steps(step, residues);
  // The first a with a result of k has a * m + c above k * u by less than m. What is added to c
  // must leave that so for every k: it is at least `low`, and below `low` + `width`.
  // (Some steps past the last one are looked at as well; the interval may be smaller for it.)
  const int64_t above = (c_rest - (lowest + 1) * step) % m;
  const Extremes extremes =
      ExtremesOf(above < 0 ? above + m : above, steps, highest - lowest, residues);
  const int64_t low = -extremes.least, width = m - extremes.most + extremes.least;

  // What is missing from c + n * u + low to the next multiple of m is less than `width`.
  const int64_t missing = extremes.least - c_rest;
  const auto n = FirstBelow(width, missing < 0 ? missing + m : missing, steps,
                            std::min(kMostOffset, (int64_t{1} << 61) / u), residues);
  if (!n) return std::nullopt;
  const int64_t product = c + *n * u + low;
  const int64_t d = product / m + (product % m > 0 ? 1 : 0);
  if (std::abs(d) + largest >= (int64_t{1} << 31) - 1) return std::nullopt;
  return FoldedConstants{f.m, static_cast<int32_t>(d), static_cast<int32_t>(*n)};
}

}  // namespace
}  // namespace integra::kernels
