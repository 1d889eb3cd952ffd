#include "kernels/requantize.h"

namespace integra::kernels::reference {

void Requantize(const VectorOutputStage& stage, int64_t first, const int32_t* sums,
                int64_t sum_stride, int64_t rows, int64_t n, const int32_t* row_terms, uint8_t* dst,
                int64_t dst_stride) {
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t j = 0; j < n; ++j) {
      // Modulo 2^32, as vectors of sums are added.
      const auto sum = static_cast<uint32_t>(sums[r * sum_stride + j]) +
                       static_cast<uint32_t>(row_terms != nullptr ? row_terms[r] : 0);
      dst[r * dst_stride + j] = stage.ApplyScalar(static_cast<int32_t>(sum), first + j);
    }
  }
}

}  // namespace integra::kernels::reference
