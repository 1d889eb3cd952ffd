// GEMM on AVX2, exact: values are widened to 16 bits and multiplied in pairs into 32 bits
// (vpmaddwd). The byte form, vpmaddubsw, would saturate, and be no faster where, as on Zen, both
// are limited by the two multipliers.
//
// A chunk of rows is widened once; tiles of up to 6 rows x 16 channels then keep their sums and the
// output stage in registers.
#include <immintrin.h>

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "kernels/avx2/gemm_row.h"
#include "kernels/avx2/output_stage.h"
#include "kernels/avx2/pack.h"
#include "kernels/avx2/widen.h"
#include "kernels/gemm.h"

namespace integra::kernels {
namespace {

using avx2::Form;
using avx2::Lanes;

constexpr int kRows = 6;
constexpr int kChannels = 16;
// Widened rows of a chunk: they and the weights of a tile share the second-level cache.
constexpr int64_t kChunkBytes = 64 << 10;
constexpr int64_t kMostChunkRows = 96;

struct Tile {
  const int16_t* x;  // [rows][pitch] widened
  int64_t pitch;     // values
  const int16_t* w;  // [steps][16][2], or [steps][8][2] for one vector
  int64_t steps;
  const VectorOutputStage* stage;
  int64_t channel;  // first one
  int64_t valid;    // channels to write
  uint8_t* dst;
  int32_t* sums;  // or null: where the scalar form leaves sums instead of outputs
  int64_t dst_stride;
};

// `sums`: [MR][NV] vectors, a multiple of four of them readable. The constants of 16 channels fill
// ten registers; this is why sums come through memory.
template <Form kForm, int NV, int MR>
INTEGRA_INLINE void StoreVectors(const Tile& t, const __m256i* sums) {
  const VectorOutputStage::Block& block = t.stage->blocks()[t.channel / kChannels];
  const avx2::StageVectors even = avx2::HoldStage(block, 0);
  const avx2::StageVectors odd = NV == 2 ? avx2::HoldStage(block, 1) : even;
  const avx2::ClampVectors clamp = avx2::LoadClamp(*t.stage);
  constexpr int kRowsAtOnce = 4 / NV;
  uint8_t* dst = t.dst;
#pragma GCC unroll 1
  for (int row = 0; row < MR; row += kRowsAtOnce, sums += 4) {
    const __m256i bytes = avx2::NarrowRows(
        avx2::Scale(sums[0], even, kForm), avx2::Scale(sums[1], odd, kForm),
        avx2::Scale(sums[2], even, kForm), avx2::Scale(sums[3], odd, kForm), clamp);
    const __m128i halves[2] = {_mm256_castsi256_si128(bytes), _mm256_extracti128_si256(bytes, 1)};
#pragma GCC unroll 4
    for (int i = 0; i < kRowsAtOnce; ++i, dst += t.dst_stride) {
      if (row + i == MR) return;
      const __m128i half = halves[i * NV / 2];
      avx2::StoreChannels(dst, NV == 1 && i % 2 == 1 ? _mm_unpackhi_epi64(half, half) : half,
                          t.valid);
    }
  }
}

template <int NV, int MR>
INTEGRA_INLINE void StoreScalar(const Tile& t, const __m256i* sums) {
  const auto* values = reinterpret_cast<const int32_t*>(sums);
  for (int i = 0; i < MR; ++i, values += 8 * NV) {
    if (t.sums != nullptr) {
      avx2::StoreSums<8 * NV>(t.sums + i * t.dst_stride, values, t.valid);
      continue;
    }
    for (int64_t n = 0; n < t.valid; ++n) {
      t.dst[i * t.dst_stride + n] = t.stage->ApplyScalar(values[n], t.channel + n);
    }
  }
}

template <Form kForm, int NV, int MR>
void RunTile(const Tile& t) {
  Lanes acc[MR][NV] = {};
  const int16_t* rows[MR];
#pragma GCC unroll 6
  for (int i = 0; i < MR; ++i) rows[i] = t.x + i * t.pitch;
  const int16_t* w = t.w;
  for (int64_t k = 0; k < t.steps; ++k, w += NV * 16) {
    __m256i b[NV];
#pragma GCC unroll 2
    for (int j = 0; j < NV; ++j) b[j] = avx2::Hold(w + 16 * j);
#pragma GCC unroll 6
    for (int i = 0; i < MR; ++i) {
      int32_t pair;
      std::memcpy(&pair, rows[i] + 2 * k, sizeof(pair));
      const __m256i a = _mm256_set1_epi32(pair);
#pragma GCC unroll 2
      for (int j = 0; j < NV; ++j) acc[i][j] += (Lanes)_mm256_madd_epi16(a, b[j]);
    }
  }
  __m256i sums[(MR * NV + 3) / 4 * 4];
#pragma GCC unroll 6
  for (int i = 0; i < MR; ++i) {
#pragma GCC unroll 2
    for (int j = 0; j < NV; ++j) sums[i * NV + j] = (__m256i)acc[i][j];
  }
  asm("" : "+m"(sums));
  if constexpr (kForm == Form::kScalar) {
    StoreScalar<NV, MR>(t, sums);
  } else {
    StoreVectors<kForm, NV, MR>(t, sums);
  }
}

using TileFunction = void (*)(const Tile&);
template <Form kForm, int NV>
constexpr TileFunction kTiles[kRows] = {RunTile<kForm, NV, 1>, RunTile<kForm, NV, 2>,
                                        RunTile<kForm, NV, 3>, RunTile<kForm, NV, 4>,
                                        RunTile<kForm, NV, 5>, RunTile<kForm, NV, 6>};

template <int NV>
const TileFunction* TilesOf(Form form) {
  if (form == Form::kFloor) return kTiles<Form::kFloor, NV>;
  return form == Form::kTwoStep ? kTiles<Form::kTwoStep, NV> : kTiles<Form::kScalar, NV>;
}

class Avx2Gemm final : public Gemm {
 public:
  explicit Avx2Gemm(const GemmProblem& p)
      : n_(p.n),
        segments_(p.segments),
        segment_length_(p.segment_length),
        steps_((p.depth() + 1) / 2),
        chunk_rows_(ChunkRows(p)),
        stage_(p.stage, GemmAddends(p), PlainOrder(p.n, kChannels), LargestSum(p)) {
    const int64_t vectors = (n_ + 7) / 8;
    weights_ = AlignedBuffer(static_cast<size_t>(vectors * steps_ * 16) * 2);
    for (int64_t n = 0; n < n_; n += kChannels) {
      avx2::PackPairs(p, n, std::min<int64_t>(kChannels, n_ - n), WidthAt(n),
                      weights_.data<int16_t>() + n * steps_ * 2);
    }
  }

  void Run(const GemmSource& src, int64_t rows, uint8_t* dst, int64_t dst_stride,
           std::byte* scratch) const override {
    RunTiles(src, rows, dst, dst_stride, stage_.form(), scratch);
  }
  void Run(const GemmSource& src, int64_t rows, int32_t* dst, int64_t dst_stride,
           std::byte* scratch) const override {
    RunTiles(src, rows, dst, dst_stride, Form::kScalar, scratch);
  }

  std::string name() const override { return "own avx2"; }
  size_t scratch_bytes() const override { return avx2::WidenedBytes(chunk_rows_ * 2 * steps_); }
  size_t bytes() const override { return weights_.size() + stage_.bytes(); }

 private:
  // To outputs or, where T is int32_t, to sums.
  template <typename T>
  void RunTiles(const GemmSource& src, int64_t rows, T* dst, int64_t dst_stride, Form form,
                std::byte* scratch) const {
    auto* x = reinterpret_cast<int16_t*>(scratch);
    Tile t{x, 2 * steps_, nullptr, steps_, &stage_, 0, 0, nullptr, nullptr, dst_stride};
    for (int64_t first = 0; first < rows; first += chunk_rows_) {
      const int64_t count = std::min(chunk_rows_, rows - first);
      WidenRows(src, first, count, x);
      for (t.channel = 0; t.channel < n_; t.channel += kChannels) {
        t.valid = std::min<int64_t>(kChannels, n_ - t.channel);
        t.w = weights_.data<int16_t>() + t.channel * steps_ * 2;
        const TileFunction* tiles = WidthAt(t.channel) == 8 ? TilesOf<1>(form) : TilesOf<2>(form);
        for (int64_t r = 0; r < count; r += kRows) {
          t.x = x + r * t.pitch;
          T* const to = dst + (first + r) * dst_stride + t.channel;
          if constexpr (std::is_same_v<T, int32_t>) {
            t.sums = to;
          } else {
            t.dst = to;
          }
          tiles[std::min<int64_t>(kRows, count - r) - 1](t);
        }
      }
    }
  }

  static int64_t ChunkRows(const GemmProblem& p) {
    const int64_t row_bytes = (p.depth() + 1) / 2 * 4;
    const int64_t most = std::min(kMostChunkRows, kChunkBytes / row_bytes);
    return std::min(std::max<int64_t>(1, most / kRows) * kRows, p.max_rows);
  }

  // Kept apart: within RunTiles, GCC 12 makes a first layer of 3 x 3 x 3 taps 15 % slower.
  __attribute__((noinline)) void WidenRows(const GemmSource& src, int64_t first, int64_t count,
                                           int16_t* x) const {
    const int32_t* offsets = src.row_offsets + first;
    for (int64_t r = 0; r < count;) {
      // Rows that follow each other in memory are one long run.
      int64_t run = 1;
      if (segments_ == 1 && segment_length_ == 2 * steps_) {
        while (r + run < count && offsets[r + run] == offsets[r + run - 1] + segment_length_) ++run;
      }
      avx2::Widen(src, segments_, run * segment_length_, first + r, x + r * 2 * steps_);
      r += run;
    }
  }

  // Channels that the tile beginning at `channel` computes.
  int64_t WidthAt(int64_t channel) const { return n_ - channel <= 8 ? 8 : kChannels; }

  const int64_t n_, segments_, segment_length_, steps_;  // a step is two values
  const int64_t chunk_rows_;
  const VectorOutputStage stage_;
  AlignedBuffer weights_;
};

}  // namespace

std::unique_ptr<const Gemm> MakeAvx2Gemm(const GemmProblem& problem) {
  if (auto row = avx2::MakeRowGemm(problem)) return row;
  return std::make_unique<Avx2Gemm>(problem);
}

}  // namespace integra::kernels
