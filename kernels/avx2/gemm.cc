// GEMM on AVX2, exact: values are widened to 16 bits and multiplied in pairs into 32 bits
// (vpmaddwd). It takes rows that overlap, weights with a zero point, and whatever else is not
// likely to be faster by products of bytes (gemm_bytes.cc).
//
// A chunk of rows is widened once, or, where they overlap as in a 3 x 3 convolution, the span of
// memory that they are in; tiles of up to 6 rows x 16 channels then keep their sums and the output
// stage in registers.
#include <immintrin.h>

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "kernels/avx2/folded_stage.h"
#include "kernels/avx2/gemm_bytes.h"
#include "kernels/avx2/gemm_row.h"
#include "kernels/avx2/gemm_store.h"
#include "kernels/avx2/output_stage.h"
#include "kernels/avx2/widen.h"
#include "kernels/gemm.h"
#include "kernels/pack_pairs.h"

namespace integra::kernels {
namespace {

using avx2::Finish;
using avx2::Form;
using avx2::Lanes;

constexpr int kRows = 6;
constexpr int64_t kChannels = avx2::kTileChannels;
// Widened rows of a chunk: they and the weights of a tile share the second-level cache.
constexpr int64_t kChunkBytes = 64 << 10;
constexpr int64_t kMostChunkRows = 96;
constexpr int64_t kFirstLevelBytes = avx2::WeightsAhead::kFirstLevelBytes;

struct Tile {
  const int16_t* x;  // widened
  // Row i begins at i * pitch or, where it has segments, segment s of it at row_offsets[i] +
  // segment_offsets[s].
  int64_t pitch;
  const int32_t* row_offsets;
  const int32_t* segment_offsets;
  int64_t segments;
  int64_t steps;  // of two values, per segment: an odd one ends with a weight of 0
  const void* w;  // [segments][steps][16][2], or [...][8][2] for one vector
  avx2::TileOutput out;
};

// 8 bits wide, weights are widened as they are loaded.
INTEGRA_INLINE __m256i LoadWeights(const int8_t* w) {
  __m256i v = _mm256_cvtepi8_epi16(_mm_load_si128(reinterpret_cast<const __m128i*>(w)));
  asm("" : "+x"(v));
  return v;
}
INTEGRA_INLINE __m256i LoadWeights(const int16_t* w) { return avx2::Hold(w); }

// acc += x * w over one run of each row.
template <typename W, int NV, int MR>
INTEGRA_INLINE void AddRun(const int16_t* const (&rows)[MR], int64_t steps, const W* w,
                           Lanes (&acc)[MR][NV]) {
  for (int64_t k = 0; k < steps; ++k, w += NV * 16) {
    __m256i b[NV];
#pragma GCC unroll 2
    for (int j = 0; j < NV; ++j) b[j] = LoadWeights(w + 16 * j);
#pragma GCC unroll 6
    for (int i = 0; i < MR; ++i) {
      int32_t pair;
      std::memcpy(&pair, rows[i] + 2 * k, sizeof(pair));
      const __m256i a = _mm256_set1_epi32(pair);
#pragma GCC unroll 2
      for (int j = 0; j < NV; ++j) acc[i][j] += (Lanes)_mm256_madd_epi16(a, b[j]);
    }
  }
}

// Segmented or not: going over segments takes up to a tenth of the time of a short row.
template <typename W, bool kSegmented, Finish kFinish, int NV, int MR>
void RunTile(const Tile& t) {
  Lanes acc[MR][NV] = {};
  if constexpr (avx2::IsFolded(kFinish)) {
#pragma GCC unroll 2
    for (int j = 0; j < NV; ++j) {
      const auto start = (Lanes)avx2::Hold(t.out.folded->vectors[j].start);
#pragma GCC unroll 6
      for (int i = 0; i < MR; ++i) acc[i][j] = start;
    }
  }
  const int16_t* rows[MR];
  if constexpr (kSegmented) {
    auto w = static_cast<const W*>(t.w);
    for (int64_t s = 0; s < t.segments; ++s, w += t.steps * NV * 16) {
#pragma GCC unroll 6
      for (int i = 0; i < MR; ++i) rows[i] = t.x + t.segment_offsets[s] + t.row_offsets[i];
      AddRun(rows, t.steps, w, acc);
    }
  } else {
#pragma GCC unroll 6
    for (int i = 0; i < MR; ++i) rows[i] = t.x + i * t.pitch;
    AddRun(rows, t.steps, static_cast<const W*>(t.w), acc);
  }
  avx2::Store<kFinish>(t.out, acc);
}

using TileFunction = void (*)(const Tile&);
template <typename W, bool kSegmented, Finish kFinish, int NV>
constexpr TileFunction kTiles[kRows] = {
    RunTile<W, kSegmented, kFinish, NV, 1>, RunTile<W, kSegmented, kFinish, NV, 2>,
    RunTile<W, kSegmented, kFinish, NV, 3>, RunTile<W, kSegmented, kFinish, NV, 4>,
    RunTile<W, kSegmented, kFinish, NV, 5>, RunTile<W, kSegmented, kFinish, NV, 6>};

template <typename W, bool kSegmented, int NV>
const TileFunction* TilesOf(Finish finish) {
  switch (finish) {
    case Finish::kFloor:
      return kTiles<W, kSegmented, Finish::kFloor, NV>;
    case Finish::kTwoStep:
      return kTiles<W, kSegmented, Finish::kTwoStep, NV>;
    case Finish::kFoldedFloor:
      return kTiles<W, kSegmented, Finish::kFoldedFloor, NV>;
    case Finish::kFoldedTwoStep:
      return kTiles<W, kSegmented, Finish::kFoldedTwoStep, NV>;
    default:
      return kTiles<W, kSegmented, Finish::kScalar, NV>;
  }
}

// p.max_span where widening it is less work than widening every row; else 0.
int64_t OverlappingSpan(const GemmProblem& p) {
  return p.max_span < p.max_rows * p.depth() ? p.max_span : 0;
}

// W is the type of packed weights, int8_t or int16_t.
template <typename W>
class Avx2Gemm final : public Gemm {
 public:
  explicit Avx2Gemm(const GemmProblem& p)
      : n_(p.n),
        segments_(p.segments),
        segment_length_(p.segment_length),
        max_span_(OverlappingSpan(p)),
        run_length_(max_span_ > 0 ? p.segment_length : p.depth()),
        steps_(p.depth() / run_length_ * ((run_length_ + 1) / 2)),
        chunk_rows_(ChunkRows(p)),
        stage_(GemmStage(p, ShuffledOrder(p.n, kChannels), VectorOutputStage::Join::kShuffle)),
        folded_(avx2::FoldConstants, stage_, avx2::OrderOfTiles(p.n)) {
    const int64_t vectors = (n_ + 7) / 8;
    weights_ = AlignedBuffer(static_cast<size_t>(vectors * steps_ * 16) * sizeof(W));
    for (int64_t n = 0; n < n_; n += kChannels) {
      const int64_t count = std::min<int64_t>(kChannels, n_ - n), width = avx2::TileWidth(n_, n);
      const int8_t* from = p.weights + n * p.depth();
      auto* to = weights_.data<W>() + n * steps_ * 2;
      for (int64_t k = 0; k < p.depth();
           k += run_length_, to += (run_length_ + 1) / 2 * width * 2) {
        PackPairs<true>(from + k, p.depth(), p.weight_zero_point, run_length_, count, width, to);
      }
    }
  }

  void Run(const GemmSource& src, int64_t rows, uint8_t* dst, int64_t dst_stride,
           std::byte* scratch) const override {
    RunTiles(src, rows, dst, dst_stride, avx2::FinishOf(stage_.form(), folded_.blocks() != nullptr),
             scratch);
  }
  void Run(const GemmSource& src, int64_t rows, int32_t* dst, int64_t dst_stride,
           std::byte* scratch) const override {
    RunTiles(src, rows, dst, dst_stride, Finish::kScalar, scratch);
  }

  int64_t read_multiple() const override { return 16; }
  std::string name() const override { return "own avx2"; }
  size_t scratch_bytes() const override {
    return avx2::WidenedBytes(max_span_ > 0 ? max_span_ : chunk_rows_ * 2 * steps_);
  }
  size_t bytes() const override { return weights_.size() + stage_.bytes() + folded_.bytes(); }

 private:
  // To outputs or, where T is int32_t, to sums.
  template <typename T>
  void RunTiles(const GemmSource& src, int64_t rows, T* dst, int64_t dst_stride, Finish finish,
                std::byte* scratch) const {
    auto* x = reinterpret_cast<int16_t*>(scratch);
    Tile t = {};
    t.out.stage = &stage_;
    t.out.dst_stride = dst_stride;
    if (max_span_ > 0) {
      const int32_t first = src.row_offsets[0] + src.segment_offsets[0];
      const int32_t last = src.row_offsets[rows - 1] + src.segment_offsets[segments_ - 1];
      avx2::WidenRun(src.base + first, last - first + segment_length_, x);
      t.x = x - first;
      t.row_offsets = src.row_offsets;
      t.segment_offsets = src.segment_offsets;
      t.segments = segments_;
      t.steps = (segment_length_ + 1) / 2;
      RunChunk<true>(t, rows, dst, finish);
      return;
    }
    t.x = x;
    t.pitch = 2 * steps_;
    t.steps = steps_;
    for (int64_t first = 0; first < rows; first += chunk_rows_) {
      const int64_t count = std::min(chunk_rows_, rows - first);
      WidenRows(src, first, count, x);
      RunChunk<false>(t, count, dst + first * dst_stride, finish);
    }
  }

  template <bool kSegmented, typename T>
  void RunChunk(Tile t, int64_t rows, T* dst, Finish finish) const {
    const int16_t* const x = t.x;
    const int32_t* const row_offsets = t.row_offsets;
    for (t.out.channel = 0; t.out.channel < n_; t.out.channel += kChannels) {
      t.w = weights_.data<W>() + t.out.channel * steps_ * 2;
      const Finish of_tile = avx2::BeginTile(n_, t.out.channel, finish, folded_.blocks(), t.out);
      const TileFunction* tiles = avx2::TileWidth(n_, t.out.channel) == 8
                                      ? TilesOf<W, kSegmented, 1>(of_tile)
                                      : TilesOf<W, kSegmented, 2>(of_tile);
      const int64_t next = t.out.channel + kChannels;
      avx2::WeightsAhead ahead(weights_.data<W>() + next * steps_ * 2, TileBytes(), next < n_,
                               static_cast<int64_t>(weights_.size()), (rows + kRows - 1) / kRows);
      for (int64_t r = 0; r < rows; r += kRows) {
        ahead.Ask();
        if constexpr (kSegmented) {
          t.row_offsets = row_offsets + r;
        } else {
          t.x = x + r * t.pitch;
        }
        T* const to = dst + r * t.out.dst_stride + t.out.channel;
        if constexpr (std::is_same_v<T, int32_t>) {
          t.out.sums = to;
        } else {
          t.out.dst = to;
        }
        tiles[std::min<int64_t>(kRows, rows - r) - 1](t);
      }
    }
  }

  int64_t TileBytes() const { return steps_ * 2 * kChannels * static_cast<int64_t>(sizeof(W)); }

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
      const bool runs = segments_ == 1 && segment_length_ == 2 * steps_;
      const int64_t run = runs ? avx2::FollowingRows(offsets + r, count - r, segment_length_) : 1;
      avx2::Widen(src, segments_, run * segment_length_, first + r, x + r * 2 * steps_);
      r += run;
    }
  }

  const int64_t n_, segments_, segment_length_;
  const int64_t max_span_;    // 0: rows are widened one by one
  const int64_t run_length_;  // values without a gap: a segment's or, in copied rows, all
  const int64_t steps_;       // of two values, of all runs; an odd run ends with a weight of 0
  const int64_t chunk_rows_;
  const VectorOutputStage stage_;
  const avx2::FoldedStage folded_;  // where the stage can be
  AlignedBuffer weights_;
};

// Weights that are 16 bits wide save the instructions that widen them, a 13th of a tile's. They
// must be so where a zero point other than 0 needs nine bits. Else this pays where those of a tile
// stay in the first-level cache, beside rows, for enough rows: they come from further away. Layers
// of many weights would take much memory for little.
bool HasWideWeights(const GemmProblem& p) {
  constexpr int64_t kMostTileBytes = kFirstLevelBytes * 5 / 8, kFewestRows = 6 * kRows;
  constexpr int64_t kMostWeights = int64_t{128} << 10;
  const int64_t tile_bytes = p.depth() * kChannels * static_cast<int64_t>(sizeof(int16_t));
  const bool pays =
      tile_bytes <= kMostTileBytes && p.max_rows >= kFewestRows && p.n * p.depth() <= kMostWeights;
  return p.weight_zero_point != 0 || pays;
}

}  // namespace

std::unique_ptr<const Gemm> MakeAvx2Gemm(const GemmProblem& problem) {
  if (auto row = avx2::MakeRowGemm(problem)) return row;
  if (OverlappingSpan(problem) == 0) {
    if (auto bytes = avx2::MakeByteGemm(problem)) return bytes;
  }
  if (HasWideWeights(problem)) return std::make_unique<Avx2Gemm<int16_t>>(problem);
  return std::make_unique<Avx2Gemm<int8_t>>(problem);
}

}  // namespace integra::kernels
