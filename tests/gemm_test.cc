// Every GEMM candidate equals the reference bit for bit.
#include "kernels/gemm.h"

#include <doctest/doctest.h>

#include <bit>
#include <random>

#include "kernels/vnni256.h"

namespace integra::kernels {
namespace {

using Random = std::mt19937_64;

int64_t Pick(Random& random, int64_t low, int64_t high) {
  return low + static_cast<int64_t>(random() % static_cast<uint64_t>(high - low + 1));
}

enum class Values { kUniform, kExtreme };

struct Case {
  GemmProblem problem;
  std::vector<int8_t> weights;
  std::vector<int32_t> bias;
  std::vector<uint8_t> source;
  std::vector<int32_t> row_offsets, segment_offsets;
  int64_t rows = 1;

  GemmSource src() const { return {source.data(), row_offsets.data(), segment_offsets.data()}; }
};

// Shifts are chosen around the size of the accumulators, so that outputs are spread and not all
// clamped; some are far off.
OutputStage RandomStage(Random& random, int64_t n, int64_t depth) {
  OutputStage stage;
  stage.rounding = random() % 2 ? Rounding::kSingle : Rounding::kDouble;
  stage.zero_point = static_cast<int32_t>(Pick(random, 0, 255));
  const int magnitude = 7 + static_cast<int>(std::bit_width(static_cast<uint64_t>(depth)) / 2);
  const int lowest = static_cast<int>(Pick(random, -3, 2));
  const int64_t count = random() % 3 ? n : 1;
  for (int64_t i = 0; i < count; ++i) {
    Multiplier f{static_cast<int32_t>(Pick(random, int64_t{1} << 30, (int64_t{1} << 31) - 1)), 0};
    f.s = std::max<int32_t>(lowest, magnitude + static_cast<int32_t>(Pick(random, -3, 3)));
    if (random() % 16 == 0) f.s = static_cast<int32_t>(Pick(random, lowest, 31));
    if (random() % 32 == 0) f = {};
    stage.multipliers.push_back(f);
  }
  switch (random() % 3) {
    case 0:
      break;  // full range
    case 1:
      stage.min = stage.zero_point;
      break;
    default:
      stage.min = static_cast<int32_t>(Pick(random, 0, 255));
      stage.max = static_cast<int32_t>(Pick(random, stage.min, 255));
  }
  return stage;
}

Case RandomCase(Random& random, int64_t rows, int64_t n, int64_t segments, int64_t length,
                Values values) {
  Case c;
  c.rows = rows;
  GemmProblem& p = c.problem;
  p.n = n;
  p.segments = segments;
  p.segment_length = length;
  p.max_rows = rows + Pick(random, 0, 1) * Pick(random, 0, 9);  // a Run may have fewer
  p.src_zero_point = static_cast<int32_t>(Pick(random, 0, 255));
  p.weight_zero_point = random() % 3 ? 0 : static_cast<int32_t>(Pick(random, -128, 127));
  p.stage = RandomStage(random, n, p.depth());
  c.weights.resize(static_cast<size_t>(n * p.depth()));
  for (int8_t& w : c.weights) {
    w = values == Values::kExtreme ? (random() % 2 ? 127 : -128) : static_cast<int8_t>(random());
  }
  c.bias.resize(static_cast<size_t>(n));
  for (int32_t& b : c.bias) b = static_cast<int32_t>(Pick(random, -100000, 100000));
  const int64_t step = Pick(random, 1, length + 3);
  for (int64_t t = 0; t < segments; ++t)
    c.segment_offsets.push_back(static_cast<int32_t>(t * (length + 5)));
  for (int64_t r = 0; r < rows; ++r) c.row_offsets.push_back(static_cast<int32_t>(r * step));
  if (random() % 2) {
    p.max_span = (rows - 1) * step + c.segment_offsets.back() + length + Pick(random, 0, 9);
  }
  c.source.resize(static_cast<size_t>(rows * step + segments * (length + 5)) + kReadPadding);
  for (uint8_t& x : c.source) {
    x = values == Values::kExtreme ? (random() % 2 ? 255 : 0) : static_cast<uint8_t>(random());
  }
  p.weights = c.weights.data();
  p.bias = random() % 4 ? c.bias.data() : nullptr;
  return c;
}

// Outputs or, as int32_t, sums.
template <typename T>
std::vector<T> Run(const Gemm& gemm, const Case& c) {
  const int64_t stride = c.problem.n + 3;
  std::vector<T> dst(static_cast<size_t>(c.rows * stride), 0xAA);
  const AlignedBuffer scratch(gemm.scratch_bytes());
  std::fill_n(scratch.data(), scratch.size(), std::byte{0x55});  // others use it, too
  gemm.Run(c.src(), c.rows, dst.data(), stride, scratch.data());
  return dst;
}

std::vector<uint8_t> RunRowSteps(const Gemm& gemm, const Case& c) {
  std::vector<uint8_t> dst(static_cast<size_t>(c.problem.n + 3), 0xAA);
  const uint8_t* const row = c.source.data() + c.row_offsets[0] + c.segment_offsets[0];
  for (const RowStep& step : gemm.row_steps()) {
    step.run(step.panel, row, 0, dst.data() + step.channel);
  }
  return dst;
}

// All candidates that this processor can run.
std::vector<std::unique_ptr<const Gemm>> Candidates(const GemmProblem& problem) {
  std::vector<std::unique_ptr<const Gemm>> all;
  const auto add = [&](std::unique_ptr<const Gemm> gemm) {
    if (gemm) all.push_back(std::move(gemm));
  };
#if defined(__x86_64__)
  if (DetectIsa() >= Isa::kAvx512Vnni) add(MakeAvx512VnniGemm(problem));
  if (HasAvx512Vnni()) add(evex::MakeGemm(problem));
  if (HasAvxVnni()) add(vex::MakeGemm(problem));
  if (DetectIsa() >= Isa::kAvx2) add(MakeAvx2Gemm(problem));
  if (DetectIsa() >= Isa::kSse41) add(MakeSse41Gemm(problem));
#endif
  add(MakePortableGemm(problem));
  add(MakeOneDnnGemm(problem, DetectIsa()));
  return all;
}

void CheckCase(Random& random, int64_t rows, int64_t n, int64_t segments, int64_t length,
               Values values) {
  const Case c = RandomCase(random, rows, n, segments, length, values);
  const auto reference = MakeReferenceGemm(c.problem);
  const auto outputs = Run<uint8_t>(*reference, c);
  const auto sums = Run<int32_t>(*reference, c);
  for (const auto& gemm : Candidates(c.problem)) {
    CAPTURE(gemm->name());
    CAPTURE(rows);
    CAPTURE(n);
    CAPTURE(segments);
    CAPTURE(length);
    CHECK(Run<uint8_t>(*gemm, c) == outputs);
    CHECK(Run<int32_t>(*gemm, c) == sums);
    if (!gemm->row_steps().empty()) CHECK(RunRowSteps(*gemm, c) == outputs);
  }
}

TEST_CASE("GEMM candidates equal the reference: random shapes") {
  Random random(7);
  for (int i = 0; i < 400; ++i) {
    CheckCase(random, Pick(random, 1, 40), Pick(random, 1, 150), Pick(random, 1, 4),
              Pick(random, 1, 90), i % 4 == 0 ? Values::kExtreme : Values::kUniform);
  }
}

TEST_CASE("GEMM candidates equal the reference: sizes around the kernels' tiles") {
  Random random(8);
  for (const int64_t n : {1,  8,  15, 16, 17, 24, 25, 31,  32,  33,  40, 48,
                          56, 63, 64, 65, 72, 80, 96, 127, 128, 129, 144}) {
    for (const int64_t rows : {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 16, 25, 37, 100}) {
      CheckCase(random, rows, n, 1, Pick(random, 1, 9), Values::kUniform);
    }
  }
}

TEST_CASE("GEMM candidates equal the reference: rows around the tiles of deep panels") {
  Random random(12);
  for (const int64_t n : {16, 24, 48, 64, 112}) {
    for (int64_t rows = 1; rows <= 20; ++rows) {
      CheckCase(random, rows, n, 1, Pick(random, 1100, 1110), Values::kUniform);
    }
  }
}

TEST_CASE("GEMM candidates equal the reference: one row of several runs") {
  Random random(11);
  for (int i = 0; i < 300; ++i) {
    CheckCase(random, 1, Pick(random, 1, 300), Pick(random, 2, 5), Pick(random, 1, 21),
              i % 4 == 0 ? Values::kExtreme : Values::kUniform);
  }
}

TEST_CASE("GEMM candidates equal the reference: deep rows of extreme values") {
  Random random(9);
  for (const int64_t depth : {1024, 4095, 20000}) {
    CheckCase(random, 9, 33, 1, depth, Values::kExtreme);
    CheckCase(random, 15, 64, 1, depth, Values::kExtreme);
    CheckCase(random, 1, 130, 1, depth, Values::kExtreme);
  }
}

}  // namespace
}  // namespace integra::kernels
