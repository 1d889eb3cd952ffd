// Winograd's convolution on AVX512-VNNI: vectors of four tiles and four output channels.
//
// A pair of input channels meets four output channels as one 128-bit lane, and the four lanes of a
// vector belong to four tiles, a quad. So one vector of V, a lane of eight channels of each tile,
// serves four steps: each repeats another pair within its lane, which takes a shuffle where a pair
// from memory for all lanes would take a load for every product, and products would wait for loads.
#include <algorithm>

#include "kernels/avx512/winograd_quad.h"
#include "kernels/avx512/winograd_quad_stage.h"
#include "kernels/requantize.h"

namespace integra::kernels {
namespace {

using avx512::BlockStages;
using avx512::Form;
using avx512::kGroups;
using avx512::kHalfVectors;
using avx512::kQuadTiles;
using avx512::QuadFold;
using avx512::QuadScale;
using avx512::QuadShape;

class QuadWinograd final : public Winograd {
  using Vector = __m512i;
  static constexpr int64_t kWidth = QuadShape::kWidth;
  static_assert(kWinogradChannels % kWidth == 0);
  // Quads whose V is made at once: so many that V, a block of weights and what is between V and
  // outputs stay near, and more where weights are read from afar.
  static constexpr int64_t kNearWeights = int64_t{256} << 10;  // bytes
  static constexpr int64_t kMostV = int64_t{640} << 10;        // bytes
  static constexpr int64_t kMoreQuads = 8;

 public:
  explicit QuadWinograd(const GemmProblem& p)
      : n_(p.n),
        shape_(p.segment_length / 3),
        weights_(WinogradWeightsByColumns(p, kWidth, QuadShape::kChannels)),
        quads_(static_cast<int64_t>(weights_.size()) <= kNearWeights
                   ? QuadShape::kMostQuads
                   : std::clamp<int64_t>(kMostV / shape_.v_bytes(1), 1, kMoreQuads)),
        stages_(p) {}

  void Run(const WinogradPart& part, uint8_t* dst, int64_t dst_pitch,
           std::byte* scratch) const override {
    const Call<uint8_t> call = {part, dst, dst_pitch, scratch};
    if (stages_.folded() != nullptr) {
      stages_.has_less() ? RunStage<QuadFold<true>>(stages_.folded(), call)
                         : RunStage<QuadFold<false>>(stages_.folded(), call);
    } else if (stages_.form() == Form::kFloor) {
      RunStage<QuadScale<Form::kFloor>>(stages_.scaled(), call);
    } else if (stages_.form() == Form::kTwoStep) {
      RunStage<QuadScale<Form::kTwoStep>>(stages_.scaled(), call);
    } else {
      RunSums(call);
    }
  }
  void Run(const WinogradPart& part, int32_t* dst, int64_t dst_pitch,
           std::byte* scratch) const override {
    RunSums(Call<int32_t>{part, dst, dst_pitch, scratch});
  }

  std::string name() const override { return "own avx512_vnni winograd of quads"; }
  size_t scratch_bytes() const override {
    return static_cast<size_t>(shape_.v_bytes(quads_)) + QuadShape::kScratch;
  }
  size_t bytes() const override { return weights_.size() + stages_.bytes(); }

 private:
  // The first output of a tile; past the last row behind the last tile.
  struct Position {
    int64_t y = 0, x = 0;

    void Next(const WinogradPart& part) {
      x += kWinogradTile;
      if (x >= part.columns) {
        x = 0;
        y += kWinogradTile;
      }
    }
  };
  template <typename T>
  struct Call {
    const WinogradPart& part;
    T* dst;
    int64_t dst_pitch;
    std::byte* scratch;
  };

  // finish(n, at, half) for each quad and each block of output channels, which moves `at` from the
  // quad's first tile to the next one's; the sums begin at start(n).
  template <typename T, typename Start, typename Finish>
  __attribute__((always_inline)) void ForQuads(const Call<T>& call, const Start& start,
                                               const Finish& finish) const {
    const WinogradPart& part = call.part;
    const int64_t tiles = TilesOf(part.rows) * TilesOf(part.columns);
    const int64_t v_quad = kWinogradProducts * shape_.v_quad();
    auto* const v = reinterpret_cast<int16_t*>(call.scratch);
    auto* const half = reinterpret_cast<Vector*>(call.scratch + shape_.v_bytes(quads_));
    Position next;
    ForParts((tiles + kQuadTiles - 1) / kQuadTiles, quads_, [&](int64_t, int64_t size) {
      const Position begin = next;
      ForParts(size, QuadShape::kMostQuads, [&](int64_t first, int64_t count) {
        for (int64_t q = 0; q < count; ++q) {
          TransformQuad(part, next, count, v + first * v_quad + q * shape_.v_quad());
        }
      });
      for (int64_t n = part.first; n < part.last; n += kWidth) {
        const int16_t* const w = weights_.data<int16_t>() + n * shape_.weights_of_channel();
        Position at = begin;
        ForParts(size, QuadShape::kMostQuads, [&](int64_t first, int64_t count) {
          avx512::MultiplyQuads(shape_, count, v + first * v_quad, w, start(n), half);
          for (int64_t q = 0; q < count; ++q) finish(n, at, half + q * kGroups * kHalfVectors);
        });
      }
    });
  }

  // The quad at `at`, which is moved, to V, which has `quads` side by side. Where there are fewer
  // tiles, the last one is repeated.
  void TransformQuad(const WinogradPart& part, Position& at, int64_t quads, int16_t* v) const {
    const uint8_t* from[kQuadTiles];
    const uint8_t* pixels = part.src;
    for (const uint8_t*& tile : from) {
      if (at.y < part.rows) {
        pixels = part.src + at.y * part.src_pitch + at.x * shape_.channels;
        at.Next(part);
      }
      tile = pixels;
    }
    avx512::TransformQuad(shape_, from, part.src_pitch, quads, v);
  }

  template <typename Stage>
  void RunStage(const typename Stage::Channels* blocks, const Call<uint8_t>& call) const {
    ForQuads(
        call, [&](int64_t n) { return Stage::Start(blocks[n / kWidth]); },
        [&](int64_t n, Position& at, const Vector* half) {
          FinishQuad(Stage(blocks[n / kWidth]), call, n, at, half);
        });
  }

  // The outputs of a tile and block of channels.
  template <typename T>
  struct Outputs {
    T* to;
    int64_t rows, columns;  // none where there is no tile
  };

  // Of the tile at `at`, which is moved to the next.
  template <typename T>
  Outputs<T> OutputsOf(const Call<T>& call, int64_t n, Position& at) const {
    const WinogradPart& part = call.part;
    if (at.y >= part.rows) return {call.dst, 0, 0};
    const Outputs<T> outputs = {call.dst + at.y * call.dst_pitch + at.x * n_ + n,
                                std::min(kWinogradTile, part.rows - at.y),
                                std::min(kWinogradTile, part.columns - at.x)};
    at.Next(part);
    return outputs;
  }

  // Along the rows, and through the output stage.
  template <typename Stage>
  __attribute__((noinline)) void FinishQuad(const Stage& stage, const Call<uint8_t>& call,
                                            int64_t n, Position& at, const Vector* half) const {
    Outputs<uint8_t> tiles[kQuadTiles];
    for (auto& tile : tiles) tile = OutputsOf(call, n, at);
    for (int64_t i = 0; i < kWinogradTile; ++i) {
      Vector rows[kQuadTiles];
      avx512::FinishRow(stage, half + i * 6, rows);
#pragma GCC unroll 4
      for (int64_t t = 0; t < kQuadTiles; ++t) {
        if (i < tiles[t].rows) {
          avx512::StoreFour(rows[t], tiles[t].columns, std::min(kWidth, n_ - n), n_, tiles[t].to);
          tiles[t].to += call.dst_pitch;
        }
      }
    }
  }

  // Without WinogradStage: to sums or, from these, to outputs.
  template <typename T>
  void RunSums(const Call<T>& call) const {
    ForQuads(
        call, [](int64_t) -> const int32_t* { return nullptr; },
        [&](int64_t n, Position& at, const Vector* half) {
          Outputs<T> tiles[kQuadTiles];
          for (auto& tile : tiles) tile = OutputsOf(call, n, at);
          for (int64_t i = 0; i < kWinogradTile; ++i) {
            Vector pixels[4][kQuadTiles];
            avx512::SumsOfRow(half + i * 6, pixels);
            for (int64_t t = 0; t < kQuadTiles; ++t) {
              const Outputs<T>& tile = tiles[t];
              if (i >= tile.rows) continue;
              alignas(64) int32_t sums[kWinogradTile * kWidth];
              for (int64_t j = 0; j < 4; ++j) Vectors::Store(sums + j * kWidth, pixels[j][t]);
              StoreSums(sums, n, tile.columns, tile.to + i * call.dst_pitch);
            }
          }
        });
  }
  void StoreSums(const int32_t* sums, int64_t n, int64_t columns, uint8_t* to) const {
    avx512::Requantize(stages_.stage(), n, sums, kWidth, columns, std::min(kWidth, n_ - n), nullptr,
                       to, n_);
  }
  void StoreSums(const int32_t* sums, int64_t n, int64_t columns, int32_t* to) const {
    for (int64_t j = 0; j < columns; ++j) {
      __builtin_memcpy(to + j * n_, sums + j * kWidth,
                       static_cast<size_t>(std::min(kWidth, n_ - n)) * sizeof(*to));
    }
  }

  const int64_t n_;
  const QuadShape shape_;
  const AlignedBuffer weights_;
  const int64_t quads_;
  const BlockStages stages_;
};

}  // namespace

std::unique_ptr<const Winograd> MakeAvx512VnniQuadWinograd(const GemmProblem& problem) {
  return std::make_unique<QuadWinograd>(problem);
}

}  // namespace integra::kernels
