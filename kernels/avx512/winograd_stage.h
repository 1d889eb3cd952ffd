// The end of Winograd's convolutions on AVX-512: what the output stages of 16 channels hold, the
// last transform, and stores.
#pragma once

#include "kernels/avx512/output_stage.h"
#include "kernels/avx512/vectors.h"
#include "kernels/gemm.h"
#include "kernels/winograd_fold.h"
#include "kernels/winograd_transforms.h"

namespace integra::kernels::avx512 {

// Vectors of a tile's sums that were transformed in one direction.
constexpr int64_t kHalfVectors = kWinogradTile * 6;

// The output stage of 16 channels for sums times 64: instead of them, c and what follows the
// product are shifted, by 6 less what `pre` would shift them (see VectorOutputStage).
struct WinogradStage {
  StageVectors v;  // `half` is shifted, too, and `pre` is the shifted unit to subtract below it
  ClampVectors clamp;
  __m512i inverse;  // of 9
};

// |addend| <= 2^24 and s in [-5, 24], so that products of 64 * (sum + addend), whose sum is less
// than 2^25, and all that is added to them fit in 64 bits.
INTEGRA_INLINE bool HasWinogradStage(const VectorOutputStage& stage) {
  if (stage.form() == Form::kScalar) return false;
  for (const int32_t a : stage.addends()) {
    if (a < -(1 << 24) || a > 1 << 24) return false;
  }
  for (const Multiplier& f : stage.stage().multipliers) {
    if (f.m != 0 && (f.s < -5 || f.s > 24)) return false;
  }
  return true;
}

INTEGRA_INLINE WinogradStage MakeWinogradStage(const VectorOutputStage& stage, int64_t block) {
  StageVectors v = LoadAndShuffleStage(stage.blocks()[block]);
  const __m512i left = _mm512_sub_epi32(_mm512_set1_epi32(6), v.pre);
  const __m512i joined = _mm512_shuffle_epi32(left, _MM_PERM_DBCA);
  v.c[0] = _mm512_sllv_epi64(v.c[0], _mm512_maskz_mov_epi32(0x5555, left));
  v.c[1] = _mm512_sllv_epi64(v.c[1], _mm512_srli_epi64(left, 32));
  v.shift = _mm512_add_epi32(v.shift, joined);
  const __mmask16 some = _mm512_cmpgt_epi32_mask(v.half, _mm512_set1_epi32(INT32_MIN));
  v.half = _mm512_mask_mov_epi32(v.half, some, _mm512_sllv_epi32(v.half, joined));
  v.pre = _mm512_sllv_epi32(_mm512_set1_epi32(1), joined);
  return {v, LoadClamp(stage), _mm512_set1_epi32(kInverseOfNine)};
}

// 576 times the sums of four pixels, from six vectors.
INTEGRA_INLINE void FourPixels(const __m512i* half, __m512i (&sums)[4]) {
  const __m512i row[6] = {Vectors::Load(half),     Vectors::Load(half + 1),
                          Vectors::Load(half + 2), Vectors::Load(half + 3),
                          Vectors::Load(half + 4), Vectors::Load(half + 5)};
  TransformSums<Vectors>(row, sums);
}

// 64 times the sums.
INTEGRA_INLINE void FourPixels(const __m512i* half, __m512i inverse, __m512i (&sums)[4]) {
  FourPixels(half, sums);
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) sums[j] = Vectors::Multiply(sums[j], inverse);
}

// 64 times the sums, scaled.
template <Form kForm>
INTEGRA_INLINE __m512i ScaleSums(__m512i sums, const StageVectors& v) {
  __m512i h = MultiplyHigh(sums, v);
  if (kForm == Form::kTwoStep) {
    h = _mm512_mask_sub_epi32(h, _mm512_cmplt_epi32_mask(h, v.half), h, v.pre);
  }
  return _mm512_srav_epi32(h, v.shift);
}

// WinogradFold of 16 channels, of joined lanes but for m and start.
struct alignas(64) FoldedWinogradStage {
  int64_t m[2][8];  // of even channels, then odd ones
  int32_t start[16];
  int32_t shift[16], half[16], less[16];
  int16_t offset_of_two[32];  // to be added: for two pixels, whose lanes alternate
  int16_t offset[16];         // the same for one
};

INTEGRA_INLINE void SetFold(const WinogradFold& fold, int64_t lane, FoldedWinogradStage& to) {
  const int64_t joined = VectorOutputStage::Shuffled(lane);
  to.m[lane % 2][lane / 2] = fold.m;
  to.start[lane] = fold.start;
  to.shift[joined] = fold.shift;
  to.half[joined] = fold.half;
  to.less[joined] = fold.less;
  to.offset[joined] = static_cast<int16_t>(-fold.offset);
  for (const int64_t pixel : {0, 4}) {
    to.offset_of_two[joined / 4 * 8 + pixel + joined % 4] = to.offset[joined];
  }
}

namespace {

// Of a FoldedWinogradStage. Where kLess is false, the last two are not used: `less` is 0
// everywhere.
struct FoldVectors {
  __m512i m[2], shift, half, less;
};

// 576 times the sums, scaled.
template <bool kLess>
INTEGRA_INLINE __m512i ScaleSums(__m512i sums, const FoldVectors& v) {
  __m512i h = MultiplyHigh(sums, v.m);
  if constexpr (kLess) {
    h = _mm512_mask_sub_epi32(h, _mm512_cmplt_epi32_mask(h, v.half), h, v.less);
  }
  return _mm512_srav_epi32(h, v.shift);
}

// The output stages of all blocks of 16 output channels.
class BlockStages {
 public:
  static constexpr int64_t kWidth = 16;

  explicit BlockStages(const GemmProblem& p)
      : stage_(WinogradOutputStage(p)),
        form_(HasWinogradStage(stage_) ? stage_.form() : Form::kScalar) {
    const auto blocks = static_cast<size_t>((p.n + kWidth - 1) / kWidth);
    const std::vector<WinogradFold> folds = FoldWinogradStage(p, stage_.addends());
    if (!folds.empty()) {
      folded_ = AlignedBuffer(blocks * sizeof(FoldedWinogradStage));
      for (int64_t n = 0; n < p.n; ++n) {
        const WinogradFold& fold = folds[static_cast<size_t>(n)];
        SetFold(fold, n % kWidth, folded_.data<FoldedWinogradStage>()[n / kWidth]);
        less_ = less_ || fold.less != 0;
      }
    } else if (form_ != Form::kScalar) {
      scaled_ = AlignedBuffer(blocks * sizeof(WinogradStage));
      for (int64_t n = 0; n < p.n; n += kWidth) {
        scaled_.data<WinogradStage>()[n / kWidth] = MakeWinogradStage(stage_, n / kWidth);
      }
    }
  }

  const VectorOutputStage& stage() const { return stage_; }
  // Of each block, where all channels have a WinogradFold; or null.
  const FoldedWinogradStage* folded() const { return folded_.data<FoldedWinogradStage>(); }
  bool has_less() const { return less_; }  // whether these have `less` anywhere
  // If they have none: of each block, in this form; none in kScalar.
  const WinogradStage* scaled() const { return scaled_.data<WinogradStage>(); }
  Form form() const { return form_; }
  size_t bytes() const { return stage_.bytes() + scaled_.size() + folded_.size(); }

 private:
  const VectorOutputStage stage_;
  const Form form_;  // kScalar where there is no WinogradStage
  AlignedBuffer folded_, scaled_;
  bool less_ = false;
};

}  // namespace

// `columns` of four pixels, `stride` bytes apart, and their first `channels`.
INTEGRA_INLINE void StoreFour(__m512i bytes, int64_t columns, int64_t channels, int64_t stride,
                              uint8_t* to) {
  const __m128i pixels[4] = {_mm512_castsi512_si128(bytes), _mm512_extracti32x4_epi32(bytes, 1),
                             _mm512_extracti32x4_epi32(bytes, 2),
                             _mm512_extracti32x4_epi32(bytes, 3)};
  if (columns == 4 && stride == 16) {
    _mm512_storeu_si512(to, bytes);
  } else if (columns == 4 && channels == 16) {
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to + j * stride), pixels[j]);
    }
  } else {
    const unsigned all = (1u << channels) - 1;
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) {
      _mm_mask_storeu_epi8(to + j * stride, static_cast<__mmask16>(j < columns ? all : 0),
                           pixels[j]);
    }
  }
}

}  // namespace integra::kernels::avx512
