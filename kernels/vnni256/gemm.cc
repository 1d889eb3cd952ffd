// GEMM with VNNI in 256-bit registers: rows are multiplied as they are, four values at a time.
#include <immintrin.h>

#include <algorithm>
#include <type_traits>
#include <vector>

#include "kernels/avx2/folded_stage.h"
#include "kernels/avx2/gemm_store.h"
#include "kernels/avx2/output_stage.h"
#include "kernels/vnni256.h"
#include "kernels/vnni256/gemm_pack.h"
#include "kernels/vnni256/gemms.h"
#include "kernels/vnni256/products.h"
#include "kernels/vnni256/row_terms.h"

namespace integra::kernels {
namespace {

using avx2::Finish;
using avx2::kTileChannels;

constexpr int kRows = 6;  // of a tile: with two vectors of channels, 12 of 16 registers are sums

struct Tile {
  const int8_t* weights;        // [steps][NV][8][4]
  const int32_t* step_offsets;  // [steps]: of the step's four bytes from where a row begins
  int64_t steps;
  const uint8_t* base;
  const int32_t* row_offsets;  // [MR]
  const int32_t* row_terms;    // [MR]: -zw * sum(x); or null, where all are 0
  avx2::TileOutput out;
};

template <Finish kFinish, int NV, int MR>
void RunTile(const Tile& t) {
  Lanes acc[MR][NV];
  const uint8_t* rows[MR];
#pragma GCC unroll 6
  for (int i = 0; i < MR; ++i) {
    rows[i] = t.base + t.row_offsets[i];
#pragma GCC unroll 2
    for (int j = 0; j < NV; ++j) {
      if constexpr (avx2::IsFolded(kFinish)) {
        acc[i][j] = (Lanes)avx2::Hold(t.out.folded->vectors[j].start);
      } else {
        acc[i][j] = Lanes{};
      }
      if (t.row_terms != nullptr) acc[i][j] += (Lanes)_mm256_set1_epi32(t.row_terms[i]);
    }
  }
  const int8_t* w = t.weights;
  for (int64_t step = 0; step < t.steps; ++step, w += 32 * NV) {
    const int64_t k = t.step_offsets[step];
    __m256i b[NV];
#pragma GCC unroll 2
    for (int j = 0; j < NV; ++j) b[j] = avx2::Hold(w + 32 * j);
#pragma GCC unroll 6
    for (int i = 0; i < MR; ++i) {
      const __m256i a = Broadcast4(rows[i] + k);
#pragma GCC unroll 2
      for (int j = 0; j < NV; ++j) acc[i][j] = MultiplyAdd(acc[i][j], a, b[j]);
    }
  }
  avx2::Store<kFinish>(t.out, acc);
}

using TileFunction = void (*)(const Tile&);
template <Finish kFinish, int NV>
constexpr TileFunction kTiles[kRows] = {RunTile<kFinish, NV, 1>, RunTile<kFinish, NV, 2>,
                                        RunTile<kFinish, NV, 3>, RunTile<kFinish, NV, 4>,
                                        RunTile<kFinish, NV, 5>, RunTile<kFinish, NV, 6>};

// By number of rows less one.
template <int NV>
const TileFunction* TilesOf(Finish finish) {
  switch (finish) {
    case Finish::kFloor:
      return kTiles<Finish::kFloor, NV>;
    case Finish::kTwoStep:
      return kTiles<Finish::kTwoStep, NV>;
    case Finish::kFoldedFloor:
      return kTiles<Finish::kFoldedFloor, NV>;
    case Finish::kFoldedTwoStep:
      return kTiles<Finish::kFoldedTwoStep, NV>;
    default:
      return kTiles<Finish::kScalar, NV>;
  }
}

class Vnni256Gemm final : public Gemm {
 public:
  explicit Vnni256Gemm(const GemmProblem& p)
      : n_(p.n),
        segments_(p.segments),
        segment_length_(p.segment_length),
        segment_steps_((p.segment_length + 3) / 4),
        weight_zero_point_(p.weight_zero_point),
        max_rows_(p.max_rows),
        stage_(GemmStage(p, ShuffledOrder(p.n, kTileChannels), VectorOutputStage::Join::kShuffle)),
        folded_(avx2::FoldConstants, stage_, avx2::OrderOfTiles(p.n)) {
    weights_ = AlignedBuffer(static_cast<size_t>((n_ + 7) / 8 * 8 * steps() * 4));
    for (int64_t n = 0; n < n_; n += kTileChannels) {
      PackTile(p, stage_.order().data() + n, avx2::TileWidth(n_, n),
               weights_.data<int8_t>() + n * steps() * 4);
    }
  }

  void Run(const GemmSource& src, int64_t rows, uint8_t* dst, int64_t dst_stride,
           std::byte* scratch) const override {
    RunRows(src, rows, dst, dst_stride, avx2::FinishOf(stage_.form(), folded_.blocks() != nullptr),
            scratch);
  }
  void Run(const GemmSource& src, int64_t rows, int32_t* dst, int64_t dst_stride,
           std::byte* scratch) const override {
    RunRows(src, rows, dst, dst_stride, Finish::kScalar, scratch);
  }

  int64_t read_multiple() const override { return weight_zero_point_ == 0 ? 4 : 32; }
  std::string name() const override { return "own avx2_vnni"; }
  size_t scratch_bytes() const override {
    return static_cast<size_t>(steps() + term_rows()) * sizeof(int32_t);
  }
  size_t bytes() const override { return weights_.size() + stage_.bytes() + folded_.bytes(); }

 private:
  int64_t steps() const { return segments_ * segment_steps_; }
  // FindRowTerms takes whole blocks.
  int64_t term_rows() const { return (max_rows_ + kTermRows - 1) / kTermRows * kTermRows; }
  int64_t tile_bytes() const { return steps() * 4 * kTileChannels; }

  // To outputs or, where T is int32_t, to sums.
  template <typename T>
  void RunRows(const GemmSource& src, int64_t rows, T* dst, int64_t dst_stride, Finish finish,
               std::byte* scratch) const {
    auto* row_terms = reinterpret_cast<int32_t*>(scratch);
    int32_t* const step_offsets = row_terms + term_rows();
    for (int64_t t = 0, step = 0; t < segments_; ++t) {
      for (int64_t k = 0; k < segment_steps_; ++k) {
        step_offsets[step++] = src.segment_offsets[t] + static_cast<int32_t>(4 * k);
      }
    }
    if (weight_zero_point_ == 0) {
      row_terms = nullptr;
    } else {
      FindRowTerms(src, segments_, segment_length_, rows, -weight_zero_point_, row_terms);
    }
    Tile tile = {};
    tile.step_offsets = step_offsets;
    tile.steps = steps();
    tile.base = src.base;
    tile.out.stage = &stage_;
    tile.out.dst_stride = dst_stride;
    for (int64_t n = 0; n < n_; n += kTileChannels) {
      tile.weights = weights_.data<int8_t>() + n * steps() * 4;
      const Finish of_tile = avx2::BeginTile(n_, n, finish, folded_.blocks(), tile.out);
      const TileFunction* const tiles =
          avx2::TileWidth(n_, n) == 8 ? TilesOf<1>(of_tile) : TilesOf<2>(of_tile);
      avx2::WeightsAhead ahead(tile.weights + tile_bytes(), tile_bytes(), n + kTileChannels < n_,
                               static_cast<int64_t>(weights_.size()), (rows + kRows - 1) / kRows);
      for (int64_t r = 0; r < rows; r += kRows) {
        ahead.Ask();
        tile.row_offsets = src.row_offsets + r;
        if (row_terms != nullptr) tile.row_terms = row_terms + r;
        T* const to = dst + r * dst_stride + n;
        if constexpr (std::is_same_v<T, int32_t>) {
          tile.out.sums = to;
        } else {
          tile.out.dst = to;
        }
        tiles[std::min<int64_t>(kRows, rows - r) - 1](tile);
      }
    }
  }

  const int64_t n_;
  const int64_t segments_, segment_length_;
  const int64_t segment_steps_;  // of four values
  const int32_t weight_zero_point_;
  const int64_t max_rows_;
  const VectorOutputStage stage_;
  const avx2::FoldedStage folded_;  // where the stage can be
  AlignedBuffer weights_;
};

}  // namespace

std::unique_ptr<const Gemm> INTEGRA_ENCODING::MakeGemm(const GemmProblem& problem) {
  if (auto row = INTEGRA_ENCODING::MakeRowGemm(problem)) return row;
  return std::make_unique<Vnni256Gemm>(problem);
}

}  // namespace integra::kernels
