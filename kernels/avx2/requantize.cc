#include "kernels/requantize.h"

#include <algorithm>
#include <cstring>

#include "kernels/avx2/output_stage.h"

namespace integra::kernels::avx2 {

void Requantize(const VectorOutputStage& stage, const int32_t* sums, int64_t sum_stride,
                int64_t rows, int64_t n, const int32_t* row_terms, uint8_t* dst,
                int64_t dst_stride) {
  const int64_t whole = stage.form() == Form::kScalar ? 0 : n / 16 * 16;
  const Form form = stage.form();
  const ClampVectors clamp = LoadClamp(stage);
  for (int64_t j = 0; j < whole; j += 16) {
    const VectorOutputStage::Block& block = stage.blocks()[j / 16];
    const StageVectors v0 = LoadStage(block, 0), v1 = LoadStage(block, 1);
    for (int64_t r = 0; r < rows; ++r) {
      const auto* from = reinterpret_cast<const __m256i*>(sums + r * sum_stride + j);
      const __m256i term = _mm256_set1_epi32(row_terms != nullptr ? row_terms[r] : 0);
      const __m256i a = _mm256_add_epi32(_mm256_loadu_si256(from), term);
      const __m256i b = _mm256_add_epi32(_mm256_loadu_si256(from + 1), term);
      const __m256i s0 = Scale(a, v0, form), s1 = Scale(b, v1, form);
      _mm_storeu_si128(reinterpret_cast<__m128i*>(dst + r * dst_stride + j),
                       _mm256_castsi256_si128(NarrowRows(s0, s1, s0, s1, clamp)));
    }
  }
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t j = whole; j < n; ++j) {
      const auto sum = static_cast<uint32_t>(sums[r * sum_stride + j]) +
                       static_cast<uint32_t>(row_terms != nullptr ? row_terms[r] : 0);
      dst[r * dst_stride + j] = stage.ApplyScalar(static_cast<int32_t>(sum), j);
    }
  }
}

}  // namespace integra::kernels::avx2
