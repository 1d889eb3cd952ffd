#include "kernels/gemm.h"

#include <algorithm>
#include <cstdlib>

namespace integra::kernels {
namespace {

// Sum of f(w) in [-128, 128]. In 32 bits, block by block: compilers make that four times as fast as
// a sum in 64 bits, and every weight of a network passes here when it is loaded.
template <typename F>
int64_t SumOf(const int8_t* weights, int64_t count, const F& f) {
  constexpr int64_t kBlock = int64_t{1} << 20;
  int64_t total = 0;
  for (int64_t begin = 0; begin < count; begin += kBlock) {
    int32_t sum = 0;
    for (int64_t i = begin; i < std::min(begin + kBlock, count); ++i) sum += f(weights[i]);
    total += sum;
  }
  return total;
}

}  // namespace

std::vector<int32_t> GemmAddends(const GemmProblem& p) {
  std::vector<int32_t> addends(static_cast<size_t>(p.n));
  const int64_t zx = p.src_zero_point, zw = p.weight_zero_point;
  for (int64_t j = 0; j < p.n; ++j) {
    const int64_t sum =
        SumOf(p.weights + j * p.depth(), p.depth(), [](int8_t w) { return int32_t{w}; });
    const int64_t bias = p.bias != nullptr ? p.bias[j] : 0;
    // Modulo 2^32, as the accumulators; that their true sum fits was proven when the network was
    // loaded (graph::CheckAccumulators).
    addends[static_cast<size_t>(j)] =
        static_cast<int32_t>(static_cast<uint32_t>(bias - zx * sum + p.depth() * zx * zw));
  }
  return addends;
}

int64_t LargestSum(const GemmProblem& p) {
  int64_t largest = 0;
  for (int64_t j = 0; j < p.n; ++j) {
    const int64_t weights =
        SumOf(p.weights + j * p.depth(), p.depth(), [](int8_t w) { return std::abs(int32_t{w}); });
    largest = std::max(largest, weights);
  }
  return 255 * (largest + p.depth() * std::abs(p.weight_zero_point));
}

std::unique_ptr<const Gemm> MakeGemm(const GemmProblem& problem, Isa isa, GemmKind kind) {
  std::unique_ptr<const Gemm> made;
  if (kind == GemmKind::kReference) return MakeReferenceGemm(problem);
  if (kind == GemmKind::kOneDnn) made = MakeOneDnnGemm(problem, isa);
#ifdef INTEGRA_X86
  if (!made && isa >= Isa::kAvx512Vnni) made = MakeAvx512VnniGemm(problem);
  if (!made && isa >= Isa::kAvx2) made = MakeAvx2Gemm(problem);
  if (!made && isa >= Isa::kSse41) made = MakeSse41Gemm(problem);
#endif
  if (!made) made = MakePortableGemm(problem);
  return made;
}

}  // namespace integra::kernels
