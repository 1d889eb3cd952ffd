#pragma once

#include "kernels/folded_stage.h"

namespace integra::kernels::avx2 {

using FoldedStage = kernels::FoldedStage<8, 2>;

FoldConstantsFunction FoldConstants;

}  // namespace integra::kernels::avx2
