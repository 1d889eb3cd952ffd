// The AVX512-VNNI GEMM of one row.
#pragma once

#include <memory>

#include "kernels/gemm.h"

namespace integra::kernels::avx512 {

std::unique_ptr<const Gemm> MakeRowGemm(const GemmProblem& problem);

}  // namespace integra::kernels::avx512
