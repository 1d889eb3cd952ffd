// Folded constants give the bits of OutputStage::Apply.
#include "kernels/folded_stage.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "kernels/avx2/folded_stage.h"
#include "kernels/avx512/folded_stage.h"
#include "kernels/isa.h"

namespace integra::kernels {
namespace {

int32_t ApplyFolded(const OutputStage& stage, VectorOutputStage::Form form,
                    const FoldedConstants& f, int64_t a) {
  int64_t high = 0;
  if (form == VectorOutputStage::Form::kFloor) {
    high = (a + f.d) * f.m >> 32;
  } else {
    const auto factor = static_cast<uint32_t>(a + f.d);
    const bool fits = f.m == 0 || factor == a + f.d;
    REQUIRE(fits);
    high = static_cast<int64_t>(uint64_t{factor} * f.m >> 32);
    high -= high < f.half ? 1 : 0;
  }
  REQUIRE(high == static_cast<int32_t>(high));
  const int32_t scaled = static_cast<int32_t>(high) >> f.shift;
  const int32_t packed = Clamp(scaled, -32768, 32767);
  return Clamp(Clamp(packed + stage.zero_point - f.n, -32768, 32767), stage.min, stage.max);
}

[[maybe_unused]] void CheckSteps(FoldConstantsFunction* fold) {
  std::mt19937 random(1);
  int folded = 0, all = 0;
  for (int trial = 0; trial < 4000; ++trial) {
    OutputStage stage;
    Multiplier f{static_cast<int32_t>((1 << 30) + random() % (1 << 30)),
                 static_cast<int32_t>(1 + random() % 31)};
    if (trial % 16 == 0) f.m = 1 << 30;
    if (trial % 64 == 1) f.m = static_cast<int32_t>(random() % 1000);
    if (trial % 32 == 2) f = {};
    stage.multipliers = {f};
    stage.zero_point = static_cast<int32_t>(trial % 3 == 0 ? 0 : random() % 256);
    stage.min = trial % 5 == 0 ? stage.zero_point : 0;
    stage.max = trial % 7 == 0 ? std::max(200, stage.min) : 255;
    if (trial % 2 == 0) stage.rounding = Rounding::kDouble;
    const int64_t largest = int64_t{1} << (10 + random() % 21);
    const VectorOutputStage exact(stage, {0}, PlainOrder(1, 16), largest);
    if (exact.form() == VectorOutputStage::Form::kScalar) continue;
    FoldedConstants constants;
    ++all;
    if (!fold(exact, &constants)) continue;
    ++folded;
    const auto check = [&](int64_t a) {
      a = Clamp(a, -largest, largest);
      if (stage.Apply(a, 0) == ApplyFolded(stage, exact.form(), constants, a)) return;
      FAIL_CHECK("m ", f.m, " s ", f.s, " sum ", a, " zero point ", stage.zero_point);
    };
    for (int i = 0; i < 200; ++i) {
      check(static_cast<int64_t>(random() % static_cast<uint64_t>(2 * largest)) - largest);
    }
    check(-largest);
    check(largest);
    // Both sides of every step: the first sum with the next result.
    for (int64_t low = -largest; low < largest;) {
      const int32_t y = stage.Apply(low, 0);
      int64_t same = low, other = largest + 1;
      while (other - same > 1) {
        const int64_t middle = same + (other - same) / 2;
        (stage.Apply(middle, 0) == y ? same : other) = middle;
      }
      check(same);
      check(other);
      low = other;
    }
  }
  CHECK(folded > all * 9 / 10);
}

TEST_CASE("folded constants: every step of the staircase") {
#ifdef __x86_64__  // elsewhere there are none
  if (DetectIsa() >= Isa::kAvx2) CheckSteps(avx2::FoldConstants);
  if (DetectIsa() >= Isa::kAvx512) CheckSteps(avx512::FoldConstants);
#endif
}

}  // namespace
}  // namespace integra::kernels
