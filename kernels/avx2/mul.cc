#include "kernels/avx2/vectors.h"
#include "kernels/mul_rows.h"

namespace integra::kernels {

void MulRowAvx2(const MulParams& p, const uint8_t* a, int64_t a_step, const uint8_t* b,
                int64_t b_step, uint8_t* y, int64_t count) {
  MulRowOf<Vectors>(p, a, a_step, b, b_step, y, count);
}

}  // namespace integra::kernels
