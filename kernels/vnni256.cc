#include "kernels/vnni256.h"

#include "kernels/isa.h"

namespace integra::kernels {

#ifdef INTEGRA_X86

std::unique_ptr<const Gemm> MakeVnni256Gemm(const GemmProblem& problem) {
  if (HasAvxVnni()) return vex::MakeGemm(problem);
  return HasAvx512Vnni() ? evex::MakeGemm(problem) : nullptr;
}

std::unique_ptr<const Depthwise> MakeVnni256Depthwise(const DepthwiseProblem& problem) {
  if (HasAvxVnni()) return vex::MakeDepthwise(problem);
  return HasAvx512Vnni() ? evex::MakeDepthwise(problem) : nullptr;
}

std::unique_ptr<const Winograd> MakeVnni256Winograd(const GemmProblem& problem) {
  if (HasAvxVnni()) return vex::MakeWinograd(problem);
  return HasAvx512Vnni() ? evex::MakeWinograd(problem) : nullptr;
}

#endif

}  // namespace integra::kernels
