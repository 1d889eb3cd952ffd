#include "kernels/self_test.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <mutex>
#include <numeric>
#include <optional>
#include <random>

#include "base/error.h"
#include "kernels/conv2d.h"

namespace integra::kernels {
namespace {

using Bytes = std::vector<uint8_t>;

// Deterministic values: random ones, and runs of the extremes that saturate.
class Values {
 public:
  explicit Values(bool extreme) : extreme_(extreme) {}

  Bytes Unsigned(int64_t count) {
    Bytes bytes(static_cast<size_t>(count) + kReadPadding);
    for (uint8_t& v : bytes) v = extreme_ ? 255 : static_cast<uint8_t>(random_());
    return bytes;
  }
  std::vector<int8_t> Weights(int64_t count) {
    std::vector<int8_t> weights(static_cast<size_t>(count));
    for (int8_t& v : weights) {
      v = extreme_ ? (random_() % 4 ? 127 : -128) : static_cast<int8_t>(random_());
    }
    return weights;
  }
  std::vector<int32_t> Words(int64_t count, int32_t below) {
    std::vector<int32_t> words(static_cast<size_t>(count));
    for (int32_t& v : words) {
      v = static_cast<int32_t>(random_() % (2 * static_cast<uint32_t>(below))) - below;
    }
    return words;
  }
  // Per channel, for sums of `depth` products, and spread so that outputs are not all clamped.
  OutputStage Stage(int64_t channels, int64_t depth) {
    OutputStage stage;
    stage.rounding = random_() % 2 ? Rounding::kSingle : Rounding::kDouble;
    stage.zero_point = static_cast<int32_t>(random_() % 256);
    int shift = extreme_ ? 7 : 6;
    for (int64_t k = depth; k > 1; k /= extreme_ ? 2 : 4) ++shift;
    for (int64_t i = 0; i < channels; ++i) {
      stage.multipliers.push_back(
          {static_cast<int32_t>((1u << 30) + random_() % (1u << 30)),
           std::min(shift + static_cast<int32_t>(random_() % 3), int32_t{kMaxShift})});
    }
    return stage;
  }

 private:
  const bool extreme_;
  std::mt19937 random_{1};
};

// Collects comparisons of one set of kernels.
class Comparison {
 public:
  explicit Comparison(KernelSelfTest& result) : result_(result) {}

  void Begin(const char* family) {
    family_ = family;
    ++result_.families;
  }
  // The first `count` outputs.
  void Compare(const Bytes& got, const Bytes& expected, int64_t count) {
    result_.outputs += count;
    for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
      if (got[i] == expected[i]) continue;
      if (result_.wrong++ > 0) continue;
      result_.detail = StrCat(family_, ": output ", i, " of ", count, " is ", int{got[i]},
                              " instead of ", int{expected[i]});
    }
  }

 private:
  KernelSelfTest& result_;
  const char* family_ = "";
};

Bytes Outputs(int64_t count) { return Bytes(static_cast<size_t>(count) + kReadPadding, 0xA5); }

Bytes RunGemm(const Gemm& gemm, const GemmSource& src, int64_t rows, int64_t n) {
  Bytes y = Outputs(rows * n);
  const AlignedBuffer scratch(gemm.scratch_bytes());
  gemm.Run(src, rows, y.data(), n, scratch.data());
  return y;
}

// One row and several; tails of vectors in both directions; depths that saturate in 16 bits and
// that fill 32; weights with a zero point; rows in two runs.
void TestGemm(const KernelSet& kernels, Comparison& comparison) {
  struct Size {
    int64_t rows, n, segments, length;
    int32_t weight_zero_point;
  };
  constexpr Size kSizes[] = {{1, 17, 1, 63, 0},  {5, 33, 2, 32, 0}, {7, 16, 1, 130, 3},
                             {1, 40, 1, 256, 0}, {9, 48, 1, 27, 0}, {2, 5, 1, 1031, 0}};
  comparison.Begin("matrix product");
  for (const bool extreme : {false, true}) {
    Values values(extreme);
    for (const Size& size : kSizes) {
      GemmProblem p;
      p.n = size.n;
      p.segments = size.segments;
      p.segment_length = size.length;
      const std::vector<int8_t> weights = values.Weights(p.n * p.depth());
      const std::vector<int32_t> bias = values.Words(p.n, 10000);
      p.weights = weights.data();
      p.weight_zero_point = size.weight_zero_point;
      p.src_zero_point = 131;
      p.bias = bias.data();
      p.stage = values.Stage(p.n, p.depth());
      p.max_rows = size.rows;
      const Bytes x = values.Unsigned(size.rows * p.depth());
      std::vector<int32_t> rows, segments;
      for (int64_t i = 0; i < size.rows; ++i) rows.push_back(static_cast<int32_t>(i * p.depth()));
      for (int64_t i = 0; i < size.segments; ++i) {
        segments.push_back(static_cast<int32_t>(i * size.length));
      }
      const GemmSource src{x.data(), rows.data(), segments.data()};
      comparison.Compare(RunGemm(*kernels.gemm(p), src, size.rows, p.n),
                         RunGemm(*MakeReferenceGemm(p), src, size.rows, p.n), size.rows * p.n);
    }
  }
}

// Few channels, cut into blocks wherever, and many; strides 1 and 2.
void TestDepthwise(const KernelSet& kernels, Comparison& comparison) {
  struct Size {
    int64_t channels, width, stride;
  };
  constexpr Size kSizes[] = {{3, 11, 1}, {16, 5, 2}, {72, 4, 1}, {8, 9, 2}};
  constexpr int64_t kKernel = 3, kRows = 2;
  comparison.Begin("depthwise convolution");
  for (const bool extreme : {false, true}) {
    Values values(extreme);
    for (const Size& size : kSizes) {
      Conv2dParams c;
      c.depthwise = true;
      c.in_channels = c.out_channels = size.channels;
      c.src_zero_point = 120;
      c.y = {.input = 0, .output = kRows, .kernel = kKernel, .stride = size.stride};
      c.x = {.input = 0, .output = size.width, .kernel = kKernel, .stride = size.stride};
      c.y.input = c.y.reach(c.y.output);
      c.x.input = c.x.reach(c.x.output);
      const std::vector<int8_t> weights = values.Weights(kKernel * kKernel * size.channels);
      const std::vector<int32_t> bias = values.Words(size.channels, 10000);
      const Bytes image = values.Unsigned(c.y.input * c.x.input * size.channels);

      DepthwiseProblem p;
      p.channels = size.channels;
      p.out_width = size.width;
      p.kernel_y = p.kernel_x = kKernel;
      p.stride_y = p.stride_x = size.stride;
      p.plane = (c.x.input + size.stride - 1) / size.stride * size.channels;
      p.pitch = p.plane * size.stride;
      p.weights = weights.data();
      p.src_zero_point = c.src_zero_point;
      p.bias = bias.data();
      p.stage = values.Stage(size.channels, kKernel * kKernel);
      Bytes planes(static_cast<size_t>(c.y.input * p.pitch) + kReadPadding);
      for (int64_t y = 0; y < c.y.input; ++y) {
        for (int64_t x = 0; x < c.x.input; ++x) {
          std::copy_n(image.data() + (y * c.x.input + x) * size.channels, size.channels,
                      planes.data() + y * p.pitch + x % size.stride * p.plane +
                          x / size.stride * size.channels);
        }
      }
      const int64_t count = kRows * size.width * size.channels;
      Bytes got = Outputs(count), expected = Outputs(count);
      kernels.depthwise(p)->Run(planes.data(), kRows, got.data());
      ReferenceConv2d(c, image.data(), weights.data(), bias.data(), p.stage, expected.data());
      comparison.Compare(got, expected, count);
    }
  }
}

// Whole tiles and parts of them, channels that fill vectors and that do not.
void TestWinograd(const KernelSet& kernels, Comparison& comparison) {
  struct Size {
    int64_t rows, columns, in, out;
  };
  constexpr Size kSizes[] = {{4, 4, 32, 32}, {7, 9, 35, 49}};
  comparison.Begin("Winograd convolution");
  for (const bool extreme : {false, true}) {
    Values values(extreme);
    for (const Size& size : kSizes) {
      GemmProblem p;
      p.n = size.out;
      p.segments = 3;
      p.segment_length = 3 * size.in;
      p.max_rows = size.rows * size.columns;
      const std::vector<int8_t> weights = values.Weights(p.n * p.depth());
      const std::vector<int32_t> bias = values.Words(p.n, 10000);
      p.weights = weights.data();
      p.src_zero_point = 131;
      p.bias = bias.data();
      p.stage = values.Stage(p.n, p.depth());
      Conv2dParams c;
      c.in_channels = size.in;
      c.out_channels = size.out;
      c.src_zero_point = p.src_zero_point;
      c.y = {.input = (size.rows + 3) / 4 * 4 + 2, .output = size.rows, .kernel = 3};
      c.x = {.input = (size.columns + 3) / 4 * 4 + 2, .output = size.columns, .kernel = 3};
      const Bytes image = values.Unsigned(c.y.input * c.x.input * size.in);
      const auto winograd = kernels.winograd(p);
      if (winograd == nullptr) continue;
      const int64_t count = p.max_rows * p.n;
      Bytes got = Outputs(count), expected = Outputs(count);
      const AlignedBuffer scratch(winograd->scratch_bytes());
      winograd->Run(image.data(), c.x.input * size.in, size.rows, size.columns, got.data(),
                    size.columns * p.n, scratch.data());
      ReferenceConv2d(c, image.data(), weights.data(), bias.data(), p.stage, expected.data());
      comparison.Compare(got, expected, count);
    }
  }
}

void TestRequantize(const KernelSet& kernels, Comparison& comparison) {
  constexpr int64_t kRows = 3, kChannels = 37, kStride = 48;
  comparison.Begin("requantization");
  for (const bool extreme : {false, true}) {
    Values values(extreme);
    const int32_t largest = extreme ? 1 << 30 : 1 << 20;
    const std::vector<int32_t> sums = values.Words(kRows * kStride, largest);
    const std::vector<int32_t> terms = values.Words(kRows, 1000);
    const VectorOutputStage stage(values.Stage(kChannels, largest >> 14),
                                  values.Words(kChannels, 10000), PlainOrder(kChannels, 16),
                                  int64_t{largest} + 1000);
    Bytes got = Outputs(kRows * kChannels), expected = got;
    const auto run = [&](RequantizeFunction f, Bytes& y) {
      f(stage, 0, sums.data(), kStride, kRows, kChannels, terms.data(), y.data(), kChannels);
    };
    run(kernels.requantize, got);
    run(reference::Requantize, expected);
    comparison.Compare(got, expected, kRows * kChannels);
  }
}

constexpr int64_t kElements = 16 * 17;  // each of many vectors' lanes, and a tail

void TestLookup(const KernelSet& kernels, Comparison& comparison) {
  comparison.Begin("table lookup");
  Values values(false);
  const Bytes table = values.Unsigned(256), x = values.Unsigned(kElements);
  Bytes got = Outputs(kElements), expected = got;
  kernels.lookup(table.data(), x.data(), kElements, got.data());
  LookupReference(table.data(), x.data(), kElements, expected.data());
  comparison.Compare(got, expected, kElements);
}

void TestAdd(const KernelSet& kernels, Comparison& comparison) {
  comparison.Begin("addition");
  Values values(false);
  const Bytes a = values.Unsigned(kElements), b = values.Unsigned(kElements);
  for (const bool subtract : {false, true}) {
    const AddParams p = {.zero = {3, 250},
                         .left_shift = 20,
                         .input = {{1 << 30, 0}, {0x5A827999, 2}},
                         .output = {0x6ED9EBA1, 18},
                         .output_zero = 131,
                         .clamp_min = 0,
                         .clamp_max = 255,
                         .subtract = subtract};
    Bytes got = Outputs(kElements), expected = got;
    kernels.add(p).row(p, a.data(), 1, b.data(), 1, got.data(), kElements);
    AddRowReference(p, a.data(), 1, b.data(), 1, expected.data(), kElements);
    comparison.Compare(got, expected, kElements);
  }
}

void TestMultiply(const KernelSet& kernels, Comparison& comparison) {
  comparison.Begin("multiplication");
  Values values(false);
  const Bytes a = values.Unsigned(kElements), b = values.Unsigned(kElements);
  const MulParams p = {.zero = {3, 250},
                       .output = {0x6ED9EBA1, 7},
                       .rounding = Rounding::kDouble,
                       .output_zero = 131,
                       .clamp_min = 0,
                       .clamp_max = 255};
  Bytes got = Outputs(kElements), expected = got;
  kernels.multiply(p).row(p, a.data(), 1, b.data(), 1, got.data(), kElements);
  MulRowReference(p, a.data(), 1, b.data(), 1, expected.data(), kElements);
  comparison.Compare(got, expected, kElements);
}

void TestLinearSum(const KernelSet& kernels, Comparison& comparison) {
  comparison.Begin("addition with one rounding");
  Values values(false);
  const Bytes a = values.Unsigned(kElements), b = values.Unsigned(kElements);
  // About 0.5 a - 0.3 b + 100 in units of 2^-28.
  const LinearSum sum = {.a_high = 4096,
                         .b_high = -2458,
                         .a_low = 12345,
                         .b_low = 321,
                         .c_high = 100 << 13,
                         .c_low = 54,
                         .shift = 13,
                         .min = 5,
                         .max = 250};
  Bytes got = Outputs(kElements), expected = got;
  kernels.linear_sum(sum, a.data(), b.data(), got.data(), kElements);
  LinearSumRowReference(sum, a.data(), b.data(), expected.data(), kElements);
  comparison.Compare(got, expected, kElements);
}

void TestPools(const KernelSet& kernels, Comparison& comparison) {
  for (const bool average : {true, false}) {
    comparison.Begin(average ? "average pooling" : "maximum pooling");
    for (const int64_t channels : {3, 70}) {
      PoolParams p;
      p.in_h = p.in_w = 7;
      p.channels = channels;
      p.out_w = 4;
      p.filter_h = p.filter_w = 3;
      p.stride_h = p.stride_w = 2;
      p.pad_top = p.pad_left = 1;
      p.offset = 128;
      p.clamp_max = 255;
      const Bytes x = Values(false).Unsigned(p.in_h * p.in_w * channels);
      const int64_t count = p.out_w * channels;
      Bytes got = Outputs(count), expected = got;
      for (const int64_t row : {0, 1}) {
        (average ? kernels.average_pool : kernels.max_pool)(p, x.data(), row, got.data());
        (average ? AveragePoolReference<uint8_t> : MaxPoolReference<uint8_t>)(p, x.data(), row,
                                                                              expected.data());
        comparison.Compare(got, expected, count);
      }
    }
  }
}

void TestSumColumns(const KernelSet& kernels, Comparison& comparison) {
  comparison.Begin("sums of columns");
  for (const bool extreme : {false, true}) {
    constexpr int64_t kCount = 300, kInner = 67;
    const Bytes x = Values(extreme).Unsigned(kCount * kInner);
    SumParams p;
    p.scale = MeanScale({0x60000000, 0}, kCount);
    p.zero_sum = 100 * kCount;
    p.output_zero = 90;
    p.clamp_max = 255;
    Bytes got = Outputs(kInner), expected = got;
    kernels.sum_columns(p, x.data(), kCount, kInner, got.data());
    std::array<int64_t, kInner> outputs;
    std::array<int64_t, kCount> reduced;
    std::iota(outputs.begin(), outputs.end(), 0);
    for (int64_t i = 0; i < kCount; ++i) reduced[static_cast<size_t>(i)] = i * kInner;
    ReduceSum(p, {outputs.data(), kInner, reduced.data(), kCount}, x.data(), expected.data());
    comparison.Compare(got, expected, kInner);
  }
}

void TestBilinear(const KernelSet& kernels, Comparison& comparison) {
  comparison.Begin("bilinear resizing");
  constexpr Neighbors kColumns[] = {{0, 0, 0}, {0, 1, 2}, {1, 2, 1}, {2, 3, 3}, {4, 4, 0}};
  for (const int64_t channels : {3, 40}) {
    BilinearParams p;
    p.in_w = 5;
    p.channels = channels;
    p.out_w = std::size(kColumns);
    p.columns = kColumns;
    p.row_bits = p.column_bits = 2;
    p.offset = 128;
    const Bytes x = Values(false).Unsigned(2 * p.in_w * channels);
    const uint8_t* upper = x.data() + p.in_w * channels;
    const int64_t count = p.out_w * channels;
    std::vector<int32_t> blend(static_cast<size_t>(p.in_w * channels + 64));
    Bytes got = Outputs(count), expected = got;
    kernels.bilinear(p, x.data(), upper, 3, blend.data(), got.data());
    BilinearReference(p, x.data(), upper, 3, blend.data(), expected.data());
    comparison.Compare(got, expected, count);
  }
}

void TestLstmCells(const KernelSet& kernels, Comparison& comparison) {
  comparison.Begin("LSTM cells");
  constexpr int64_t kCells = 41;
  Values values(false);
  LstmParams p;
  p.cells = kCells;
  p.cell_exponent = -11;
  p.cell_clip = 30000;
  p.state_zero = 130;
  p.hidden = {0x60000000, 22};
  const auto words = [&](int64_t count) {
    std::vector<int16_t> narrow;
    for (const int32_t word : values.Words(count, 1 << 15)) {
      narrow.push_back(static_cast<int16_t>(word));
    }
    return narrow;
  };
  const std::vector<int16_t> sums = words(4 * kCells), before = words(kCells);
  // Cells after the update, as bytes, and the output.
  const auto run = [&](LstmCells update) {
    std::vector<int16_t> cells = before;
    Bytes y = Outputs(3 * kCells);
    update(p, sums.data(), y.data(), cells.data());
    std::memcpy(y.data() + kCells, cells.data(), 2 * kCells);
    return y;
  };
  comparison.Compare(run(kernels.lstm_cells), run(LstmCellsReference), 3 * kCells);
}

}  // namespace

KernelSet KernelsOf(Isa isa) {
  return {
      .gemm = [isa](const GemmProblem& p) { return MakeGemm(p, isa, GemmKind::kOwn); },
      .depthwise = [isa](const DepthwiseProblem& p) { return MakeDepthwise(p, isa); },
      .winograd = [isa](const GemmProblem& p) { return MakeWinograd(p, isa); },
      .requantize = ChooseRequantize(isa),
      .lookup = ChooseLookup(isa).run,
      .add = [isa](const AddParams& p) { return ChooseAddRow(p, isa); },
      .multiply = [isa](const MulParams& p) { return ChooseMulRow(p, isa); },
      .linear_sum = ChooseLinearSumRow(isa).row,
      .average_pool = ChooseAveragePool(isa).row,
      .max_pool = ChooseMaxPool(isa).row,
      .sum_columns = ChooseSumColumns(isa).run,
      .bilinear = ChooseBilinear(isa).row,
      .lstm_cells = ChooseLstmCells(isa).run,
  };
}

KernelSelfTest TestKernels(const KernelSet& kernels) {
  KernelSelfTest result;
  Comparison comparison(result);
  for (const auto test :
       {TestGemm, TestDepthwise, TestWinograd, TestRequantize, TestLookup, TestAdd, TestMultiply,
        TestLinearSum, TestPools, TestSumColumns, TestBilinear, TestLstmCells}) {
    test(kernels, comparison);
  }
  return result;
}

const KernelSelfTest& SelfTestOf(Isa isa) {
  static std::mutex mutex;
  static std::array<std::optional<KernelSelfTest>, kIsaCount> results;
  const std::lock_guard<std::mutex> lock(mutex);
  std::optional<KernelSelfTest>& result = results.at(static_cast<size_t>(isa));
  if (!result) result = TestKernels(KernelsOf(isa));
  return *result;
}

Isa HighestExact(Isa wanted, const std::function<const KernelSelfTest&(Isa)>& test) {
  for (Isa isa = wanted;; isa = static_cast<Isa>(static_cast<int>(isa) - 1)) {
    const KernelSelfTest& result = test(isa);
    if (result.exact()) return isa;
    if (isa == Isa::kPortable) {
      Fail(ErrorCode::kSystem,
           "the self-test finds no exact kernels on this machine: ", result.detail);
    }
  }
}

}  // namespace integra::kernels
