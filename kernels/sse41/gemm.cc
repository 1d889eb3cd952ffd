// GEMM on SSE4.1, exact: values are widened to 16 bits and multiplied in pairs into 32 bits
// (pmaddwd).
//
// A chunk of rows is widened once; tiles of up to 4 rows x 8 channels then keep their sums in
// registers. Four pairs of a row are loaded together, and a shuffle brings each to all lanes.
#include "kernels/gemm.h"

#include <immintrin.h>

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "kernels/pack_pairs.h"
#include "kernels/sse41/gemm_row.h"
#include "kernels/sse41/output_stage.h"
#include "kernels/sse41/widen.h"

namespace integra::kernels {
namespace {

using sse41::Form;
using sse41::Lanes;

constexpr int kRows = 4;
constexpr int kChannels = 8;
constexpr int kVectors = 2;  // of 4 channels
// Widened rows of a chunk: they and the weights of a tile share the second-level cache.
constexpr int64_t kChunkBytes = 64 << 10;
constexpr int64_t kMostChunkRows = 96;

struct Tile {
  const int16_t* x;  // [rows][pitch] widened
  int64_t pitch;     // values
  const int16_t* w;  // [steps][8][2]
  int64_t steps;
  const VectorOutputStage* stage;
  int64_t channel;  // first one
  int64_t valid;    // channels to write
  uint8_t* dst;
  int32_t* sums;  // or null: where the scalar form leaves sums instead of outputs
  int64_t dst_stride;
};

template <int kPair, int MR>
INTEGRA_INLINE void AddPair(const __m128i* x, const int16_t* w, Lanes (&acc)[MR][kVectors]) {
  const auto* weights = reinterpret_cast<const __m128i*>(w);
  const __m128i w0 = _mm_load_si128(weights), w1 = _mm_load_si128(weights + 1);
#pragma GCC unroll 4
  for (int i = 0; i < MR; ++i) {
    const __m128i pair = sse41::Broadcast<kPair>(x[i]);
    acc[i][0] += (Lanes)_mm_madd_epi16(pair, w0);
    acc[i][1] += (Lanes)_mm_madd_epi16(pair, w1);
    asm("" : "+x"(acc[i][0]), "+x"(acc[i][1]));  // one product at a time: else GCC spills them
  }
}

template <int MR>
INTEGRA_INLINE void StoreScalar(const Tile& t, const Lanes (&sums)[MR][kVectors]) {
  for (int i = 0; i < MR; ++i) {
    alignas(16) int32_t values[kChannels];
    std::memcpy(values, sums[i], sizeof(values));
    if (t.sums != nullptr) {
      StoreSums<kChannels>(t.sums + i * t.dst_stride, values, t.valid);
      continue;
    }
    for (int64_t n = 0; n < t.valid; ++n) {
      t.dst[i * t.dst_stride + n] = t.stage->ApplyScalar(values[n], t.channel + n);
    }
  }
}

template <Form kForm, int MR>
INTEGRA_INLINE void StoreVectors(const Tile& t, const Lanes (&sums)[MR][kVectors]) {
  const VectorOutputStage::Block& block = t.stage->blocks()[t.channel / 16];
  __m128i r[MR][kVectors];
#pragma GCC unroll 2
  for (int j = 0; j < kVectors; ++j) {
    const sse41::StageVectors v = sse41::LoadStage(block, t.channel % 16 / 4 + j);
#pragma GCC unroll 4
    for (int i = 0; i < MR; ++i) r[i][j] = sse41::Scale((__m128i)sums[i][j], v, kForm);
  }
  const sse41::ClampVectors clamp = sse41::LoadClamp(*t.stage);
  uint8_t* dst = t.dst;
#pragma GCC unroll 2
  for (int i = 0; i < MR; i += 2, dst += 2 * t.dst_stride) {
    const int next = i + 1 < MR ? i + 1 : i;
    const __m128i bytes = sse41::Narrow(r[i][0], r[i][1], r[next][0], r[next][1], clamp);
    StoreChannels(dst, bytes, t.valid);
    if (next == i) break;
    StoreChannels(dst + t.dst_stride, _mm_unpackhi_epi64(bytes, bytes), t.valid);
  }
}

template <Form kForm, int MR>
void RunTile(const Tile& t) {
  Lanes acc[MR][kVectors] = {};
  const int16_t* rows[MR];
#pragma GCC unroll 4
  for (int i = 0; i < MR; ++i) rows[i] = t.x + i * t.pitch;
  const int16_t* w = t.w;
  constexpr int64_t kStep = 2 * kChannels;  // weights
  int64_t k = 0;
  for (; k + 4 <= t.steps; k += 4, w += 4 * kStep) {
    __m128i x[MR];
#pragma GCC unroll 4
    for (int i = 0; i < MR; ++i) {
      x[i] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows[i] + 2 * k));
    }
    AddPair<0>(x, w, acc);
    AddPair<1>(x, w + kStep, acc);
    AddPair<2>(x, w + 2 * kStep, acc);
    AddPair<3>(x, w + 3 * kStep, acc);
  }
  for (; k < t.steps; ++k, w += kStep) {
    __m128i x[MR];
#pragma GCC unroll 4
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
template <Form kForm>
constexpr TileFunction kTiles[kRows] = {RunTile<kForm, 1>, RunTile<kForm, 2>, RunTile<kForm, 3>,
                                        RunTile<kForm, 4>};

const TileFunction* TilesOf(Form form) {
  if (form == Form::kFloor) return kTiles<Form::kFloor>;
  return form == Form::kTwoStep ? kTiles<Form::kTwoStep> : kTiles<Form::kScalar>;
}

class Sse41Gemm final : public Gemm {
 public:
  explicit Sse41Gemm(const GemmProblem& p)
      : n_(p.n),
        segments_(p.segments),
        segment_length_(p.segment_length),
        steps_((p.depth() + 1) / 2),
        chunk_rows_(ChunkRows(p)),
        stage_(p.stage, GemmAddends(p), PlainOrder(p.n, 16), LargestSum(p)) {
    const int64_t tiles = (n_ + kChannels - 1) / kChannels;
    weights_ = AlignedBuffer(static_cast<size_t>(tiles * steps_ * 2 * kChannels) * 2);
    for (int64_t n = 0; n < n_; n += kChannels) {
      PackPairs(p, n, std::min<int64_t>(kChannels, n_ - n), kChannels,
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

  std::string name() const override { return "own sse41"; }
  size_t scratch_bytes() const override { return sse41::WidenedBytes(chunk_rows_ * 2 * steps_); }
  size_t bytes() const override { return weights_.size() + stage_.bytes(); }

 private:
  // To outputs or, where T is int32_t, to sums.
  template <typename T>
  void RunTiles(const GemmSource& src, int64_t rows, T* dst, int64_t dst_stride, Form form,
                std::byte* scratch) const {
    auto* x = reinterpret_cast<int16_t*>(scratch);
    Tile t{x, 2 * steps_, nullptr, steps_, &stage_, 0, 0, nullptr, nullptr, dst_stride};
    const TileFunction* const tiles = TilesOf(form);
    for (int64_t first = 0; first < rows; first += chunk_rows_) {
      const int64_t count = std::min(chunk_rows_, rows - first);
      for (int64_t r = 0; r < count; ++r) {
        sse41::Widen(src, segments_, segment_length_, first + r, x + r * t.pitch);
      }
      for (t.channel = 0; t.channel < n_; t.channel += kChannels) {
        t.valid = std::min<int64_t>(kChannels, n_ - t.channel);
        t.w = weights_.data<int16_t>() + t.channel * steps_ * 2;
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

  const int64_t n_, segments_, segment_length_, steps_;  // a step is two values
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
