// The AVX2 products of bytes equal the reference bit for bit, whichever way they take.
#if defined(__x86_64__)

#include "kernels/avx2/gemm_bytes.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace integra::kernels {
namespace {

using Random = std::mt19937_64;

int64_t Pick(Random& random, int64_t low, int64_t high) {
  return low + static_cast<int64_t>(random() % static_cast<uint64_t>(high - low + 1));
}

struct Layer {
  GemmProblem problem;
  std::vector<int8_t> weights;
  std::vector<int32_t> bias, row_offsets, segment_offsets;
  int64_t source_bytes = 0;
};

// Rows with and without gaps, some of which overlap; the output stages that sums can have.
Layer RandomLayer(Random& random, int64_t rows, int64_t n, int64_t segments, int64_t length) {
  Layer layer;
  GemmProblem& p = layer.problem;
  p.n = n;
  p.segments = segments;
  p.segment_length = length;
  p.max_rows = rows;
  p.src_zero_point = static_cast<int32_t>(random() % 3 != 0 ? Pick(random, 0, 255) : 0);
  p.stage.rounding = random() % 2 ? Rounding::kSingle : Rounding::kDouble;
  p.stage.zero_point = random() % 2 ? 0 : 117;
  const int32_t shift = static_cast<int32_t>(Pick(random, 6, 10));
  for (int64_t i = 0; i < n; ++i) {
    p.stage.multipliers.push_back(
        {static_cast<int32_t>(Pick(random, int64_t{1} << 30, (int64_t{1} << 31) - 1)), shift});
  }
  layer.weights.resize(static_cast<size_t>(n * p.depth()));
  layer.bias.resize(static_cast<size_t>(n));
  for (int32_t& b : layer.bias) b = static_cast<int32_t>(Pick(random, -20000, 20000));
  const int64_t gap = Pick(random, -1, 2) * Pick(random, 0, 5);
  for (int64_t t = 0; t < segments; ++t) {
    layer.segment_offsets.push_back(static_cast<int32_t>(t * (length + 3)));
  }
  const int64_t step = std::max<int64_t>(1, p.depth() + gap);
  for (int64_t r = 0; r < rows; ++r) layer.row_offsets.push_back(static_cast<int32_t>(r * step));
  layer.source_bytes = rows * step + segments * (length + 3);
  return layer;
}

std::vector<uint8_t> Source(const Layer& layer, uint8_t fill = 0) {
  return std::vector<uint8_t>(static_cast<size_t>(layer.source_bytes) + kReadPadding, fill);
}

template <typename T>
std::vector<T> Run(const Gemm& gemm, const Layer& layer, const std::vector<uint8_t>& source,
                   int64_t rows) {
  const int64_t stride = layer.problem.n + 3;
  std::vector<T> dst(static_cast<size_t>(rows * stride), 0xAA);
  const AlignedBuffer scratch(gemm.scratch_bytes());
  std::fill_n(scratch.data(), scratch.size(), std::byte{0x55});
  gemm.Run({source.data(), layer.row_offsets.data(), layer.segment_offsets.data()}, rows,
           dst.data(), stride, scratch.data());
  return dst;
}

class Comparison {
 public:
  explicit Comparison(Layer& layer) : layer_(layer) {
    layer.problem.weights = layer.weights.data();
    layer.problem.bias = layer.bias.data();
    bytes_ = avx2::MakeByteGemm(layer.problem, avx2::Choice::kAlways);
    reference_ = MakeReferenceGemm(layer.problem);
    REQUIRE(bytes_ != nullptr);
  }

  bool Equal(const std::vector<uint8_t>& source, int64_t rows) const {
    return Run<uint8_t>(*bytes_, layer_, source, rows) ==
               Run<uint8_t>(*reference_, layer_, source, rows) &&
           Run<int32_t>(*bytes_, layer_, source, rows) ==
               Run<int32_t>(*reference_, layer_, source, rows);
  }

 private:
  const Layer& layer_;
  std::unique_ptr<const Gemm> bytes_, reference_;
};

// Weights of a layer: small ones, which need no extra groups, ones with a few that are large, and
// such as are all large.
void SetWeights(Random& random, int64_t kind, std::vector<int8_t>& weights) {
  for (int8_t& w : weights) {
    const bool large = kind == 2 || (kind == 1 && random() % 40 == 0);
    w = static_cast<int8_t>(large ? (random() % 2 ? 127 : -128) : Pick(random, -40, 40));
  }
}

TEST_CASE("products of bytes equal the reference: values near the zero point, and outliers") {
  if (DetectIsa() < Isa::kAvx2) return;
  Random random(41);
  for (int i = 0; i < 240; ++i) {
    const int64_t rows = Pick(random, 1, i % 8 == 0 ? 260 : 40);
    // Multiples of 16 values may be put in another order.
    const int64_t length = Pick(random, 1, i % 8 == 1 ? 700 : 90);
    Layer layer = RandomLayer(random, rows, Pick(random, 1, 90), Pick(random, 1, 3),
                              random() % 2 ? length : (length + 15) / 16 * 16);
    SetWeights(random, i % 3, layer.weights);
    const Comparison comparison(layer);
    // One value of so many is far away: from none to most.
    for (const uint64_t one_of : {1000000, 60, 300, 7, 1, 200, 1000}) {
      std::vector<uint8_t> source = Source(layer);
      for (uint8_t& x : source) {
        const int64_t near = layer.problem.src_zero_point + Pick(random, -30, 30);
        x = static_cast<uint8_t>(random() % one_of == 0 ? random() % 256
                                                        : std::clamp<int64_t>(near, 0, 255));
      }
      CAPTURE(i);
      CAPTURE(one_of);
      CHECK(comparison.Equal(source, one_of == 200 ? Pick(random, 1, rows) : rows));
    }
  }
}

// Sums of a lane are as large as they can be, on both sides: if a window were too wide by one, or a
// step not moved that has to be, one of these would saturate.
TEST_CASE("products of bytes equal the reference: one value everywhere") {
  if (DetectIsa() < Isa::kAvx2) return;
  Random random(42);
  for (const int weight : {1,   31,  32,  33,  63,  64,  65,  80,  96,   112,  126,
                           127, -31, -32, -33, -64, -65, -81, -97, -113, -127, -128}) {
    for (const int64_t length : {24, 64}) {  // without and with an order of values
      Layer layer = RandomLayer(random, 6, 24, 1, length);
      if (length == 64) layer.problem.src_zero_point = 0;
      const bool alternate = random() % 2 && weight < 127;
      for (size_t i = 0; i < layer.weights.size(); ++i) {
        layer.weights[i] = static_cast<int8_t>(weight + (alternate ? i % 2 : 0));
      }
      // Two channels have large weights in a group, so that something is moved.
      std::fill_n(layer.weights.begin() + 3 * length + 8, 8, int8_t{127});
      std::fill_n(layer.weights.begin() + 20 * length + 8, 8, int8_t{-128});
      const Comparison comparison(layer);
      for (int value = 0; value < 256; ++value) {
        CAPTURE(weight);
        CAPTURE(value);
        CHECK(comparison.Equal(Source(layer, static_cast<uint8_t>(value)), 6));
        // The value alone in a row of zero points.
        std::vector<uint8_t> source =
            Source(layer, static_cast<uint8_t>(layer.problem.src_zero_point));
        source[random() % source.size()] = static_cast<uint8_t>(value);
        CHECK(comparison.Equal(source, 6));
      }
    }
  }
}

TEST_CASE("products of bytes are chosen where they are likely to pay") {
  if (DetectIsa() < Isa::kAvx2) return;
  Random random(43);
  Layer layer = RandomLayer(random, 49, 96, 1, 128);
  SetWeights(random, 1, layer.weights);
  GemmProblem& p = layer.problem;
  p.weights = layer.weights.data();
  p.src_zero_point = 128;
  CHECK(avx2::MakeByteGemm(p) != nullptr);
  SUBCASE("not for large weights") {
    SetWeights(random, 2, layer.weights);
    CHECK(avx2::MakeByteGemm(p) == nullptr);
  }
  SUBCASE("not for one row") {
    p.max_rows = 1;
    CHECK(avx2::MakeByteGemm(p) == nullptr);
  }
  SUBCASE("not with a weight zero point") {
    p.weight_zero_point = 1;
    CHECK(avx2::MakeByteGemm(p, avx2::Choice::kAlways) == nullptr);
  }
}

}  // namespace
}  // namespace integra::kernels

#endif
