#include "kernels/elementwise.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace integra::kernels {
namespace {

using Random = std::mt19937_64;

Multiplier RandomMultiplier(Random& random, int smallest_shift) {
  return {static_cast<int32_t>((int64_t{1} << 30) + random() % (int64_t{1} << 30)),
          smallest_shift + static_cast<int32_t>(random() % (21 - smallest_shift))};
}

AddParams RandomAdd(Random& random) {
  AddParams p;
  p.left_shift = 20;
  for (int i = 0; i < 2; ++i) {
    p.zero[i] = static_cast<int32_t>(random() % 256);
    p.input[i] = random() % 3 == 0 ? Multiplier{1 << 30, 0} : RandomMultiplier(random, 0);
  }
  p.output = RandomMultiplier(random, random() % 2 ? 16 : 1);
  p.output_zero = static_cast<int32_t>(random() % 256);
  p.clamp_min = random() % 2 ? 0 : p.output_zero;
  p.clamp_max = random() % 2 ? 255 : p.clamp_min + static_cast<int32_t>(random() % 2);
  p.clamp_max = std::min(p.clamp_max, 255);
  p.subtract = random() % 2 != 0;
  return p;
}

std::vector<uint8_t> RandomBytes(Random& random, int64_t count) {
  std::vector<uint8_t> bytes(static_cast<size_t>(count));
  for (uint8_t& b : bytes) {
    const auto pick = random() % 8;
    b = pick == 0 ? 0 : pick == 1 ? 255 : static_cast<uint8_t>(random());
  }
  return bytes;
}

MulParams RandomMul(Random& random) {
  const AddParams like = RandomAdd(random);
  MulParams p;
  p.zero[0] = like.zero[0];
  p.zero[1] = like.zero[1];
  p.output = RandomMultiplier(random, random() % 2 ? 6 : 1);
  if (random() % 2) p.output.s = std::min(p.output.s, 10);
  p.output_zero = like.output_zero;
  p.clamp_min = like.clamp_min;
  p.clamp_max = like.clamp_max;
  return p;
}

// Rows of any length, of whole operands and single values.
template <typename Params, typename Row>
void CheckRow(Random& random, const Params& p, Row reference,
              const std::vector<std::pair<Isa, Row>>& kernels) {
  const int64_t count = random() % 7 == 0 ? 256 + static_cast<int64_t>(random() % 200)
                                          : static_cast<int64_t>(random() % 140);
  const int64_t a_step = random() % 4 != 0, b_step = random() % 4 != 0;
  const auto a = RandomBytes(random, a_step ? std::max<int64_t>(count, 1) : 1);
  const auto b = RandomBytes(random, b_step ? std::max<int64_t>(count, 1) : 1);
  std::vector<uint8_t> want(static_cast<size_t>(count) + 1, 77), got;
  reference(p, a.data(), a_step, b.data(), b_step, want.data(), count);
  for (const auto& [isa, kernel] : kernels) {
    if (isa > DetectIsa()) continue;
    got.assign(want.size(), 77);
    kernel(p, a.data(), a_step, b.data(), b_step, got.data(), count);
    const char* const name = NameOf(isa);
    CAPTURE(name);
    CAPTURE(count);
    CHECK(got == want);
  }
}

template <typename Params, typename Row>
void CheckEveryPair(const Params& p, Row reference, Row kernel) {
  std::vector<uint8_t> every(256), want(256), got(256);
  for (int i = 0; i < 256; ++i) every[static_cast<size_t>(i)] = static_cast<uint8_t>(i);
  for (const uint8_t value : every) {
    reference(p, every.data(), 1, &value, 0, want.data(), 256);
    kernel(p, every.data(), 1, &value, 0, got.data(), 256);
    CHECK(got == want);
  }
}

TEST_CASE("vector add and multiply equal the reference") {
  Random random(2);
  std::vector<std::pair<Isa, AddRow<uint8_t>>> adds;
  std::vector<std::pair<Isa, MulRow<uint8_t>>> muls;
#if defined(__x86_64__)
  adds = {{Isa::kSse41, AddRowSse41}, {Isa::kAvx2, AddRowAvx2}, {Isa::kAvx512, AddRowAvx512}};
  muls = {{Isa::kSse41, MulRowSse41}, {Isa::kAvx2, MulRowAvx2}, {Isa::kAvx512, MulRowAvx512}};
#endif
  for (int round = 0; round < 3000; ++round) {
    const AddParams add = RandomAdd(random);
    REQUIRE(VectorAddAccepts(add));
    CheckRow<AddParams, AddRow<uint8_t>>(random, add, AddRowReference<uint8_t>, adds);
    const MulParams mul = RandomMul(random);
    REQUIRE(VectorMulAccepts(mul));
    CheckRow<MulParams, MulRow<uint8_t>>(random, mul, MulRowReference<uint8_t>, muls);
  }
}

TEST_CASE("vector add and multiply equal the reference for every pair of operands") {
  Random random(3);
  for (int round = 0; round < 20; ++round) {
    const AddParams add = RandomAdd(random);
    CheckEveryPair<AddParams, AddRow<uint8_t>>(add, AddRowReference<uint8_t>,
                                               ChooseAddRow(add, DetectIsa()).row);
    const MulParams mul = RandomMul(random);
    CheckEveryPair<MulParams, MulRow<uint8_t>>(mul, MulRowReference<uint8_t>,
                                               ChooseMulRow(mul, DetectIsa()).row);
  }
}

TEST_CASE("parameters outside of the vector kernels' range get the reference") {
  AddParams p;
  p.left_shift = 20;
  p.input[0] = p.input[1] = {1 << 30, 0};
  p.output = {1 << 30, 0};
  CHECK_FALSE(VectorAddAccepts(p));
  CHECK(ChooseAddRow(p, DetectIsa()).name == std::string("reference"));
  p.output.s = 21;
  CHECK_FALSE(VectorAddAccepts(p));

  MulParams mul;
  mul.output = {1 << 30, 0};
  CHECK_FALSE(VectorMulAccepts(mul));
  CHECK(ChooseMulRow(mul, DetectIsa()).name == std::string("reference"));
  mul.output.s = 1;
  CHECK(VectorMulAccepts(mul));
  mul.rounding = Rounding::kSingle;
  CHECK_FALSE(VectorMulAccepts(mul));
}

template <typename T>
T One(IntegerOp op, T a, T b) {
  T y = 99;
  ChooseIntegerRow<T>(op)(&a, 1, &b, 1, std::numeric_limits<T>::min(),
                          std::numeric_limits<T>::max(), &y, 1);
  return y;
}

TEST_CASE("integer arithmetic wraps around and never traps") {
  constexpr int32_t kLow = std::numeric_limits<int32_t>::min();
  constexpr int32_t kHigh = std::numeric_limits<int32_t>::max();
  CHECK(One<int32_t>(IntegerOp::kAdd, kHigh, 1) == kLow);
  CHECK(One<int32_t>(IntegerOp::kSub, kLow, 1) == kHigh);
  CHECK(One<int32_t>(IntegerOp::kMul, 1 << 20, 1 << 12) == 0);
  CHECK(One<int64_t>(IntegerOp::kMul, int64_t{1} << 40, 1 << 10) == int64_t{1} << 50);
  CHECK(One<int32_t>(IntegerOp::kFloorDiv, 7, 2) == 3);
  CHECK(One<int32_t>(IntegerOp::kFloorDiv, -7, 2) == -4);
  CHECK(One<int32_t>(IntegerOp::kFloorDiv, 7, -2) == -4);
  CHECK(One<int32_t>(IntegerOp::kFloorDiv, -8, 2) == -4);
  CHECK(One<int32_t>(IntegerOp::kFloorDiv, 5, 0) == 0);
  CHECK(One<int32_t>(IntegerOp::kFloorDiv, kLow, -1) == 0);
  CHECK(One<uint8_t>(IntegerOp::kMaximum, 200, 100) == 200);
  CHECK(One<int16_t>(IntegerOp::kMinimum, -5, 3) == -5);
}

}  // namespace
}  // namespace integra::kernels
