#include "kernels/linear_sum.h"

#include <doctest/doctest.h>

#include <algorithm>
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

TEST_CASE("linear sum: every pair of operands gives the three roundings' bits") {
  Random random(7);
  std::vector<uint8_t> a(65536), b(65536), want(65536), got(65536);
  for (size_t i = 0; i < a.size(); ++i) {
    a[i] = static_cast<uint8_t>(i);
    b[i] = static_cast<uint8_t>(i / 256);
  }
  int found = 0;
  for (int round = 0; round < 12; ++round) {
    const AddParams p = RandomSum(random);
    const auto sum = MakeLinearSum(p, AddRowReference<uint8_t>);
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
  const auto sum = MakeLinearSum(RandomSum(random), AddRowReference<uint8_t>);
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
  CHECK_FALSE(MakeLinearSum(p, AddRowReference<uint8_t>).has_value());
}

}  // namespace
}  // namespace integra::kernels
