// Weights of a GEMM packed in pairs of values for vpmaddwd.
#pragma once

#include "kernels/pack_pairs.h"

namespace integra::kernels::avx2 {

using kernels::PackPairs;

}  // namespace integra::kernels::avx2
