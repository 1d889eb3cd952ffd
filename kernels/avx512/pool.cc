#include "kernels/avx512/vectors.h"
#include "kernels/pool_rows.h"

namespace integra::kernels {

void AveragePoolAvx512(const PoolParams& p, const uint8_t* image, int64_t out_y, uint8_t* dst) {
  AveragePoolRow<Vectors>(p, image, out_y, dst);
}

void MaxPoolAvx512(const PoolParams& p, const uint8_t* image, int64_t out_y, uint8_t* dst) {
  MaxPoolRow(p, image, out_y, dst);
}

}  // namespace integra::kernels
