// The SSE4.1 GEMM of one row.
#pragma once

#include <memory>

#include "kernels/gemm.h"

namespace integra::kernels::sse41 {

// Null where the problem has more rows, or weights less their zero point need more than 8 bits.
std::unique_ptr<const Gemm> MakeRowGemm(const GemmProblem& problem);

}  // namespace integra::kernels::sse41
