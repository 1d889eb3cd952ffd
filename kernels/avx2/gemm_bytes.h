// GEMM on AVX2 with products of bytes.
#pragma once

#include <memory>

#include "kernels/gemm.h"

namespace integra::kernels::avx2 {

enum class Choice { kIfItPays, kAlways };

// For rows that do not overlap (GemmProblem::max_span is not looked at), where it is likely to take
// less time than 16-bit products; else null, and with a weight zero point.
std::unique_ptr<const Gemm> MakeByteGemm(const GemmProblem& problem,
                                         Choice choice = Choice::kIfItPays);

}  // namespace integra::kernels::avx2
