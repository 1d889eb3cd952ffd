// The output stage of every instruction set equals its specification, over all shifts and up to the
// largest sums that each of its forms allows.
#include "kernels/requantize.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <set>
#include <vector>

#include "base/buffer.h"

namespace integra::kernels {
namespace {

using Random = std::mt19937_64;

constexpr int64_t kRows = 9, kChannels = 37, kStride = 48;

int32_t Within(Random& random, int64_t largest) {
  const auto any = static_cast<int64_t>(random() % static_cast<uint64_t>(2 * largest + 1));
  return static_cast<int32_t>(any - largest);
}

// Random ones, and rows of the extremes and of what lies about zero.
std::vector<int32_t> Sums(Random& random, int64_t largest) {
  std::vector<int32_t> sums(kRows * kStride + kReadPadding);
  for (int32_t& sum : sums) sum = Within(random, largest);
  for (int64_t j = 0; j < kStride; ++j) {
    sums[static_cast<size_t>(j)] = static_cast<int32_t>(j % 2 != 0 ? largest : -largest);
    sums[static_cast<size_t>(kStride + j)] =
        static_cast<int32_t>(std::clamp<int64_t>(j % 5 - 2, -largest, largest));
  }
  return sums;
}

// Shifts of `shift`, or some of them, with multipliers at the ends of their range, too.
OutputStage StageOf(Random& random, int shift, Rounding rounding, bool is_relu) {
  OutputStage stage;
  stage.rounding = rounding;
  stage.zero_point = static_cast<int32_t>(random() % 256);
  if (is_relu) stage.min = stage.zero_point;
  const bool mixed = random() % 2 != 0;
  for (int64_t i = 0; i < kChannels; ++i) {
    Multiplier f{static_cast<int32_t>((int64_t{1} << 30) + random() % (int64_t{1} << 30)), shift};
    if (i % 4 == 0) f.m = i % 8 == 0 ? 1 << 30 : 0x7FFFFFFF;
    if (mixed && i % 3 == 0) f.s = shift + static_cast<int>(random() % (kMaxShift + 1 - shift));
    if (random() % 16 == 0) f = {};
    stage.multipliers.push_back(f);
  }
  return stage;
}

TEST_CASE("requantization: every level equals the specification at every shift") {
  Random random(5);
  std::set<VectorOutputStage::Form> forms;
  for (int shift = kMinShift; shift <= kMaxShift; ++shift) {
    for (const auto rounding : {Rounding::kSingle, Rounding::kDouble}) {
      for (const bool is_relu : {false, true}) {
        for (int bits = 0; bits <= 31; ++bits) {
          const int64_t largest = (int64_t{1} << bits) - 1;
          std::vector<int32_t> addends(kChannels);
          for (int32_t& addend : addends) addend = Within(random, largest / 4);
          const VectorOutputStage stage(StageOf(random, shift, rounding, is_relu), addends,
                                        PlainOrder(kChannels, 16), largest - largest / 4);
          forms.insert(stage.form());
          const auto sums = Sums(random, largest - largest / 4);
          std::vector<uint8_t> expected(kRows * kChannels), found(kRows * kChannels);
          const auto run = [&](RequantizeFunction f, std::vector<uint8_t>& y) {
            f(stage, 0, sums.data(), kStride, kRows, kChannels, nullptr, y.data(), kChannels);
          };
          run(reference::Requantize, expected);
          for (int isa = 0; isa <= static_cast<int>(DetectIsa()); ++isa) {
            run(ChooseRequantize(static_cast<Isa>(isa)), found);
            INFO(NameOf(static_cast<Isa>(isa)), ", shift ", shift, ", sums of ", bits, " bits");
            CHECK(found == expected);
          }
        }
      }
    }
  }
  CHECK(forms.size() == 3);
}

}  // namespace
}  // namespace integra::kernels
