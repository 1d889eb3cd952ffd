#pragma once

#include "kernels/folded_stage.h"

namespace integra::kernels::avx512 {

using FoldedStage = kernels::FoldedStage<16, 4>;

FoldConstantsFunction FoldConstants;

}  // namespace integra::kernels::avx512
