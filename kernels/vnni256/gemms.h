// The GEMMs with VNNI in 256-bit registers.
#pragma once

#include <memory>

#include "kernels/gemm.h"

namespace integra::kernels::INTEGRA_ENCODING {

// Null where the problem has more rows, or a weight zero point.
std::unique_ptr<const Gemm> MakeRowGemm(const GemmProblem& problem);

}  // namespace integra::kernels::INTEGRA_ENCODING
