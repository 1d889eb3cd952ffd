#include "kernels/requantize.h"

#include <algorithm>

#include "kernels/avx2/output_stage.h"

namespace integra::kernels::avx2 {

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
    const StageVectors v0 = LoadAndShuffleStage(block, 0);
    const StageVectors v1 = LoadAndShuffleStage(block, 1);
    for (int64_t r = 0; r < rows; ++r) {
      const auto* from = reinterpret_cast<const __m256i*>(sums + r * sum_stride + j);
      const __m256i term = _mm256_set1_epi32(row_terms != nullptr ? row_terms[r] : 0);
      const __m256i a = _mm256_add_epi32(_mm256_loadu_si256(from), term);
      const __m256i b = _mm256_add_epi32(_mm256_loadu_si256(from + 1), term);
      const __m256i s0 = Scale(a, v0, form), s1 = Scale(b, v1, form);
      const __m256i bytes = Unshuffle(NarrowRows(s0, s1, s0, s1, clamp));
      StoreChannels(dst + r * dst_stride + j, _mm256_castsi256_si128(bytes), valid);
    }
  }
}

}  // namespace integra::kernels::avx2
