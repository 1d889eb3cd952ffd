// The self-test of kernels finds the right ones right and every wrong one wrong, and what it finds
// wrong is denied. The wrong kernels are made here: nothing that ships can be told to use them.
#include "kernels/self_test.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>

#include "integra/error.hpp"
#include "kernels/onednn/matmul.h"

namespace integra::kernels {
namespace {

// The kernel's own result with its last byte changed: the smallest fault there is.
class WrongGemm final : public Gemm {
 public:
  explicit WrongGemm(const GemmProblem& p) : n_(p.n), right_(MakeReferenceGemm(p)) {}
  void Run(const GemmSource& src, int64_t rows, uint8_t* dst, int64_t dst_stride,
           std::byte* scratch) const override {
    right_->Run(src, rows, dst, dst_stride, scratch);
    dst[(rows - 1) * dst_stride + n_ - 1] ^= 1;
  }
  void Run(const GemmSource& src, int64_t rows, int32_t* dst, int64_t dst_stride,
           std::byte* scratch) const override {
    right_->Run(src, rows, dst, dst_stride, scratch);
  }
  std::string name() const override { return "wrong"; }
  size_t scratch_bytes() const override { return right_->scratch_bytes(); }
  size_t bytes() const override { return 0; }

 private:
  const int64_t n_;
  const std::unique_ptr<const Gemm> right_;
};

class WrongDepthwise final : public Depthwise {
 public:
  explicit WrongDepthwise(const DepthwiseProblem& p)
      : row_(p.out_width * p.channels), right_(MakePortableDepthwise(p)) {}
  void Run(const uint8_t* src, int64_t rows, uint8_t* dst) const override {
    right_->Run(src, rows, dst);
    dst[rows * row_ - 1] ^= 1;
  }
  void Run(const uint8_t* src, int64_t rows, int32_t* dst) const override {
    right_->Run(src, rows, dst);
  }
  std::string name() const override { return "wrong"; }
  size_t bytes() const override { return 0; }

 private:
  const int64_t row_;
  const std::unique_ptr<const Depthwise> right_;
};

// The product of every pixel by itself.
class WrongWinograd final : public Winograd {
 public:
  explicit WrongWinograd(const GemmProblem& p)
      : n_(p.n), channels_(p.segment_length / 3), right_(MakeReferenceGemm(p)) {}
  void Run(const WinogradPart& part, uint8_t* dst, int64_t dst_pitch,
           std::byte* scratch) const override {
    const auto pitch = static_cast<int32_t>(part.src_pitch);
    const int32_t segments[] = {0, pitch, 2 * pitch};
    for (int64_t i = 0; i < part.rows * part.columns; ++i) {
      const int64_t y = i / part.columns, x = i % part.columns;
      const auto offset = static_cast<int32_t>(y * part.src_pitch + x * channels_);
      right_->Run({part.src, &offset, segments}, 1, dst + y * dst_pitch + x * n_, n_, scratch);
    }
    dst[(part.rows - 1) * dst_pitch + part.columns * n_ - 1] ^= 1;
  }
  void Run(const WinogradPart&, int32_t*, int64_t, std::byte*) const override {}
  std::string name() const override { return "wrong"; }
  size_t scratch_bytes() const override { return right_->scratch_bytes(); }
  size_t bytes() const override { return 0; }

 private:
  const int64_t n_, channels_;
  const std::unique_ptr<const Gemm> right_;
};

// The portable kernels with one of them wrong.
std::map<std::string, KernelSet> WrongSets() {
  std::map<std::string, KernelSet> sets;
  const auto wrong = [&](const char* family) -> KernelSet& {
    return sets[family] = KernelsOf(Isa::kPortable);
  };
  wrong("matrix product").gemm = [](const GemmProblem& p) {
    return std::make_unique<WrongGemm>(p);
  };
  wrong("depthwise convolution").depthwise = [](const DepthwiseProblem& p) {
    return std::make_unique<WrongDepthwise>(p);
  };
  wrong("Winograd convolution").winograd = [](const GemmProblem& p, WinogradForm) {
    return std::make_unique<WrongWinograd>(p);
  };
  wrong("requantization").requantize =
      [](const VectorOutputStage& stage, int64_t first, const int32_t* sums, int64_t sum_stride,
         int64_t rows, int64_t n, const int32_t* terms, uint8_t* dst, int64_t dst_stride) {
        reference::Requantize(stage, first, sums, sum_stride, rows, n, terms, dst, dst_stride);
        dst[(rows - 1) * dst_stride + n - 1] ^= 1;
      };
  wrong("table lookup").lookup = [](const uint8_t* table, const uint8_t* src, int64_t count,
                                    uint8_t* dst) {
    LookupReference(table, src, count, dst);
    dst[count - 1] ^= 1;
  };
  wrong("addition").add = [](const AddParams&) {
    return AddRowChoice{[](const AddParams& p, const uint8_t* a, int64_t a_step, const uint8_t* b,
                           int64_t b_step, uint8_t* y, int64_t count) {
                          AddRowReference(p, a, a_step, b, b_step, y, count);
                          y[count - 1] ^= 1;
                        },
                        "wrong"};
  };
  wrong("multiplication").multiply = [](const MulParams&) {
    return MulRowChoice{[](const MulParams& p, const uint8_t* a, int64_t a_step, const uint8_t* b,
                           int64_t b_step, uint8_t* y, int64_t count) {
                          MulRowReference(p, a, a_step, b, b_step, y, count);
                          y[count - 1] ^= 1;
                        },
                        "wrong"};
  };
  wrong("addition with one rounding").linear_sum = [](const LinearSum& sum, const uint8_t* a,
                                                      const uint8_t* b, uint8_t* y, int64_t count) {
    LinearSumRowReference(sum, a, b, y, count);
    y[count - 1] ^= 1;
  };
  wrong("average pooling").average_pool = [](const PoolParams& p, const uint8_t* image,
                                             int64_t out_y, uint8_t* dst) {
    AveragePoolReference(p, image, out_y, dst);
    dst[p.out_w * p.channels - 1] ^= 1;
  };
  wrong("maximum pooling").max_pool = [](const PoolParams& p, const uint8_t* image, int64_t out_y,
                                         uint8_t* dst) {
    MaxPoolReference(p, image, out_y, dst);
    dst[p.out_w * p.channels - 1] ^= 1;
  };
  wrong("sums of columns").sum_columns = [](const SumParams& p, const uint8_t* src, int64_t count,
                                            int64_t inner, uint8_t* dst) {
    SumColumnsPortable(p, src, count, inner, dst);
    dst[inner - 1] ^= 1;
  };
  wrong("bilinear resizing").bilinear = [](const BilinearParams& p, const uint8_t* lower,
                                           const uint8_t* upper, int32_t fraction, int32_t* blend,
                                           uint8_t* dst) {
    BilinearReference(p, lower, upper, fraction, blend, dst);
    dst[p.out_w * p.channels - 1] ^= 1;
  };
  wrong("LSTM cells").lstm_cells = [](const LstmParams& p, const int16_t* sums, uint8_t* h,
                                      int16_t* c) {
    LstmCellsReference(p, sums, h, c);
    c[p.cells - 1] ^= 1;
  };
  return sets;
}

TEST_CASE("self-test: every instruction set of this processor is exact") {
  for (int i = 0; i <= static_cast<int>(DetectIsa()); ++i) {
    const Isa isa = static_cast<Isa>(i);
    CAPTURE(NameOf(isa));
    const KernelSelfTest& test = SelfTestOf(isa);
    CHECK(test.detail == "");
    CHECK(test.exact());
    CHECK(test.families == static_cast<int64_t>(WrongSets().size()));
    CHECK(test.outputs > 1000);
    CHECK(HighestExact(isa) == isa);
  }
}

TEST_CASE("self-test: a wrong kernel of any family is found and named") {
  for (const auto& [name, kernels] : WrongSets()) {
    const std::string family = name;
    CAPTURE(family);
    const KernelSelfTest test = TestKernels(kernels);
    CHECK_FALSE(test.exact());
    CHECK(test.detail.starts_with(family + ": output "));
  }
}

// Networks that cannot take Winograd's kernels do not wait for their test.
TEST_CASE("self-test: Winograd's kernels are apart, and nothing else is") {
  for (const auto& [name, kernels] : WrongSets()) {
    const std::string family = name;
    CAPTURE(family);
    const KernelSelfTest test = TestKernels(kernels, SelfTestScope::kWithoutWinograd);
    CHECK(test.families == static_cast<int64_t>(WrongSets().size()) - 1);
    CHECK(test.exact() == (family == "Winograd convolution"));
  }
}

// Where an instruction set's kernels are wrong the next lower one serves.
TEST_CASE("self-test: what is wrong is denied") {
  const KernelSelfTest right = TestKernels(KernelsOf(Isa::kPortable));
  const KernelSelfTest wrong = TestKernels(WrongSets().at("matrix product"));
  const auto highest = [&](Isa wanted, const std::vector<Isa>& denied) {
    return HighestExact(wanted, [&, denied](Isa isa) -> const KernelSelfTest& {
      return std::ranges::count(denied, isa) > 0 ? wrong : right;
    });
  };
  CHECK(highest(Isa::kAvx512Vnni, {}) == Isa::kAvx512Vnni);
  CHECK(highest(Isa::kAvx512Vnni, {Isa::kAvx512Vnni}) == Isa::kAvx512);
  CHECK(highest(Isa::kAvx512Vnni, {Isa::kAvx512Vnni, Isa::kAvx512}) == Isa::kAvx2Vnni);
  CHECK(highest(Isa::kAvx2, {Isa::kAvx512Vnni}) == Isa::kAvx2);
  CHECK(highest(Isa::kAvx2, {Isa::kAvx2}) == Isa::kSse41);
  CHECK(highest(Isa::kSse41, {Isa::kSse41}) == Isa::kPortable);
  try {
    highest(Isa::kSse41, {Isa::kSse41, Isa::kPortable});
    FAIL("kernels that are all wrong were accepted");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::kSystem);
    CHECK(std::string(error.what()).find("matrix product") != std::string::npos);
  }
}

// As vpmaddubsw adds: pairs of products, saturated to 16 bits. oneDNN does without VNNI.
std::string SaturatingProduct(int64_t m, int64_t n, int64_t k, const uint8_t* src,
                              const int8_t* weights, int32_t* dst) {
  for (int64_t i = 0; i < m * n; ++i) {
    const uint8_t* x = src + i / n * k;
    const int8_t* w = weights + i % n * k;
    int32_t sum = 0;
    for (int64_t j = 0; j < k; j += 2) {
      const int pair = x[j] * w[j] + (j + 1 < k ? x[j + 1] * w[j + 1] : 0);
      sum += std::clamp(pair, -32768, 32767);
    }
    dst[i] = sum;
  }
  return "saturating";
}

// As a sum that passes through binary32: wrong above 2^24.
std::string RoundedProduct(int64_t m, int64_t n, int64_t k, const uint8_t* src,
                           const int8_t* weights, int32_t* dst) {
  for (int64_t i = 0; i < m * n; ++i) {
    int32_t sum = 0;
    for (int64_t j = 0; j < k; ++j) sum += src[i / n * k + j] * weights[i % n * k + j];
    dst[i] = static_cast<int32_t>(static_cast<float>(sum));
  }
  return "rounded";
}

TEST_CASE("self-test: the faults that oneDNN's products have are found") {
  for (const auto product : {SaturatingProduct, RoundedProduct}) {
    const onednn::SelfTest test = onednn::TestProduct(product);
    CAPTURE(test.detail);
    CHECK_FALSE(test.exact);
    CHECK(test.wrong > 0);
    CHECK(test.detail.find("instead of") != std::string::npos);
  }
}

TEST_CASE("self-test: oneDNN's products are used where they are exact, and only there") {
  const std::vector<int8_t> weights(64 * 64, 1);
  GemmProblem p;
  p.n = p.segment_length = 64;
  p.weights = weights.data();
  p.stage.multipliers = {{1 << 30, 1}};
  p.max_rows = 16;
  const bool made = MakeOneDnnGemm(p, DefaultIsa()) != nullptr;
  CHECK(made == (onednn::RunSelfTest().exact && DefaultIsa() >= Isa::kAvx2Vnni));
}

// Weights of 7 bits saturate nowhere: oneDNN's products, and with them the bridge to its
// interface, can be tested on every processor.
TEST_CASE("oneDNN: products of small weights are exact on every processor") {
  std::mt19937 random(3);
  for (const auto& [m, n, k] :
       {std::array<int64_t, 3>{1, 1, 1}, {1, 100, 64}, {5, 33, 129}, {16, 64, 256}, {3, 7, 1000}}) {
    std::vector<uint8_t> x(static_cast<size_t>(m * k));
    std::vector<int8_t> w(static_cast<size_t>(n * k));
    for (uint8_t& v : x) v = static_cast<uint8_t>(random());
    for (int8_t& v : w) v = static_cast<int8_t>(static_cast<int>(random() % 128) - 64);
    std::vector<int32_t> y(static_cast<size_t>(m * n)), expected = y;
    const onednn::Matmul matmul(m, n, k, w.data());
    matmul.Run(x.data(), y.data());
    for (int64_t i = 0; i < m * n; ++i) {
      for (int64_t j = 0; j < k; ++j) expected[i] += x[i / n * k + j] * w[i % n * k + j];
    }
    CAPTURE(matmul.implementation());
    CHECK(y == expected);
  }
}

}  // namespace
}  // namespace integra::kernels
