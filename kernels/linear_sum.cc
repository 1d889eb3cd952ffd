#include "kernels/linear_sum.h"

#include <algorithm>
#include <cstdlib>
#include <limits>

namespace integra::kernels {
namespace {

constexpr int kLowBits = 15;
constexpr int64_t kLow = int64_t{1} << kLowBits;

// m_in / 2^(31+s_in) * 2^left_shift * m_out / 2^(31+s_out) in units of 2^-s, rounded.
int64_t Coefficient(const AddParams& p, int i, int s) {
  const int64_t product = int64_t{p.input[i].m} * p.output.m;  // below 2^62
  const int shift = 62 + p.input[i].s + p.output.s - p.left_shift - s;
  if (shift <= 0 || shift > 62) return shift > 62 ? 0 : std::numeric_limits<int64_t>::max();
  const int64_t magnitude = ((product >> (shift - 1)) + 1) >> 1;
  return p.subtract && i == 1 ? -magnitude : magnitude;
}

// What one operand gives to the sum, as three roundings have it and as one has it.
struct Operand {
  int64_t factor;      // in units of 2^-s
  int64_t terms[256];  // t_i, with its sign
  // Of factor * x less term * output in the same units, rounded up: exact values are less than 1
  // below.
  int64_t least_error = std::numeric_limits<int64_t>::max();
  int64_t most_error = std::numeric_limits<int64_t>::min();

  Operand(const AddParams& p, int i, int s) : factor(Coefficient(p, i, s)) {
    const int64_t one = int64_t{1} << p.left_shift;
    for (int64_t x = 0; x < 256; ++x) {
      const int64_t term = MultiplyDouble((x - p.zero[i]) * one, p.input[i]);
      terms[x] = p.subtract && i == 1 ? -term : term;
      const int64_t error = factor * x - (terms[x] * p.output.m >> (31 + p.output.s - s));
      least_error = std::min(least_error, error);
      most_error = std::max(most_error, error);
    }
  }
};

// The values of an operand by their part of the sum modulo 2^s.
class Residues {
 public:
  Residues(int64_t factor, int64_t start, int s) : shift_(s - kBits) {
    for (int16_t& x : first_) x = -1;
    for (int64_t x = 0; x < 256; ++x) {
      int16_t& first = first_[BucketOf(start + factor * x)];
      next_[x] = first;
      first = static_cast<int16_t>(x);
    }
  }

  // Calls f(x) for all x whose residue, modulo 2^s, is in [from, from + count), and for some
  // others.
  template <typename F>
  void ForEachNear(int64_t from, int64_t count, const F& f) const {
    const int64_t buckets = std::min<int64_t>((count >> shift_) + 2, kBuckets);
    for (int64_t i = 0; i < buckets; ++i) {
      const size_t bucket = (BucketOf(from) + static_cast<size_t>(i)) % kBuckets;
      for (int16_t x = first_[bucket]; x >= 0; x = next_[x]) f(x);
    }
  }

 private:
  static constexpr int kBits = 8;
  static constexpr size_t kBuckets = size_t{1} << kBits;

  size_t BucketOf(int64_t value) const { return static_cast<size_t>(value >> shift_) % kBuckets; }

  const int shift_;
  int16_t first_[kBuckets], next_[256];
};

}  // namespace

// Let v be what the three roundings give before the clamp, and x = (t_0 +- t_1) * output exactly.
// The last two of them make v = x + output_zero + e with |e| <= 1/2 + 2^-(s_out + 1), and how far
// a A + b B is from x is known operand by operand. So for C = `start`, which is in the middle of
// all these errors, q = a A + b B + C - (v << s) is in [-margin, 2^s + margin] for every pair. One
// rounding gives v where q is in [0, 2^s). If there is a C that meets all pairs then there is one
// no further than margin + 1 from `start`: up to there, it passes whatever is on either side. And
// for all of those a pair is met if q modulo 2^s, which does not depend on v, is at least 2 *
// margin + 2 away from 0. The pairs that are nearer are few, and each says what C may be.
std::optional<LinearSum> MakeLinearSum(const AddParams& p) {
  // The finest steps for which both coefficients have 16-bit upper halves.
  constexpr int64_t kLargest = int64_t{1} << 30;
  int s = kLowBits + 16;
  while (s >= kLowBits &&
         std::max(Coefficient(p, 0, s), std::abs(Coefficient(p, 1, s))) >= kLargest) {
    --s;
  }
  if (s < kLowBits || 31 + p.output.s < s) return std::nullopt;
  const Operand a(p, 0, s), b(p, 1, s);
  const int64_t unit = int64_t{1} << s;
  const int64_t least_error = a.least_error + b.least_error - 2;
  const int64_t most_error = a.most_error + b.most_error;
  const int64_t start =
      p.output_zero * unit + unit / 2 - (least_error + (most_error - least_error) / 2);
  const int64_t margin =
      (most_error - least_error) / 2 + 1 + (p.output.s > 0 ? (unit >> (p.output.s + 1)) + 1 : 0);

  int64_t lowest = start - margin - 1, highest = start + margin + 1;  // what C may be
  const int64_t near = 2 * margin + 2;
  const Residues residues(a.factor, start, s);
  for (int64_t x_b = 0; x_b < 256; ++x_b) {
    const int64_t part = b.factor * x_b;
    residues.ForEachNear(-part - near, 2 * near, [&](int64_t x_a) {
      const int64_t scaled = MultiplyDouble(a.terms[x_a] + b.terms[x_b], p.output) + p.output_zero;
      const int64_t y = Clamp<int64_t>(scaled, p.clamp_min, p.clamp_max);
      const int64_t first = y * unit - a.factor * x_a - part;
      if (y > p.clamp_min) lowest = std::max(lowest, first);
      if (y < p.clamp_max) highest = std::min(highest, first + unit - 1);
    });
  }
  if (lowest > highest) return std::nullopt;
  const int64_t c = lowest + (highest - lowest) / 2;
  if (std::abs(c) >= int64_t{1} << (kLowBits + 29)) return std::nullopt;
  LinearSum sum;
  sum.a_high = static_cast<int16_t>(a.factor >> kLowBits);
  sum.b_high = static_cast<int16_t>(b.factor >> kLowBits);
  sum.a_low = static_cast<int16_t>(a.factor & (kLow - 1));
  sum.b_low = static_cast<int16_t>(b.factor & (kLow - 1));
  sum.c_high = static_cast<int32_t>(c >> kLowBits);
  sum.c_low = static_cast<int32_t>(c & (kLow - 1));
  sum.shift = s - kLowBits;
  sum.min = static_cast<uint8_t>(p.clamp_min);
  sum.max = static_cast<uint8_t>(p.clamp_max);
  return sum;
}

void LinearSumRowReference(const LinearSum& sum, const uint8_t* a, const uint8_t* b, uint8_t* y,
                           int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const int32_t low = (a[i] * sum.a_low + b[i] * sum.b_low + sum.c_low) >> kLowBits;
    const int32_t value = (a[i] * sum.a_high + b[i] * sum.b_high + sum.c_high + low) >> sum.shift;
    y[i] = static_cast<uint8_t>(Clamp<int32_t>(value, sum.min, sum.max));
  }
}

LinearSumChoice ChooseLinearSumRow(Isa isa) {
#ifdef INTEGRA_X86
  if (isa >= Isa::kAvx512Vnni) return {LinearSumRowAvx512Vnni, "avx512_vnni"};
  if (isa >= Isa::kAvx512) return {LinearSumRowAvx512, "avx512"};
  if (isa >= Isa::kAvx2) return {LinearSumRowAvx2, "avx2"};
  if (isa >= Isa::kSse41) return {LinearSumRowSse41, "sse41"};
#endif
  (void)isa;
  return {LinearSumRowReference, "portable"};
}

}  // namespace integra::kernels
