// GEMM on SSE4.1, exact: values are widened to 16 bits and multiplied in pairs into 32 bits
// (pmaddwd).
//
// A chunk of rows is widened once; tiles of up to 3 rows x 16 channels, or 6 x 8, then keep their
// sums in registers. Four pairs of a row are loaded together, and a shuffle brings each to all
// lanes.
#include "kernels/gemm.h"

#include <immintrin.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <type_traits>
#include <utility>

#include "kernels/pack_pairs.h"
#include "kernels/sse41/gemm_row.h"
#include "kernels/sse41/output_stage.h"
#include "kernels/sse41/widen.h"

namespace integra::kernels {
namespace {

using sse41::Form;
using sse41::Lanes;

constexpr int kMostRows = 6;
constexpr int kChannels = 16;
// Widened rows of a chunk: they and the weights of a tile share the second-level cache.
constexpr int64_t kChunkBytes = 64 << 10;
constexpr int64_t kMostChunkRows = 96;

struct Tile {
  const int16_t* x;  // [rows][pitch] widened
  int64_t pitch;     // values, a multiple of 8
  const int16_t* w;  // [steps][16][2], or [steps][8][2] for half the channels
  int64_t steps;
  const VectorOutputStage* stage;
  int64_t channel;  // first one
  int64_t valid;    // channels to write
  uint8_t* dst;
  int32_t* sums;  // or null: where the scalar form leaves sums instead of outputs
  int64_t dst_stride;
};

template <int kPair, int NV, int MR>
INTEGRA_INLINE void AddPair(const __m128i* x, const int16_t* w, Lanes (&acc)[MR][NV]) {
  const auto* weights = reinterpret_cast<const __m128i*>(w);
#pragma GCC unroll 6
  for (int i = 0; i < MR; ++i) {
    const __m128i pair = sse41::Broadcast<kPair>(x[i]);
#pragma GCC unroll 4
    for (int j = 0; j < NV; ++j) {
      acc[i][j] += (Lanes)_mm_madd_epi16(pair, _mm_load_si128(weights + j));
      asm("" : "+x"(acc[i][j]));  // one product at a time: else GCC spills them
    }
  }
}

template <int NV, int MR>
INTEGRA_INLINE void StoreScalar(const Tile& t, const Lanes (&sums)[MR][NV]) {
  for (int i = 0; i < MR; ++i) {
    alignas(16) int32_t values[4 * NV];
    std::memcpy(values, sums[i], sizeof(values));
    if (t.sums != nullptr) {
      StoreSums<4 * NV>(t.sums + i * t.dst_stride, values, t.valid);
      continue;
    }
    for (int64_t n = 0; n < t.valid; ++n) {
      t.dst[i * t.dst_stride + n] = t.stage->ApplyScalar(values[n], t.channel + n);
    }
  }
}

template <Form kForm, int NV, int MR>
INTEGRA_INLINE void StoreVectors(const Tile& t, const Lanes (&sums)[MR][NV]) {
  const VectorOutputStage::Block& block = t.stage->blocks()[t.channel / kChannels];
  __m128i r[MR][NV];
#pragma GCC unroll 4
  for (int j = 0; j < NV; ++j) {
    const sse41::StageVectors v = sse41::LoadStage(block, j);
#pragma GCC unroll 6
    for (int i = 0; i < MR; ++i) r[i][j] = sse41::Scale((__m128i)sums[i][j], v, kForm);
  }
  const sse41::ClampVectors clamp = sse41::LoadClamp(*t.stage);
  uint8_t* dst = t.dst;
#pragma GCC unroll 6
  for (int i = 0; i < MR; ++i, dst += t.dst_stride) {
    StoreChannels(dst, sse41::Narrow(r[i][0], r[i][1], r[i][NV - 2], r[i][NV - 1], clamp), t.valid);
  }
}

template <Form kForm, int NV, int MR>
void RunTile(const Tile& t) {
  Lanes acc[MR][NV] = {};
  const int16_t* rows[MR];
#pragma GCC unroll 6
  for (int i = 0; i < MR; ++i) rows[i] = t.x + i * t.pitch;
  const int16_t* w = t.w;
  constexpr int64_t kStep = 8 * NV;  // weights
  int64_t k = 0;
  for (; k + 4 <= t.steps; k += 4, w += 4 * kStep) {
    __m128i x[MR];
#pragma GCC unroll 6
    for (int i = 0; i < MR; ++i) {
      x[i] = _mm_load_si128(reinterpret_cast<const __m128i*>(rows[i] + 2 * k));
    }
    AddPair<0>(x, w, acc);
    AddPair<1>(x, w + kStep, acc);
    AddPair<2>(x, w + 2 * kStep, acc);
    AddPair<3>(x, w + 3 * kStep, acc);
  }
  for (; k < t.steps; ++k, w += kStep) {
    __m128i x[MR];
#pragma GCC unroll 6
    for (int i = 0; i < MR; ++i) x[i] = _mm_loadu_si32(rows[i] + 2 * k);
    AddPair<0>(x, w, acc);
  }
  if constexpr (kForm == Form::kScalar) {
    StoreScalar(t, acc);
  } else {
    StoreVectors<kForm>(t, acc);
  }
}

using TileFunction = void (*)(const Tile&);
// By the number of rows. Sums fill 12 registers: 3 rows of 16 channels, or 6 of 8.
template <int NV>
constexpr int kRows = 12 / NV;
template <Form kForm, int NV, int... kRowsLessOne>
constexpr std::array<TileFunction, kRows<NV>> MakeTiles(
    std::integer_sequence<int, kRowsLessOne...>) {
  return {RunTile<kForm, NV, kRowsLessOne + 1>...};
}
template <Form kForm, int NV>
constexpr auto kTiles = MakeTiles<kForm, NV>(std::make_integer_sequence<int, kRows<NV>>());

template <int NV>
const TileFunction* TilesOf(Form form) {
  if (form == Form::kFloor) return kTiles<Form::kFloor, NV>.data();
  return (form == Form::kTwoStep ? kTiles<Form::kTwoStep, NV> : kTiles<Form::kScalar, NV>).data();
}

class Sse41Gemm final : public Gemm {
 public:
  explicit Sse41Gemm(const GemmProblem& p)
      : n_(p.n),
        segments_(p.segments),
        segment_length_(p.segment_length),
        steps_((p.depth() + 1) / 2),
        pitch_((p.depth() + 7) / 8 * 8),
        chunk_rows_(ChunkRows(p)),
        stage_(GemmStage(p, PlainOrder(p.n, kChannels))) {
    const int64_t halves = (n_ + 7) / 8;
    weights_ = AlignedBuffer(static_cast<size_t>(halves * steps_ * 16) * 2);
    for (int64_t n = 0; n < n_; n += kChannels) {
      PackPairs(p.weights + n * p.depth(), p.depth(), p.weight_zero_point, p.depth(),
                std::min<int64_t>(kChannels, n_ - n), WidthAt(n),
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

  int64_t read_multiple() const override { return 8; }
  std::string name() const override { return "own sse41"; }
  size_t scratch_bytes() const override { return sse41::WidenedBytes(chunk_rows_ * pitch_); }
  size_t bytes() const override { return weights_.size() + stage_.bytes(); }

 private:
  // To outputs or, where T is int32_t, to sums.
  template <typename T>
  void RunTiles(const GemmSource& src, int64_t rows, T* dst, int64_t dst_stride, Form form,
                std::byte* scratch) const {
    auto* x = reinterpret_cast<int16_t*>(scratch);
    Tile t{x, pitch_, nullptr, steps_, &stage_, 0, 0, nullptr, nullptr, dst_stride};
    for (int64_t first = 0; first < rows; first += chunk_rows_) {
      const int64_t count = std::min(chunk_rows_, rows - first);
      for (int64_t r = 0; r < count; ++r) {
        sse41::Widen(src, segments_, segment_length_, first + r, x + r * t.pitch);
      }
      for (t.channel = 0; t.channel < n_; t.channel += kChannels) {
        t.valid = std::min<int64_t>(kChannels, n_ - t.channel);
        t.w = weights_.data<int16_t>() + t.channel * steps_ * 2;
        const bool half = WidthAt(t.channel) == 8;
        const TileFunction* const tiles = half ? TilesOf<2>(form) : TilesOf<4>(form);
        const int64_t tile_rows = half ? kRows<2> : kRows<4>;
        for (int64_t r = 0; r < count; r += tile_rows) {
          t.x = x + r * t.pitch;
          T* const to = dst + (first + r) * dst_stride + t.channel;
          if constexpr (std::is_same_v<T, int32_t>) {
            t.sums = to;
          } else {
            t.dst = to;
          }
          tiles[std::min(tile_rows, count - r) - 1](t);
        }
      }
    }
  }

  static int64_t ChunkRows(const GemmProblem& p) {
    const int64_t row_bytes = (p.depth() + 7) / 8 * 16;
    const int64_t most = std::min(kMostChunkRows, kChunkBytes / row_bytes);
    return std::min(std::max<int64_t>(1, most / kMostRows) * kMostRows, p.max_rows);
  }

  // Channels that the tile beginning at `channel` computes.
  int64_t WidthAt(int64_t channel) const { return n_ - channel <= 8 ? 8 : kChannels; }

  const int64_t n_, segments_, segment_length_, steps_;  // a step is two values
  const int64_t pitch_;
  const int64_t chunk_rows_;
  const VectorOutputStage stage_;
  AlignedBuffer weights_;
};

}  // namespace

std::unique_ptr<const Gemm> MakeSse41Gemm(const GemmProblem& problem) {
  if (auto row = sse41::MakeRowGemm(problem)) return row;
  return std::make_unique<Sse41Gemm>(problem);
}

}  // namespace integra::kernels
