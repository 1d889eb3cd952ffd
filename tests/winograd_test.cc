// Winograd's convolution equals the specification of the convolution bit for bit.
#include "kernels/winograd.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "kernels/conv2d.h"
#include "kernels/vnni256.h"

namespace integra::kernels {
namespace {

using Random = std::mt19937;

int32_t Pick(Random& random, int64_t low, int64_t high) {
  return static_cast<int32_t>(low + random() % static_cast<uint64_t>(high - low + 1));
}

struct Candidate {
  Isa isa;
  std::unique_ptr<const Winograd> (*make)(const GemmProblem&);
};

std::vector<Candidate> Candidates() {
  std::vector<Candidate> all;
#if defined(__x86_64__)
  all = {{Isa::kSse41, MakeSse41Winograd},
         {Isa::kAvx2, MakeAvx2Winograd},
         {Isa::kAvx512Vnni, MakeAvx512VnniQuadWinograd},
         {Isa::kAvx512Vnni, MakeAvx512VnniTileWinograd}};
  std::erase_if(all, [](const Candidate& c) { return c.isa > DetectIsa(); });
  if (HasAvxVnni()) all.push_back({Isa::kAvx2Vnni, vex::MakeWinograd});
  if (HasAvx512Vnni()) all.push_back({Isa::kAvx2Vnni, evex::MakeWinograd});
#endif
  return all;
}

enum class Values { kUniform, kExtreme, kLargest };

struct Case {
  int64_t rows = 1, columns = 1, in = 1, out = 1;
  std::vector<int8_t> weights;
  std::vector<int32_t> bias;
  std::vector<uint8_t> source;  // rows and columns of whole tiles, and two more
  GemmProblem problem;

  int64_t source_columns() const { return (columns + 3) / 4 * 4 + 2; }
  int64_t source_rows() const { return (rows + 3) / 4 * 4 + 2; }
  WinogradPart Part(int64_t first, int64_t last) const {
    return {source.data(), source_columns() * in, rows, columns, first, last};
  }
};

// Of Values::kLargest, all sources are equal and all weights of a channel.
Case RandomCase(Random& random, int64_t rows, int64_t columns, int64_t in, int64_t out,
                Values values) {
  Case c{rows, columns, in, out, {}, {}, {}, {}};
  GemmProblem& p = c.problem;
  p.n = out;
  p.segments = 3;
  p.segment_length = 3 * in;
  p.max_rows = rows * columns;
  p.src_zero_point = Pick(random, 0, 255);
  const uint8_t source = random() % 2 ? 0 : 255;
  c.source.resize(static_cast<size_t>(c.source_rows() * c.source_columns() * in) + kReadPadding);
  for (uint8_t& x : c.source) {
    x = values == Values::kUniform   ? static_cast<uint8_t>(random())
        : values == Values::kExtreme ? (random() % 2 ? 255 : 0)
                                     : source;
  }
  for (int64_t n = 0; n < out; ++n) {
    const bool positive = random() % 2 == 0;
    for (int64_t k = 0; k < 9 * in; ++k) {
      const bool plus = values == Values::kLargest ? positive : random() % 2 == 0;
      c.weights.push_back(values == Values::kUniform ? static_cast<int8_t>(random())
                          : plus                     ? int8_t{127}
                                                     : int8_t{-128});
    }
    c.bias.push_back(Pick(random, -100000, 100000));
    p.stage.multipliers.push_back({Pick(random, int64_t{1} << 30, INT32_MAX),
                                   Pick(random, 9, values == Values::kUniform ? 15 : 18)});
  }
  p.stage.rounding = random() % 2 ? Rounding::kSingle : Rounding::kDouble;
  p.stage.zero_point = Pick(random, 0, 255);
  if (random() % 2) p.stage.min = p.stage.zero_point;
  p.bias = random() % 4 ? c.bias.data() : nullptr;
  p.weights = c.weights.data();
  return c;
}

std::vector<uint8_t> Expected(const Case& c) {
  Conv2dParams p;
  p.y = {.input = c.source_rows(), .output = c.rows, .kernel = 3};
  p.x = {.input = c.source_columns(), .output = c.columns, .kernel = 3};
  p.in_channels = c.in;
  p.out_channels = c.out;
  p.src_zero_point = c.problem.src_zero_point;
  p.weight_zero_point = c.problem.weight_zero_point;
  std::vector<uint8_t> y(static_cast<size_t>(c.rows * c.columns * c.out));
  ReferenceConv2d(p, c.source.data(), c.weights.data(), c.problem.bias, c.problem.stage, y.data());
  return y;
}

void CheckCase(const Case& c) {
  CAPTURE(c.rows);
  CAPTURE(c.columns);
  CAPTURE(c.in);
  CAPTURE(c.out);
  REQUIRE(WinogradIsExact(c.problem));
  const std::vector<uint8_t> expected = Expected(c);
  for (const Candidate& candidate : Candidates()) {
    const auto winograd = candidate.make(c.problem);
    CAPTURE(winograd->name());
    // Rows of outputs that others stand between.
    const int64_t row = c.columns * c.out, pitch = row + 7;
    std::vector<uint8_t> y(static_cast<size_t>(c.rows * pitch), 0xA5);
    const AlignedBuffer scratch(winograd->scratch_bytes());
    std::fill_n(scratch.data(), scratch.size(), std::byte{0x55});
    // All output channels, or one part after the other.
    const int64_t channels = c.rows % 2 ? c.out : ((c.out + 1) / 2 + 15) / 16 * 16;
    for (int64_t first = 0; first < c.out; first += channels) {
      winograd->Run(c.Part(first, std::min(first + channels, c.out)), y.data(), pitch,
                    scratch.data());
    }
    int64_t wrong = 0;
    for (int64_t i = 0; i < c.rows; ++i) {
      for (int64_t j = 0; j < pitch; ++j) {
        const uint8_t right = j < row ? expected[static_cast<size_t>(i * row + j)] : 0xA5;
        wrong += y[static_cast<size_t>(i * pitch + j)] != right;
      }
    }
    CHECK(wrong == 0);

    const std::vector<int32_t> addends = WinogradAddends(c.problem);
    std::vector<int32_t> sums(static_cast<size_t>(c.rows * row));
    for (int64_t first = 0; first < c.out; first += channels) {
      winograd->Run(c.Part(first, std::min(first + channels, c.out)), sums.data(), row,
                    scratch.data());
    }
    for (size_t i = 0; i < sums.size(); ++i) {
      const size_t channel = i % addends.size();
      const int64_t sum = int64_t{sums[i]} + addends[channel];
      wrong += c.problem.stage.Apply(sum, static_cast<int64_t>(channel)) != expected[i];
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("Winograd's convolution equals the reference: random shapes") {
  Random random(1);
  for (int i = 0; i < 150; ++i) {
    Case c = RandomCase(random, Pick(random, 1, 19), Pick(random, 1, 40), Pick(random, 1, 70),
                        Pick(random, 1, 70), random() % 2 ? Values::kUniform : Values::kExtreme);
    CheckCase(c);
  }
}

// Those that the second-level cache does not hold may have a kernel of their own.
TEST_CASE("Winograd's convolution equals the reference: large weights") {
  Random random(6);
  for (int i = 0; i < 16; ++i) {
    CheckCase(RandomCase(random, Pick(random, 1, 10), Pick(random, 1, 17), Pick(random, 90, 140),
                         Pick(random, 90, 140), i % 2 ? Values::kUniform : Values::kExtreme));
  }
}

// Whose output stage can be folded into the sums (kernels/winograd_fold.h), mostly.
TEST_CASE("Winograd's convolution equals the reference: small weights") {
  Random random(7);
  for (int i = 0; i < 100; ++i) {
    Case c = RandomCase(random, Pick(random, 1, 23), Pick(random, 1, 40), Pick(random, 1, 70),
                        Pick(random, 1, 70), Values::kUniform);
    for (int8_t& w : c.weights) w /= 8;
    for (int32_t& b : c.bias) b /= 8;
    for (Multiplier& f : c.problem.stage.multipliers) f.s = Pick(random, 6, 10);
    c.problem.stage.min = 0;
    if (random() % 4 == 0) c.problem.stage.zero_point = 0;
    CheckCase(c);
  }
}

// More tiles than a rectangle has, and few with many channels.
TEST_CASE("Winograd's convolution equals the reference: large shapes") {
  Random random(2);
  CheckCase(RandomCase(random, 6, 131, 16, 16, Values::kUniform));
  CheckCase(RandomCase(random, 21, 60, 3, 33, Values::kExtreme));
  Case deep = RandomCase(random, 8, 8, 520, 18, Values::kUniform);
  for (int8_t& w : deep.weights) w /= 4;
  CheckCase(deep);
}

// 9 * 227 * 128 * 128 is the last below 2^25.
TEST_CASE("Winograd's convolution is exact up to its bound, and says where it is not") {
  Random random(3);
  for (int i = 0; i < 8; ++i) {
    CheckCase(RandomCase(random, 4, 4, 227, 16, Values::kLargest));
    CheckCase(RandomCase(random, 4, 4, 227, 16, Values::kExtreme));
  }
  Case c = RandomCase(random, 4, 4, 228, 1, Values::kLargest);
  std::ranges::fill(c.weights, int8_t{-128});
  CHECK_FALSE(WinogradIsExact(c.problem));
  std::ranges::fill(c.weights, int8_t{127});
  CHECK(WinogradIsExact(c.problem));
}

TEST_CASE("Winograd's convolution takes weights of a zero point while they fit in 16 bits") {
  Random random(4);
  Case c = RandomCase(random, 9, 9, 20, 20, Values::kUniform);
  c.problem.weight_zero_point = 99;  // 99 + 128 = 227: the last one
  c.weights[5] = -128;
  CheckCase(c);
  c.problem.weight_zero_point = 100;
  CHECK_FALSE(WinogradIsExact(c.problem));
  std::ranges::fill(c.weights, int8_t{-127});
  CheckCase(c);
}

// Vector forms of the output stage reach only so far.
TEST_CASE("Winograd's convolution equals the reference: unusual scales and large biases") {
  Random random(6);
  for (int i = 0; i < 60; ++i) {
    Case c = RandomCase(random, Pick(random, 1, 9), Pick(random, 1, 9), Pick(random, 1, 20),
                        Pick(random, 1, 40), Values::kUniform);
    for (int8_t& w : c.weights) w /= 16;
    const int32_t lowest = Pick(random, -8, 26), highest = std::min(lowest + 5, kMaxShift);
    for (Multiplier& f : c.problem.stage.multipliers) {
      f.s = Pick(random, lowest, highest);
      if (random() % 8 == 0) f.m = 0;
    }
    const int32_t largest = 1 << Pick(random, 5, 26);
    for (int32_t& b : c.bias) b = Pick(random, -largest, largest);
    CheckCase(c);
  }
}

TEST_CASE("Winograd's convolution is not chosen for few channels or large sums") {
  Random random(5);
  const Case few = RandomCase(random, 8, 8, 15, 16, Values::kUniform);
  const Case large = RandomCase(random, 8, 8, 400, 16, Values::kLargest);
  for (int i = 0; i <= static_cast<int>(DetectIsa()); ++i) {
    CHECK(MakeWinograd(few.problem, static_cast<Isa>(i)) == nullptr);
    CHECK(MakeWinograd(large.problem, static_cast<Isa>(i)) == nullptr);
  }
  CHECK(MakeWinograd(few.problem, Isa::kPortable) == nullptr);
}

}  // namespace
}  // namespace integra::kernels
