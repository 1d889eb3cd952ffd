#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include "base/buffer.h"
#include "base/error.h"
#include "bench/benches.h"
#include "bench/shapes.h"
#include "kernels/gemm.h"
#include "kernels/onednn/matmul.h"

namespace integra::bench {
namespace {

// The reference is a plain loop: products above this size take too long with it.
constexpr double kReferenceMacs = 2e6;

struct GemmCase {
  int64_t m, k, n;

  double macs() const { return static_cast<double>(m * k * n); }
};

// Random operands of one product: rows of m x k bytes, weights n x k.
struct Operands {
  explicit Operands(const GemmCase& c)
      : src(static_cast<size_t>(c.m * c.k)),
        dst(static_cast<size_t>(c.m * c.n) * sizeof(int32_t)),
        weights(static_cast<size_t>(c.n * c.k)),
        bias(static_cast<size_t>(c.n), 1000),
        row_offsets(static_cast<size_t>(c.m)) {
    std::mt19937 random(1);
    std::generate_n(src.data<uint8_t>(), src.size(),
                    [&] { return static_cast<uint8_t>(random()); });
    std::generate(weights.begin(), weights.end(), [&] { return static_cast<int8_t>(random()); });
    for (size_t i = 0; i < row_offsets.size(); ++i) {
      row_offsets[i] = static_cast<int32_t>(static_cast<int64_t>(i) * c.k);
    }
  }

  AlignedBuffer src, dst;
  std::vector<int8_t> weights;
  std::vector<int32_t> bias, row_offsets;
};

kernels::GemmProblem ProblemOf(const GemmCase& c, const Operands& operands) {
  kernels::GemmProblem problem;
  problem.n = c.n;
  problem.segment_length = c.k;
  problem.weights = operands.weights.data();
  problem.src_zero_point = 128;
  problem.bias = operands.bias.data();
  problem.max_rows = c.m;
  problem.stage.zero_point = 128;
  std::mt19937 random(2);
  for (int64_t i = 0; i < c.n; ++i) {
    const auto m = static_cast<int32_t>((1u << 30) + (random() >> 2));
    problem.stage.multipliers.push_back({m, 9});
  }
  return problem;
}

void RunGemm(benchmark::State& state, GemmCase c, kernels::GemmKind kind) {
  const Operands operands(c);
  const kernels::Isa isa = kernels::DefaultIsa();
  const auto gemm = kernels::MakeGemm(ProblemOf(c, operands), isa, kind);
  if (kind == kernels::GemmKind::kOneDnn && !gemm->name().starts_with("onednn")) {
    state.SkipWithError("oneDNN is not exact on this processor");
    return;
  }
  const AlignedBuffer scratch(gemm->scratch_bytes());
  const int32_t segment_offset = 0;
  const kernels::GemmSource source{operands.src.data<uint8_t>(), operands.row_offsets.data(),
                                   &segment_offset};
  const double begin = ThreadSeconds();
  for (auto _ : state) {
    gemm->Run(source, c.m, operands.dst.data<uint8_t>(), c.n, scratch.data());
    benchmark::ClobberMemory();
  }
  const double seconds = ThreadSeconds() - begin;
  state.SetLabel(gemm->name());
  CountMacs(state, c.macs(), seconds);
}

// What the library does at its best: no requantization, the whole product in one call.
void RunRawOneDnn(benchmark::State& state, GemmCase c) {
  const Operands operands(c);
  const kernels::onednn::Matmul matmul(c.m, c.n, c.k, operands.weights.data());
  const double begin = ThreadSeconds();
  for (auto _ : state) {
    matmul.Run(operands.src.data<uint8_t>(), operands.dst.data<int32_t>());
    benchmark::ClobberMemory();
  }
  const double seconds = ThreadSeconds() - begin;
  state.SetLabel(matmul.implementation());
  CountMacs(state, c.macs(), seconds);
}

}  // namespace

void RegisterGemm(const std::filesystem::path& shapes) {
  for (const char* file : {"mobilenet_v2_gemm.txt", "square_gemm.txt"}) {
    for (const ShapeLine& shape : ReadShapes(shapes / file, 4)) {
      const GemmCase c{shape.values[0], shape.values[1], shape.values[2]};
      const std::string arguments = StrCat("/", shape.name, "/M:", c.m, "/K:", c.k, "/N:", c.n);
      benchmark::RegisterBenchmark(("gemm/own" + arguments).c_str(), RunGemm, c,
                                   kernels::GemmKind::kOwn);
      benchmark::RegisterBenchmark(("gemm/onednn" + arguments).c_str(), RunGemm, c,
                                   kernels::GemmKind::kOneDnn);
      benchmark::RegisterBenchmark(("gemm/onednn_raw_s32" + arguments).c_str(), RunRawOneDnn, c);
      if (c.macs() <= kReferenceMacs) {
        benchmark::RegisterBenchmark(("gemm/reference" + arguments).c_str(), RunGemm, c,
                                     kernels::GemmKind::kReference);
      }
    }
  }
}

}  // namespace integra::bench
