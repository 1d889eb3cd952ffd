#include "kernels/add_rows.h"
#include "kernels/avx512/vectors.h"

namespace integra::kernels {

void AddRowAvx512(const AddParams& p, const uint8_t* a, int64_t a_step, const uint8_t* b,
                  int64_t b_step, uint8_t* y, int64_t count) {
  AddRowOf<Vectors>(p, a, a_step, b, b_step, y, count);
}

}  // namespace integra::kernels
