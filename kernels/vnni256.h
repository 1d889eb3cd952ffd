// Kernels with VNNI in 256-bit registers (Isa::kAvx2Vnni), for processors without AVX-512.
//
// Their instructions have two encodings: AVX-VNNI's, and that of AVX512-VNNI with VL. What is in
// kernels/vnni256/ is compiled for both, so that processors with AVX-512 run it, too: capped, and
// in tests.
#pragma once

#include <memory>

#include "kernels/depthwise.h"
#include "kernels/gemm.h"
#include "kernels/winograd.h"

namespace integra::kernels {

// Where HasAvxVnni().
namespace vex {
std::unique_ptr<const Gemm> MakeGemm(const GemmProblem& problem);
// Null where rows of taps are dilated, or a weight less its zero point is 255.
std::unique_ptr<const Depthwise> MakeDepthwise(const DepthwiseProblem& problem);
std::unique_ptr<const Winograd> MakeWinograd(const GemmProblem& problem);
}  // namespace vex

// The same where HasAvx512Vnni().
namespace evex {
std::unique_ptr<const Gemm> MakeGemm(const GemmProblem& problem);
std::unique_ptr<const Depthwise> MakeDepthwise(const DepthwiseProblem& problem);
std::unique_ptr<const Winograd> MakeWinograd(const GemmProblem& problem);
}  // namespace evex

}  // namespace integra::kernels
