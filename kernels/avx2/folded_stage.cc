#include "kernels/avx2/folded_stage.h"

#include "kernels/avx2/vectors.h"
#include "kernels/fold_constants.h"

namespace integra::kernels::avx2 {

bool FoldConstants(const VectorOutputStage& stage, FoldedConstants* folded) {
  return FindConstants<Vectors>(stage, folded);
}

}  // namespace integra::kernels::avx2
