#include "kernels/pool_rows.h"
#include "kernels/sse41/vectors.h"

namespace integra::kernels {

void AveragePoolSse41(const PoolParams& p, const uint8_t* image, int64_t out_y, uint8_t* dst) {
  AveragePoolRow<Vectors>(p, image, out_y, dst);
}

void MaxPoolSse41(const PoolParams& p, const uint8_t* image, int64_t out_y, uint8_t* dst) {
  MaxPoolRow(p, image, out_y, dst);
}

}  // namespace integra::kernels
