#include "kernels/gemm.h"

#include <algorithm>
#include <cstdlib>

namespace integra::kernels {

std::vector<int32_t> GemmAddends(const GemmProblem& p) {
  std::vector<int32_t> addends(static_cast<size_t>(p.n));
  const int64_t zx = p.src_zero_point, zw = p.weight_zero_point;
  for (int64_t j = 0; j < p.n; ++j) {
    int64_t sum = 0;
    for (int64_t k = 0; k < p.depth(); ++k) sum += p.weights[j * p.depth() + k];
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
    int64_t weights = 0;
    for (int64_t k = 0; k < p.depth(); ++k) weights += std::abs(p.weights[j * p.depth() + k]);
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
#endif
  if (!made) made = MakePortableGemm(problem);
  return made;
}

}  // namespace integra::kernels
