#include "kernels/vnni256.h"

#include "kernels/isa.h"

namespace integra::kernels {

#ifdef INTEGRA_X86

namespace {

// In the encoding that the processor has, or null.
template <typename Kernel, typename Problem>
std::unique_ptr<const Kernel> Make(std::unique_ptr<const Kernel> (*vex)(const Problem&),
                                   std::unique_ptr<const Kernel> (*evex)(const Problem&),
                                   const Problem& problem) {
  if (HasAvxVnni()) return vex(problem);
  return HasAvx512Vnni() ? evex(problem) : nullptr;
}

}  // namespace

std::unique_ptr<const Gemm> MakeVnni256Gemm(const GemmProblem& problem) {
  return Make(vex::MakeGemm, evex::MakeGemm, problem);
}
std::unique_ptr<const Depthwise> MakeVnni256Depthwise(const DepthwiseProblem& problem) {
  return Make(vex::MakeDepthwise, evex::MakeDepthwise, problem);
}
std::unique_ptr<const Winograd> MakeVnni256Winograd(const GemmProblem& problem) {
  return Make(vex::MakeWinograd, evex::MakeWinograd, problem);
}

#endif

}  // namespace integra::kernels
