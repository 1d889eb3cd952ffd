#include "kernels/bilinear_row.h"

namespace integra::kernels {

void BilinearSse41(const BilinearParams& p, const uint8_t* lower, const uint8_t* upper,
                   int32_t fraction, int32_t* blend, uint8_t* dst) {
  BilinearOneRow(p, lower, upper, fraction, blend, dst);
}

}  // namespace integra::kernels
