#include "kernels/linear_sum.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <random>
#include <vector>

namespace integra::kernels {
namespace {

using Random = std::mt19937_64;

Multiplier Factor(Random& random, int smallest_shift, int largest_shift) {
  return {static_cast<int32_t>((int64_t{1} << 30) + random() % (int64_t{1} << 30)),
          smallest_shift + static_cast<int32_t>(random() % (largest_shift - smallest_shift + 1))};
}

// As networks have it: one input's factor is 1/2, the output's step is near the larger input's.
AddParams RandomSum(Random& random) {
  AddParams p;
  p.left_shift = 20;
  for (int32_t& zero : p.zero) zero = static_cast<int32_t>(random() % 256);
  p.input[0] = {1 << 30, 0};
  p.input[1] = Factor(random, 1, 4);
  if (random() % 2 != 0) std::swap(p.input[0], p.input[1]);
  p.output = Factor(random, 18, 20);
  p.output_zero = static_cast<int32_t>(random() % 256);
  p.clamp_min = random() % 2 != 0 ? 0 : p.output_zero;
  p.clamp_max = 255;
  p.subtract = random() % 2 != 0;
  return p;
}

std::vector<LinearSumRow> Rows() {
  std::vector<LinearSumRow> rows = {LinearSumRowReference};
#if defined(__x86_64__)
  if (DetectIsa() >= Isa::kSse41) rows.push_back(LinearSumRowSse41);
  if (DetectIsa() >= Isa::kAvx2) rows.push_back(LinearSumRowAvx2);
  if (DetectIsa() >= Isa::kAvx512) rows.push_back(LinearSumRowAvx512);
  if (DetectIsa() >= Isa::kAvx512Vnni) rows.push_back(LinearSumRowAvx512Vnni);
#endif
  return rows;
}

// Sums of any kind, factors that divide powers of two and such that do not, much and little
// clamped.
AddParams AnySum(Random& random) {
  AddParams p;
  p.left_shift = random() % 4 != 0 ? 20 : static_cast<int32_t>(random() % 21);
  for (int32_t& zero : p.zero) zero = static_cast<int32_t>(random() % 256);
  for (Multiplier& f : p.input) {
    f = Factor(random, 0, random() % 2 != 0 ? 3 : 12);
    if (random() % 4 == 0) f.m = 1 << 30;
    if (random() % 32 == 0) f = {};
  }
  const int near = p.left_shift - static_cast<int>(random() % 4);
  p.output = Factor(random, near, near + static_cast<int>(random() % 8));
  if (random() % 4 == 0) p.output.m = 1 << 30;
  p.output_zero = static_cast<int32_t>(random() % 256);
  p.clamp_min = random() % 2 != 0 ? 0 : static_cast<int32_t>(random() % 200);
  p.clamp_max =
      random() % 2 != 0 ? 255 : p.clamp_min + static_cast<int32_t>(random() % (256 - p.clamp_min));
  p.subtract = random() % 2 != 0;
  return p;
}

// Every pair of operands once, the first one changing faster.
struct Pairs {
  std::vector<uint8_t> a, b;
};
Pairs AllPairs() {
  Pairs pairs;
  for (size_t i = 0; i < 65536; ++i) {
    pairs.a.push_back(static_cast<uint8_t>(i));
    pairs.b.push_back(static_cast<uint8_t>(i / 256));
  }
  return pairs;
}

// Whether there is a C, with the factors in units of 2^-s, that meets all pairs.
bool OneRoundingMeetsAll(const AddParams& p, const std::vector<uint8_t>& exact, int64_t a_factor,
                         int64_t b_factor, int s) {
  int64_t lowest = std::numeric_limits<int64_t>::min();
  int64_t highest = std::numeric_limits<int64_t>::max();
  for (int64_t i = 0; i < 65536; ++i) {
    const int64_t y = exact[static_cast<size_t>(i)];
    const int64_t start = (y << s) - i % 256 * a_factor - i / 256 * b_factor;
    if (y > p.clamp_min) lowest = std::max(lowest, start);
    if (y < p.clamp_max) highest = std::min(highest, start + (int64_t{1} << s) - 1);
  }
  return lowest <= highest;
}

// The same as in MakeLinearSum, in other words.
int64_t FactorOf(const AddParams& p, int i, int s) {
  const int shift = 62 + p.input[i].s + p.output.s - p.left_shift - s;
  if (shift <= 0) return int64_t{1} << 62;
  const int64_t product = int64_t{p.input[i].m} * p.output.m;
  const int64_t factor = shift > 62 ? 0 : (product + (int64_t{1} << (shift - 1))) >> shift;
  return i == 1 && p.subtract ? -factor : factor;
}

TEST_CASE("linear sum: found wherever there is one, and right for every pair") {
  Random random(9);
  const auto [a, b] = AllPairs();
  std::vector<uint8_t> exact(65536), got(65536);
  int found = 0, none = 0;
  for (int round = 0; round < 600; ++round) {
    CAPTURE(round);
    const AddParams p = AnySum(random);
    AddRowReference(p, a.data(), 1, b.data(), 1, exact.data(), 65536);
    const auto sum = MakeLinearSum(p);
    if (sum) {
      ++found;
      LinearSumRowReference(*sum, a.data(), b.data(), got.data(), 65536);
      CHECK(got == exact);
      continue;
    }
    int s = 31;
    const auto fits = [&](int i) { return std::abs(FactorOf(p, i, s)) < int64_t{1} << 30; };
    while (s >= 15 && !(fits(0) && fits(1))) --s;
    if (s < 15 || 31 + p.output.s < s) continue;
    ++none;
    CHECK_FALSE(OneRoundingMeetsAll(p, exact, FactorOf(p, 0, s), FactorOf(p, 1, s), s));
  }
  CHECK(found > 100);
  CHECK(none > 50);
}

TEST_CASE("linear sum: every pair of operands gives the three roundings' bits") {
  Random random(7);
  const auto [a, b] = AllPairs();
  std::vector<uint8_t> want(65536), got(65536);
  int found = 0;
  for (int round = 0; round < 12; ++round) {
    const AddParams p = RandomSum(random);
    const auto sum = MakeLinearSum(p);
    if (!sum) continue;
    ++found;
    AddRowReference(p, a.data(), 1, b.data(), 1, want.data(), 65536);
    for (const LinearSumRow row : Rows()) {
      row(*sum, a.data(), b.data(), got.data(), 65536);
      CAPTURE(round);
      CHECK(got == want);
    }
  }
  CHECK(found > 6);  // nearly all, else it is of no use
}

TEST_CASE("linear sum: rows of any length") {
  Random random(8);
  const auto sum = MakeLinearSum(RandomSum(random));
  REQUIRE(sum.has_value());
  std::vector<uint8_t> a(300), b(300);
  for (uint8_t& x : a) x = static_cast<uint8_t>(random());
  for (uint8_t& x : b) x = static_cast<uint8_t>(random());
  for (int64_t count = 0; count < 200; ++count) {
    std::vector<uint8_t> want(static_cast<size_t>(count) + 1, 77);
    LinearSumRowReference(*sum, a.data(), b.data(), want.data(), count);
    for (const LinearSumRow row : Rows()) {
      std::vector<uint8_t> got(want.size(), 77);
      row(*sum, a.data(), b.data(), got.data(), count);
      CAPTURE(count);
      CHECK(got == want);
    }
  }
}

TEST_CASE("linear sum: sums that one rounding cannot give are refused") {
  AddParams p;
  p.left_shift = 20;
  p.input[0] = p.input[1] = {1 << 30, 0};
  p.output = {1 << 30, 20};  // (a + b) / 4 with ties: halves go away from zero on both sides
  p.zero[0] = p.zero[1] = 128;
  p.output_zero = 128;
  p.clamp_max = 255;
  CHECK_FALSE(MakeLinearSum(p).has_value());
}

}  // namespace
}  // namespace integra::kernels
