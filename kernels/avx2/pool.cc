#include "kernels/avx2/vectors.h"
#include "kernels/pool_rows.h"

namespace integra::kernels {

void AveragePoolAvx2(const PoolParams& p, const uint8_t* image, int64_t out_y, uint8_t* dst) {
  AveragePoolRow<Vectors>(p, image, out_y, dst);
}

void MaxPoolAvx2(const PoolParams& p, const uint8_t* image, int64_t out_y, uint8_t* dst) {
  MaxPoolRow(p, image, out_y, dst);
}

}  // namespace integra::kernels
