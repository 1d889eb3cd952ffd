// The end of a GEMM's tile on AVX2: from sums in registers to outputs. Included by the files of
// GEMMs, whose tiles are 16 channels wide, or 8 at the end.
#pragma once

#include <immintrin.h>

#include <algorithm>
#include <vector>

#include "kernels/avx2/folded_stage.h"
#include "kernels/avx2/output_stage.h"

namespace integra::kernels::avx2 {

constexpr int64_t kTileChannels = 16;

struct TileOutput {
  const VectorOutputStage* stage;
  const FoldedStage::Block* folded;  // of the tile, instead of `stage`, or null
  int64_t channel;                   // first one
  int64_t valid;                     // channels to write
  uint8_t* dst;
  int32_t* sums;  // or null: where the scalar form leaves sums instead of outputs
  int64_t dst_stride;
};

// Of the last tile and of others: channels that the tile beginning at `channel` computes.
INTEGRA_INLINE int64_t TileWidth(int64_t n, int64_t channel) {
  return n - channel <= 8 ? 8 : kTileChannels;
}

// Sets what `out` has of the tile that begins at `channel`, and returns how it ends: only whole
// tiles take a folded stage (`blocks`, or null).
INTEGRA_INLINE Finish BeginTile(int64_t n, int64_t channel, Finish finish,
                                const FoldedStage::Block* blocks, TileOutput& out) {
  out.channel = channel;
  out.valid = std::min(kTileChannels, n - channel);
  if (!IsFolded(finish)) return finish;
  if (out.valid != TileWidth(n, channel)) return FinishOf(FormOf(finish), false);
  out.folded = blocks + channel / kTileChannels;
  return finish;
}

// Asks for the weights of the next tile while the rows of one are multiplied, a part for each tile
// of rows. Processors that fetch ahead by themselves stop at the end of each pass over a tile's
// weights.
class WeightsAhead {
 public:
  // `next`: the next tile's `tile_bytes`, if there is one. Weights of all tiles that stay in the
  // first-level cache are not asked for.
  INTEGRA_MEMBER WeightsAhead(const void* next, int64_t tile_bytes, bool has_next,
                              int64_t all_bytes, int64_t row_tiles)
      : at_(static_cast<const char*>(next)) {
    if (!has_next || all_bytes < kFirstLevelBytes) return;
    part_ = (tile_bytes / kLine + row_tiles) / row_tiles * kLine;
  }

  INTEGRA_MEMBER void Ask() {
    for (const char* const end = at_ + part_; at_ < end; at_ += kLine) {
      _mm_prefetch(at_, _MM_HINT_T1);
    }
  }

  static constexpr int64_t kFirstLevelBytes = 32 << 10;

 private:
  static constexpr int64_t kLine = 64;

  const char* at_;
  int64_t part_ = 0;
};

// For a FoldedStage: a single vector stands in its block twice, as rows are packed in pairs.
INTEGRA_INLINE std::vector<int64_t> OrderOfTiles(int64_t n) {
  std::vector<int64_t> order = ShuffledOrder(n, kTileChannels);
  const auto last = order.end() - kTileChannels;
  if (TileWidth(n, (n - 1) / kTileChannels * kTileChannels) == 8) {
    std::copy(last, last + 8, last + 8);
  }
  return order;
}

// `sums`: [MR][NV] vectors, a multiple of four of them readable. The constants of 16 channels fill
// ten registers; this is why sums come through memory.
template <Form kForm, int NV, int MR>
INTEGRA_INLINE void StoreVectors(const TileOutput& t, const __m256i* sums) {
  const VectorOutputStage::Block& block = t.stage->blocks()[t.channel / kTileChannels];
  const StageVectors even = HoldStage(block, 0);
  const StageVectors odd = NV == 2 ? HoldStage(block, 1) : even;
  const ClampVectors clamp = LoadClamp(*t.stage);
  constexpr int kRowsAtOnce = 4 / NV;
  uint8_t* dst = t.dst;
#pragma GCC unroll 1
  for (int row = 0; row < MR; row += kRowsAtOnce, sums += 4) {
    const __m256i bytes =
        NarrowRows(Scale(sums[0], even, kForm), Scale(sums[1], odd, kForm),
                   Scale(sums[2], even, kForm), Scale(sums[3], odd, kForm), clamp);
    const __m128i halves[2] = {_mm256_castsi256_si128(bytes), _mm256_extracti128_si256(bytes, 1)};
#pragma GCC unroll 4
    for (int i = 0; i < kRowsAtOnce; ++i, dst += t.dst_stride) {
      if (row + i == MR) return;
      const __m128i half = halves[i * NV / 2];
      StoreChannels(dst, NV == 1 && i % 2 == 1 ? _mm_unpackhi_epi64(half, half) : half, t.valid);
    }
  }
}

// Of whole tiles, from the registers that sums are in: a folded stage's constants are few, and read
// from memory by the instructions that need them.
template <Form kForm, int NV, int MR>
INTEGRA_INLINE void StoreFolded(const TileOutput& t, const Lanes (&acc)[MR][NV]) {
  constexpr int kRowsAtOnce = 4 / NV;
  const FoldedStage::Block* folded = t.folded;
  uint8_t* dst = t.dst;
#pragma GCC unroll 6
  for (int row = 0; row < MR; row += kRowsAtOnce) {
    __m256i scaled[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      if (row + i / NV >= MR) {  // past the last row
        scaled[i] = scaled[i - NV];
        continue;
      }
      asm("" : "+r"(folded));  // GCC would keep constants in registers, and spill sums
      scaled[i] = ScaleFolded((__m256i)acc[row + i / NV][i % NV],
                              LoadFolded(folded->vectors[i % NV]), kForm);
    }
    const auto offset = _mm256_load_si256(reinterpret_cast<const __m256i*>(folded->offset[0]));
    const __m256i bytes =
        InOrder(NarrowFolded(scaled[0], scaled[1], scaled[2], scaled[3], offset, offset));
    const __m128i halves[2] = {_mm256_castsi256_si128(bytes), _mm256_extracti128_si256(bytes, 1)};
#pragma GCC unroll 4
    for (int i = 0; i < kRowsAtOnce; ++i, dst += t.dst_stride) {
      if (row + i == MR) return;
      const __m128i half = halves[i * NV / 2];
      StoreChannels(dst, NV == 1 && i % 2 == 1 ? _mm_unpackhi_epi64(half, half) : half, 8 * NV);
    }
  }
}

template <int NV, int MR>
INTEGRA_INLINE void StoreScalar(const TileOutput& t, const __m256i* sums) {
  for (int i = 0; i < MR; ++i, sums += NV) {
    __m256i row[NV];
    for (int j = 0; j < NV; ++j) row[j] = UnshuffleLanes(sums[j]);
    if (t.sums != nullptr) {
      StoreSums<8 * NV>(t.sums + i * t.dst_stride, row, t.valid);
      continue;
    }
    const auto* values = reinterpret_cast<const int32_t*>(row);
    for (int64_t n = 0; n < t.valid; ++n) {
      t.dst[i * t.dst_stride + n] =
          t.stage->ApplyScalar(values[n], t.channel + VectorOutputStage::Shuffled(n));
    }
  }
}

// Writes a tile's sums.
template <Finish kFinish, int NV, int MR>
INTEGRA_INLINE void Store(const TileOutput& t, const Lanes (&acc)[MR][NV]) {
  if constexpr (IsFolded(kFinish)) {
    StoreFolded<FormOf(kFinish)>(t, acc);
    return;
  }
  __m256i sums[(MR * NV + 3) / 4 * 4];
#pragma GCC unroll 6
  for (int i = 0; i < MR; ++i) {
#pragma GCC unroll 2
    for (int j = 0; j < NV; ++j) sums[i * NV + j] = (__m256i)acc[i][j];
  }
  asm("" : "+m"(sums));
  if constexpr (kFinish == Finish::kScalar) {
    StoreScalar<NV, MR>(t, sums);
  } else {
    StoreVectors<FormOf(kFinish), NV, MR>(t, sums);
  }
}

}  // namespace integra::kernels::avx2
