#include "kernels/avx512/folded_stage.h"

#include "kernels/avx512/vectors.h"
#include "kernels/fold_constants.h"

namespace integra::kernels::avx512 {

bool FoldConstants(const VectorOutputStage& stage, FoldedConstants* folded) {
  return FindConstants<Vectors>(stage, folded);
}

}  // namespace integra::kernels::avx512
