#include "kernels/mul_rows.h"
#include "kernels/sse41/vectors.h"

namespace integra::kernels {

void MulRowSse41(const MulParams& p, const uint8_t* a, int64_t a_step, const uint8_t* b,
                 int64_t b_step, uint8_t* y, int64_t count) {
  MulRowOf<Vectors>(p, a, a_step, b, b_step, y, count);
}

}  // namespace integra::kernels
