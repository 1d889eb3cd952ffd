#include "kernels/avx2/folded_stage.h"

#include "kernels/avx2/vectors.h"
#include "kernels/fold_constants.h"

namespace integra::kernels::avx2 {

std::optional<FoldedConstants> FoldConstants(Multiplier f, const OutputStage& stage,
                                             int64_t largest) {
  return FindConstants<Vectors>(f, stage, largest);
}

}  // namespace integra::kernels::avx2
