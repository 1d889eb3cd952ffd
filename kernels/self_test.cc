#include "kernels/self_test.h"

#include <array>
#include <cstring>
#include <mutex>
#include <numeric>
#include <optional>

#include "base/error.h"
#include "kernels/self_test_cases.h"

namespace integra::kernels {
namespace {

using namespace self_test;  // NOLINT(google-build-using-namespace): the cases

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
      .winograd = [isa](const GemmProblem& p,
                        WinogradForm form) { return MakeWinograd(p, isa, form); },
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

KernelSelfTest TestKernels(const KernelSet& kernels, SelfTestScope scope) {
  KernelSelfTest result;
  Comparison comparison(result);
  for (const auto test :
       {TestGemm, TestDepthwise, TestRequantize, TestLookup, TestAdd, TestMultiply, TestLinearSum,
        TestPools, TestSumColumns, TestBilinear, TestLstmCells}) {
    test(kernels, comparison);
  }
  constexpr WinogradForm kForms[] = {WinogradForm::kBest, WinogradForm::kTiles,
                                     WinogradForm::kQuads};
  if (scope == SelfTestScope::kBestWinograd) TestWinograd(kernels, {kForms, 1}, comparison);
  if (scope == SelfTestScope::kAll) TestWinograd(kernels, kForms, comparison);
  return result;
}

const KernelSelfTest& SelfTestOf(Isa isa, SelfTestScope scope) {
  static std::mutex mutex;
  static std::array<std::array<std::optional<KernelSelfTest>, 3>, kIsaCount> results;
  const std::lock_guard<std::mutex> lock(mutex);
  std::optional<KernelSelfTest>& result =
      results.at(static_cast<size_t>(isa)).at(static_cast<size_t>(scope));
  if (!result) result = TestKernels(KernelsOf(isa), scope);
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

Isa HighestExact(Isa wanted, SelfTestScope scope) {
  return HighestExact(wanted,
                      [scope](Isa isa) -> const KernelSelfTest& { return SelfTestOf(isa, scope); });
}

}  // namespace integra::kernels
