#include "kernels/requantize.h"

#include <algorithm>

#include "kernels/avx512/output_stage.h"

namespace integra::kernels::avx512 {

void Requantize(const VectorOutputStage& stage, int64_t first, const int32_t* sums,
                int64_t sum_stride, int64_t rows, int64_t n, const int32_t* row_terms, uint8_t* dst,
                int64_t dst_stride) {
  if (stage.form() == Form::kScalar) {
    reference::Requantize(stage, first, sums, sum_stride, rows, n, row_terms, dst, dst_stride);
    return;
  }
  const ClampVectors clamp = LoadClamp(stage);
  const __m512i none = _mm512_setzero_si512();
  for (int64_t j = 0; j < n; j += 16) {
    const VectorOutputStage::Block& block = stage.blocks()[(first + j) / 16];
    const StageVectors v = LoadAndShuffleStage(block);
    const int64_t left = std::min<int64_t>(16, n - j);
    const __mmask16 mask = static_cast<__mmask16>((1u << left) - 1);
    for (int64_t r = 0; r < rows; ++r) {
      __m512i acc = _mm512_maskz_loadu_epi32(mask, sums + r * sum_stride + j);
      if (row_terms != nullptr) acc = _mm512_add_epi32(acc, _mm512_set1_epi32(row_terms[r]));
      const __m512i scaled =
          stage.form() == Form::kFloor ? ScaleFloor(acc, v) : ScaleTwoStep(acc, v);
      const __m512i bytes = Unshuffle(Narrow(scaled, none, none, none, clamp));
      _mm_mask_storeu_epi8(dst + r * dst_stride + j, mask, _mm512_castsi512_si128(bytes));
    }
  }
}

}  // namespace integra::kernels::avx512
