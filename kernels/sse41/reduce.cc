#include "kernels/sum_columns.h"

namespace integra::kernels {

void SumColumnsSse41(const SumParams& p, const uint8_t* src, int64_t count, int64_t inner,
                     uint8_t* dst) {
  ScaledColumnSums(p, src, count, inner, dst);
}

}  // namespace integra::kernels
