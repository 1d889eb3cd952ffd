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

}  // namespace

std::optional<LinearSum> MakeLinearSum(const AddParams& p, AddRow<uint8_t> exact) {
  // The finest steps for which both coefficients have 16-bit upper halves.
  constexpr int64_t kLargest = int64_t{1} << 30;
  int s = kLowBits + 16;
  while (s >= kLowBits &&
         std::max(Coefficient(p, 0, s), std::abs(Coefficient(p, 1, s))) >= kLargest) {
    --s;
  }
  if (s < kLowBits) return std::nullopt;
  const int64_t a_factor = Coefficient(p, 0, s), b_factor = Coefficient(p, 1, s);
  int64_t lowest = std::numeric_limits<int64_t>::min();  // what C may be
  int64_t highest = std::numeric_limits<int64_t>::max();
  uint8_t every[256], y[256];
  for (int i = 0; i < 256; ++i) every[i] = static_cast<uint8_t>(i);
  for (int b = 0; b < 256; ++b) {
    exact(p, every, 1, every + b, 0, y, 256);
    for (int a = 0; a < 256; ++a) {
      const int64_t start = (int64_t{y[a]} << s) - a * a_factor - b * b_factor;
      if (y[a] > p.clamp_min) lowest = std::max(lowest, start);
      if (y[a] < p.clamp_max) highest = std::min(highest, start + (int64_t{1} << s) - 1);
    }
  }
  if (lowest > highest) return std::nullopt;
  // Where the clamp hides one side, stay close to the other.
  constexpr int64_t kNone = int64_t{1} << 50;
  const int64_t c = lowest < -kNone   ? (highest > kNone ? 0 : highest)
                    : highest > kNone ? lowest
                                      : lowest + (highest - lowest) / 2;
  if (std::abs(c) >= int64_t{1} << (kLowBits + 29)) return std::nullopt;
  LinearSum sum;
  sum.a_high = static_cast<int16_t>(a_factor >> kLowBits);
  sum.b_high = static_cast<int16_t>(b_factor >> kLowBits);
  sum.a_low = static_cast<int16_t>(a_factor & (kLow - 1));
  sum.b_low = static_cast<int16_t>(b_factor & (kLow - 1));
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
