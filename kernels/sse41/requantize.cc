#include "kernels/requantize.h"

#include <algorithm>

#include "kernels/sse41/output_stage.h"

namespace integra::kernels::sse41 {

void Requantize(const VectorOutputStage& stage, int64_t first, const int32_t* sums,
                int64_t sum_stride, int64_t rows, int64_t n, const int32_t* row_terms, uint8_t* dst,
                int64_t dst_stride) {
  const Form form = stage.form();
  if (form == Form::kScalar) {
    reference::Requantize(stage, first, sums, sum_stride, rows, n, row_terms, dst, dst_stride);
    return;
  }
  const ClampVectors clamp = LoadClamp(stage);
  for (int64_t j = 0; j < n; j += 16) {
    const int64_t valid = std::min<int64_t>(16, n - j);
    const VectorOutputStage::Block& block = stage.blocks()[(first + j) / 16];
    for (int64_t r = 0; r < rows; ++r) {
      const auto* from = reinterpret_cast<const __m128i*>(sums + r * sum_stride + j);
      const __m128i term = _mm_set1_epi32(row_terms != nullptr ? row_terms[r] : 0);
      __m128i acc[4];
      for (int v = 0; v < 4; ++v) acc[v] = _mm_add_epi32(_mm_loadu_si128(from + v), term);
      StoreChannels(dst + r * dst_stride + j, ScaleBlock(acc, block, clamp, form), valid);
    }
  }
}

}  // namespace integra::kernels::sse41
