// Winograd's sums with the output stage folded into them give the bits of OutputStage::Apply.
#include "kernels/winograd_fold.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <random>

#include "kernels/winograd.h"

namespace integra::kernels {
namespace {

int32_t ApplyFolded(const WinogradFold& f, int64_t sum) {
  const int64_t gained = 576 * sum + f.start;
  CHECK(gained == static_cast<int32_t>(gained));
  auto h = static_cast<int32_t>((gained * f.m) >> 32);
  if (h < f.half) h -= f.less;
  const int32_t packed = Clamp(h >> f.shift, -32768, 32767);
  return Clamp(packed - f.offset, 0, 255);
}

// One output channel of 16.
struct Layer {
  std::vector<int8_t> weights = std::vector<int8_t>(9 * 16);
  int32_t bias = 0;
  GemmProblem problem;
  int64_t largest = 0;  // sum of (x - 128) * w, in absolute value

  explicit Layer(std::mt19937& random, int trial) {
    const int width = 1 << (1 + random() % 7);
    for (int8_t& w : weights) w = static_cast<int8_t>(static_cast<int>(random()) % width);
    for (const int8_t w : weights) largest += 128 * std::abs(w);
    bias = static_cast<int32_t>(random() % 40000) - 20000;
    problem.n = 1;
    problem.segments = 3;
    problem.segment_length = 3 * 16;
    problem.weights = weights.data();
    problem.bias = &bias;
    problem.src_zero_point = static_cast<int32_t>(random() % 256);
    OutputStage& stage = problem.stage;
    stage.multipliers = {{static_cast<int32_t>((1 << 30) + random() % (1 << 30)),
                          static_cast<int32_t>(random() % 17)}};
    stage.zero_point = static_cast<int32_t>(random() % 256);
    if (trial % 4 == 0) stage.zero_point = trial % 8 == 0 ? 0 : 255;
    stage.rounding = trial % 3 == 0 ? Rounding::kSingle : Rounding::kDouble;
  }
};

TEST_CASE("winograd: every step of the folded staircase") {
  std::mt19937 random(1);
  int folded = 0, all = 0;
  for (int trial = 0; trial < 1000; ++trial) {
    const Layer layer(random, trial);
    const OutputStage& stage = layer.problem.stage;
    const auto folds = FoldWinogradStage(layer.problem, WinogradAddends(layer.problem));
    ++all;
    if (folds.empty()) continue;
    ++folded;
    const int64_t addend = WinogradAddends(layer.problem)[0], largest = layer.largest;
    const auto check = [&](int64_t sum) {
      sum = Clamp(sum, -largest, largest);
      if (stage.Apply(sum + addend, 0) == ApplyFolded(folds[0], sum)) return;
      FAIL_CHECK("m ", stage.multipliers[0].m, " s ", stage.multipliers[0].s, " sum ", sum,
                 " zero point ", stage.zero_point);
    };
    for (int i = 0; i < 200; ++i) {
      check(static_cast<int64_t>(random() % static_cast<uint64_t>(2 * largest + 1)) - largest);
    }
    // Both sides of every step: the first sum with the next result.
    for (int64_t low = -largest; low < largest;) {
      const int32_t y = stage.Apply(low + addend, 0);
      int64_t same = low, other = largest + 1;
      while (other - same > 1) {
        const int64_t middle = same + (other - same) / 2;
        (stage.Apply(middle + addend, 0) == y ? same : other) = middle;
      }
      check(same);
      check(other);
      low = other;
    }
  }
  CHECK(folded > all / 2);
}

TEST_CASE("winograd: what cannot be folded") {
  std::mt19937 random(1);
  Layer layer(random, 1);
  OutputStage& stage = layer.problem.stage;
  stage.multipliers = {{1 << 30, 9}};
  CHECK(!FoldWinogradStage(layer.problem, WinogradAddends(layer.problem)).empty());
  stage.max = 254;
  CHECK(FoldWinogradStage(layer.problem, WinogradAddends(layer.problem)).empty());
  stage.max = 255;
  stage.multipliers = {{0, 0}};
  CHECK(FoldWinogradStage(layer.problem, WinogradAddends(layer.problem)).empty());
}

}  // namespace
}  // namespace integra::kernels
