// The search for constants of a FoldedStage. Written once for several instruction sets: see
// channel_sums.h about how it is included. V is one's Vectors.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <vector>

#include "kernels/folded_stage.h"

namespace integra::kernels {
namespace {

// Of n: the sums are packed to 16 bits before it goes, and 255 steps are above it.
constexpr int64_t kMostOffset = 4096, kMostTwoStepOffset = INT16_MAX - 255;

// Sums and differences modulo m < 2^31 of values in [0, m).
template <typename V>
class Residues {
 public:
  using Vector = typename V::Vector;

  Residues() = default;
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
  static constexpr int kOfVector = V::kBytes / 4;
  static constexpr int kVectors = 4;
  static constexpr int kCount = kVectors * kOfVector;  // at most 64

  Multiples() = default;
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

// The search for one channel, in two parts.
template <typename V>
class FoldSearch {
 public:
  // Finds what may be added to c; false where nothing can be folded. For |a| <= largest.
  bool Prepare(Multiplier f, const OutputStage& stage, VectorOutputStage::Form form,
               int64_t largest) {
    if (f.m < 0 || (f.m > 0 && f.s < 1) || largest >= kMostSum) return false;
    m_ = f.m;
    s_ = f.s;
    two_steps_ = form == VectorOutputStage::Form::kTwoStep;
    u_ = int64_t{1} << (31 + f.s);
    c_ = u_ / 2 + (stage.rounding == Rounding::kDouble ? int64_t{1} << 30 : 0);
    largest_ = largest;
    const auto value = [&](int64_t a) { return (a * m_ + c_) >> (31 + f.s); };
    // The steps that sums reach, from a result of k - 1 to one of k, are at k in (lowest, highest].
    const int64_t least = stage.min - stage.zero_point, most = stage.max - stage.zero_point;
    // (Of two roundings, a negative result may be one less.)
    const int64_t lowest = std::max(value(-largest - 1) - (two_steps_ ? 1 : 0), least);
    const int64_t highest = std::min(value(largest + 1), most);
    only_ = m_ == 0 ? 0 : Clamp(value(0), least, most);
    width_ = 0;
    if (m_ == 0 || lowest >= highest) return true;
    residues_ = Residues<V>(m_);
    steps_ = Multiples<V>(u_ % m_, residues_);
    // The first a with a result of k has a * m + c above k * u by less than m. What is added to c
    // must leave that so for every k: it is at least `low`, and below `low` + `width`. Of two
    // roundings, c is less by a unit before the shift where k is not positive.
    Extremes extremes = {m_, 0};
    const int64_t middle = two_steps_ ? Clamp<int64_t>(0, lowest, highest) : lowest;
    if (lowest < middle) extremes = AboveSteps(c_ - (int64_t{1} << 31), lowest, middle);
    if (middle < highest) {
      const Extremes others = AboveSteps(c_, middle, highest);
      extremes.least = std::min(extremes.least, others.least);
      extremes.most = std::max(extremes.most, others.most);
    }
    low_ = -extremes.least;
    width_ = m_ - extremes.most + extremes.least;
    // From c + low to the next multiple of m.
    missing_ = Positive(extremes.least - c_ % m_);
    return true;
  }

  std::optional<FoldedConstants> Find() const {
    if (width_ == 0) return FoldedConstants{.n = -static_cast<int32_t>(only_)};
    // Of n. Two steps need one for which a + d is not negative.
    const int64_t most =
        std::min(two_steps_ ? kMostTwoStepOffset : kMostOffset, (int64_t{1} << 61) / u_);
    const int64_t least = two_steps_ ? largest_ * m_ / u_ + 1 : -most;
    if (least > most) return std::nullopt;
    const int64_t middle = (least + most) / 2;
    // What is missing from c + n * u + low to the next multiple is to be less than `width`.
    const int64_t missing = Positive((missing_ - middle * (u_ % m_)) % m_);
    const auto found = FirstBelow(width_, missing, steps_, (most - least) / 2, residues_);
    if (!found) return std::nullopt;
    const int64_t n = middle + *found;
    const int64_t product = c_ + n * u_ + low_;
    const int64_t d = product / m_ + (product % m_ > 0 ? 1 : 0);
    FoldedConstants folded{.m = static_cast<uint32_t>(m_),
                           .d = d,
                           .n = static_cast<int32_t>(n),
                           .shift = static_cast<int32_t>(s_) - 1};
    if (!two_steps_) {
      if (std::abs(d) + largest_ >= kMostSum) return std::nullopt;
      return folded;
    }
    // a + d is a factor of 32 bits, and upper halves stay below 2^31.
    const int64_t half = (n << s_) + (int64_t{1} << s_ >> 1);
    const int64_t below = std::min(int64_t{1} << 32, (int64_t{1} << 62) / m_);
    if (d < largest_ || d + largest_ >= below || half > INT32_MAX) return std::nullopt;
    folded.m *= 2;
    folded.shift += 1;
    folded.half = static_cast<int32_t>(half);
    return folded;
  }

 private:
  static constexpr int64_t kMostSum = (int64_t{1} << 31) - 1;

  // Of x in (-m, m).
  int64_t Positive(int64_t x) const { return x < 0 ? x + m_ : x; }

  // By how much the first sum with a result of k is above k * u, where `c` is added to its product;
  // for all k in (from, to]. (And some past the last one: the interval may be smaller for it.)
  Extremes AboveSteps(int64_t c, int64_t from, int64_t to) const {
    const int64_t first = Positive((c % m_ - (from + 1) * (u_ % m_)) % m_);
    return ExtremesOf(first, steps_, to - from, residues_);
  }

  int64_t m_, s_, u_, c_, largest_;
  bool two_steps_;
  int64_t only_;  // the only result, where `width` is 0
  int64_t low_, width_, missing_;
  Residues<V> residues_;
  Multiples<V> steps_;
};

// A FoldConstantsFunction. The second part ends where the processor does not expect it; the first
// parts of many channels, which it can foresee, run side by side before.
template <typename V>
bool FindConstants(const VectorOutputStage& stage, FoldedConstants* folded) {
  constexpr size_t kAtOnce = 16;
  const OutputStage& exact = stage.stage();
  const std::vector<int32_t>& addends = stage.addends();
  FoldSearch<V> searches[kAtOnce];
  for (size_t first = 0; first < addends.size(); first += kAtOnce) {
    const size_t count = std::min(kAtOnce, addends.size() - first);
    for (size_t i = 0; i < count; ++i) {
      const int64_t largest = stage.largest_sum() + std::abs(int64_t{addends[first + i]});
      const Multiplier f = exact.multiplier(static_cast<int64_t>(first + i));
      if (!searches[i].Prepare(f, exact, stage.form(), largest)) return false;
    }
    for (size_t i = 0; i < count; ++i) {
      const std::optional<FoldedConstants> found = searches[i].Find();
      if (!found) return false;
      folded[first + i] = *found;
    }
  }
  return true;
}

}  // namespace
}  // namespace integra::kernels
