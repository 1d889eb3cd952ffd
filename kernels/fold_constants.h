// The search for constants of a FoldedStage. Written once for several instruction sets: see
// channel_sums.h about how it is included. V is one's Vectors.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <optional>

#include "kernels/folded_stage.h"

namespace integra::kernels {
namespace {

constexpr int64_t kMostOffset = 4096;  // of n: the sums are packed to 16 bits before it goes

constexpr int64_t Modulo(int64_t a, int64_t m) {
  const int64_t rest = a % m;
  return rest < 0 ? rest + m : rest;
}

// The values x, x - step, x - 2 * step ... modulo m < 2^31, 16 at a time: hundreds of them are
// looked at for each channel of a network that is loaded.
template <typename V>
class Walk {
 public:
  using Vector = typename V::Vector;
  static constexpr int kLanes = 16;
  static constexpr int kOfVector = V::kBytes / 4;
  static constexpr int kVectors = kLanes / kOfVector;

  Walk(int64_t x, int64_t step, int64_t m) : m_(V::Set32(static_cast<int32_t>(m))) {
    for (Vector& lanes : lanes_) lanes = V::Set32(static_cast<int32_t>(x));
    // Lane i less i steps: those of its lowest bit, of the next one ...
    step_ = V::Set32(static_cast<int32_t>(step));
    for (int bit = 0; bit < 4; ++bit) {
      for (int v = 0; v < kVectors; ++v) {
        const Vector set = V::Load(kBits.lanes[bit] + v * kOfVector);
        lanes_[v] = Less(lanes_[v], V::And(step_, set));
      }
      step = 2 * step < m ? 2 * step : 2 * step - m;
      step_ = V::Set32(static_cast<int32_t>(step));
    }
  }

  void Advance() {
    for (Vector& lanes : lanes_) lanes = Less(lanes, step_);
  }
  const Vector (&lanes() const)[kVectors] { return lanes_; }

  // Bit i: value i is less than `limit`.
  unsigned Below(Vector limit) const {
    unsigned below = 0;
    for (int v = 0; v < kVectors; ++v) below |= V::MaskLess(lanes_[v], limit) << v * kOfVector;
    return below;
  }

  int64_t value(int i) const {
    int32_t values[kLanes];
    for (int v = 0; v < kVectors; ++v) V::Store(values + v * kOfVector, lanes_[v]);
    return values[i];
  }

 private:
  // All ones in the lanes whose number has the bit.
  struct Bits {
    alignas(64) int32_t lanes[4][kLanes] = {};
    constexpr Bits() {
      for (int bit = 0; bit < 4; ++bit) {
        for (int i = 0; i < kLanes; ++i) lanes[bit][i] = -(i >> bit & 1);
      }
    }
  };
  static constexpr Bits kBits = {};

  Vector Less(Vector x, Vector step) const {
    // A negative difference wraps around, and is the greater one of the two.
    const Vector less = V::Subtract(x, step);
    return V::MinUnsigned(less, V::Add(less, m_));
  }

  Vector lanes_[kVectors], step_, m_;  // step_: of kLanes values
};

// The least and the greatest of all values that a walk came by.
template <typename V>
class Extremes {
 public:
  Extremes() {
    for (auto& v : least_) v = V::Set32(-1);
    for (auto& v : most_) v = V::Set32(0);
  }

  void Add(const Walk<V>& walk) {
    for (int v = 0; v < Walk<V>::kVectors; ++v) {
      least_[v] = V::MinUnsigned(least_[v], walk.lanes()[v]);
      most_[v] = V::MaxUnsigned(most_[v], walk.lanes()[v]);
    }
  }

  int64_t Least() const {
    typename V::Vector least = least_[0];
    for (const auto& v : least_) least = V::MinUnsigned(least, v);
    uint32_t lanes[Walk<V>::kOfVector];
    V::Store(lanes, least);
    return *std::min_element(std::begin(lanes), std::end(lanes));
  }
  int64_t Most() const {
    typename V::Vector most = most_[0];
    for (const auto& v : most_) most = V::MaxUnsigned(most, v);
    uint32_t lanes[Walk<V>::kOfVector];
    V::Store(lanes, most);
    return *std::max_element(std::begin(lanes), std::end(lanes));
  }

 private:
  typename V::Vector least_[Walk<V>::kVectors], most_[Walk<V>::kVectors];
};

template <typename V>
std::optional<FoldedConstants> FindConstants(Multiplier f, const OutputStage& stage,
                                             int64_t largest) {
  const int64_t m = f.m;
  if (m < 0 || (m > 0 && f.s < 1) || largest >= (int64_t{1} << 31) - 1) return std::nullopt;
  if (m == 0) return FoldedConstants{};
  const bool twice = stage.rounding == Rounding::kDouble;
  const int64_t u = int64_t{1} << (31 + f.s);
  const int64_t c = (int64_t{1} << (30 + f.s)) + (twice ? int64_t{1} << 30 : 0);
  const auto value = [&](int64_t a) { return (a * m + c) >> (31 + f.s); };
  // The steps that sums reach, from a result of k - 1 to one of k, are at k in (lowest, highest].
  const int64_t least = stage.min - stage.zero_point, most = stage.max - stage.zero_point;
  const int64_t lowest = std::max(value(-largest - 1), least);
  const int64_t highest = std::min(value(largest + 1), most);
  if (lowest >= highest) {
    return FoldedConstants{0, 0, -static_cast<int32_t>(Clamp(value(0), least, most))};
  }
  // The first a with a result of k has a * m + c above k * u by less than m. What is added to c
  // must leave that so for every k: it is at least `low`, and below `low` + `width`.
  // (Up to 15 steps past the last one are looked at as well; the interval may be smaller for it.)
  const int64_t step = u % m;
  Extremes<V> extremes;
  Walk<V> above(Modulo(c - (lowest + 1) * u, m), step, m);
  for (int64_t k = lowest; k < highest; k += Walk<V>::kLanes, above.Advance()) extremes.Add(above);
  const int64_t smallest = extremes.Least(), greatest = extremes.Most();
  const int64_t low = -smallest, width = m - greatest + smallest;

  // What is missing from c + n * u + low to the next multiple of m, for n and -n.
  const int64_t missing = Modulo(-c - low, m);
  Walk<V> up(missing, step, m), down(missing, step > 0 ? m - step : 0, m);
  const int64_t most_offset = std::min(kMostOffset, (int64_t{1} << 61) / u);
  const auto limit = V::Set32(static_cast<int32_t>(width));
  for (int64_t n = 0; n <= most_offset; n += Walk<V>::kLanes, up.Advance(), down.Advance()) {
    const unsigned above_c = up.Below(limit), below_c = down.Below(limit);
    if ((above_c | below_c) == 0) continue;
    const int lane = std::countr_zero(above_c | below_c);
    if (n + lane > most_offset) break;
    const bool is_above = (above_c >> lane & 1) != 0;
    const int64_t rest = is_above ? up.value(lane) : down.value(lane);
    const int64_t offset = is_above ? n + lane : -n - lane;
    const int64_t d = (c + offset * u + low + rest) / m;
    if (std::abs(d) + largest >= (int64_t{1} << 31) - 1) break;
    return FoldedConstants{f.m, static_cast<int32_t>(d), static_cast<int32_t>(offset)};
  }
  return std::nullopt;
}

}  // namespace
}  // namespace integra::kernels
