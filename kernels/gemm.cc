#include "kernels/gemm.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "kernels/weight_sums.h"

namespace integra::kernels {
namespace {

int32_t AddendOf(const GemmProblem& p, int64_t channel, const WeightSums& weights) {
  const int64_t zx = p.src_zero_point, zw = p.weight_zero_point;
  const int64_t bias = p.bias != nullptr ? p.bias[channel] : 0;
  // Modulo 2^32, as the accumulators; that their true sum fits was proven when the network was
  // loaded (graph::CheckAccumulators).
  return static_cast<int32_t>(static_cast<uint32_t>(bias - zx * weights.sum + p.depth() * zx * zw));
}

// What GemmAddends and LargestSum say, in one pass over the weights.
struct GemmSums {
  std::vector<int32_t> addends;
  int64_t largest = 0;
};

GemmSums FindSums(const GemmProblem& p) {
  GemmSums sums;
  sums.addends.reserve(static_cast<size_t>(p.n));
  int64_t largest = 0;
  for (int64_t j = 0; j < p.n; ++j) {
    const WeightSums weights = SumsOf(p.weights + j * p.depth(), p.depth());
    sums.addends.push_back(AddendOf(p, j, weights));
    largest = std::max(largest, weights.magnitude);
  }
  sums.largest = 255 * (largest + p.depth() * std::abs(p.weight_zero_point));
  return sums;
}

}  // namespace

std::span<const RowStep> Gemm::row_steps() const { return {}; }
int64_t Gemm::read_multiple() const { return kReadPadding; }

std::vector<int32_t> GemmAddends(const GemmProblem& problem) { return FindSums(problem).addends; }
int64_t LargestSum(const GemmProblem& problem) { return FindSums(problem).largest; }

VectorOutputStage GemmStage(const GemmProblem& problem, std::vector<int64_t> order,
                            VectorOutputStage::Join join) {
  GemmSums sums = FindSums(problem);
  return {problem.stage, std::move(sums.addends), std::move(order), sums.largest, join};
}

std::unique_ptr<const Gemm> MakeGemm(const GemmProblem& problem, Isa isa, GemmKind kind) {
  std::unique_ptr<const Gemm> made;
  if (kind == GemmKind::kReference) return MakeReferenceGemm(problem);
  if (kind == GemmKind::kOneDnn) made = MakeOneDnnGemm(problem, isa);
#ifdef INTEGRA_X86
  if (!made && isa >= Isa::kAvx512Vnni) made = MakeAvx512VnniGemm(problem);
  if (!made && isa == Isa::kAvx2Vnni) made = MakeVnni256Gemm(problem);
  if (!made && isa >= Isa::kAvx2) made = MakeAvx2Gemm(problem);
  if (!made && isa >= Isa::kSse41) made = MakeSse41Gemm(problem);
#endif
  if (!made) made = MakePortableGemm(problem);
  return made;
}

}  // namespace integra::kernels
