// Winograd's convolution on AVX512-VNNI: vectors of 16 output channels of one tile.
//
// A pair of input channels of a tile is read for all lanes, for every product. That takes more
// loads than winograd_quads.cc, but no shuffles: it is the faster way where an instruction of 512
// bits is executed as two of 256, so that there are half as many products to wait for loads, and
// shuffles compete with products. Products stay in registers or in the first-level cache until they
// are outputs.
#include <algorithm>

#include "kernels/avx512/winograd_column.h"
#include "kernels/avx512/winograd_tile_stage.h"
#include "kernels/requantize.h"
#include "kernels/winograd_tiles.h"

namespace integra::kernels {
namespace {

using avx512::BlockStages;
using avx512::FoldedWinogradStage;
using avx512::Form;
using avx512::TileFold;
using avx512::WinogradColumn;
using avx512::WinogradStage;

// A few tiles and 16 output channels at a time: of a column of their products, the sums over all
// input channels are in registers, and are transformed there.
class WinogradGroups {
  using Vector = __m512i;
  static constexpr int64_t kWidth = WinogradColumn::kBlock;
  static constexpr int64_t kChannels = WinogradColumn::kChannels;
  static constexpr int64_t kHalf = WinogradColumn::kTransformed;
  // Tiles of a group. The sums of the most fill 24 registers. With fewer there is room for the
  // output stage of the group before, which then goes on beside the products: they use different
  // execution ports.
  static constexpr int64_t kMostTiles = 4;
  static constexpr int64_t kPipelinedTiles = 3;

 public:
  using Source = HalfVectors;
  using Rows = Vectors;

  explicit WinogradGroups(const GemmProblem& p)
      : n_(p.n),
        parts_((p.segment_length / 3 + kChannels - 1) / kChannels),
        weights_(WinogradWeightsBySteps(p, kWidth, kChannels)),
        stages_(p) {}

  static int64_t most_tiles(int64_t /*channels*/) { return 32; }

  // V: [group][column of products][part][tile][row of products][kChannels], so that one pointer is
  // enough for what a step reads.
  static int64_t source_tiles(int64_t tiles) { return tiles + kMostTiles - 1; }
  WinogradPlace Place(int64_t tiles, int64_t tile, int64_t channel) const {
    const int64_t size = GroupSize(tiles);
    const int64_t part = size * 6 * kChannels, column = parts_ * part;
    return {tile / size * 6 * column + channel / kChannels * part + tile % size * 6 * kChannels,
            kChannels, column};
  }
  static size_t scratch_bytes(int64_t /*tiles*/) { return 2 * kMostTiles * kHalf * sizeof(Vector); }
  size_t bytes() const { return weights_.size() + stages_.bytes(); }

  void Run(const WinogradRectangle& r, const int16_t* v, std::byte* scratch, uint8_t* dst,
           int64_t dst_pitch) const {
    if (stages_.folded() != nullptr) {
      stages_.has_less() ? RunFolded<true>(r, v, scratch, dst, dst_pitch)
                         : RunFolded<false>(r, v, scratch, dst, dst_pitch);
    } else if (stages_.form() == Form::kFloor) {
      RunGroups<Form::kFloor>(r, v, scratch, dst, dst_pitch);
    } else if (stages_.form() == Form::kTwoStep) {
      RunGroups<Form::kTwoStep>(r, v, scratch, dst, dst_pitch);
    } else {
      RunGroups<Form::kScalar>(r, v, scratch, dst, dst_pitch);
    }
  }
  void Run(const WinogradRectangle& r, const int16_t* v, std::byte* scratch, int32_t* dst,
           int64_t dst_pitch) const {
    RunGroups<Form::kScalar>(r, v, scratch, dst, dst_pitch);
  }

 private:
  int64_t GroupSize(int64_t tiles) const {
    return stages_.folded() != nullptr && tiles > kMostTiles ? kPipelinedTiles : kMostTiles;
  }

  // The outputs of a tile and 16 channels.
  template <typename T>
  struct Outputs {
    T* to;
    int64_t rows, columns;
  };

  // Some tiles of a rectangle, the first of them at pixel (y, x).
  struct Group {
    int64_t y, x, tiles;

    Group(const WinogradRectangle& r, int64_t first, int64_t size)
        : y(first / r.across() * kWinogradTile),
          x(first % r.across() * kWinogradTile),
          tiles(std::min(size, r.tiles() - first)) {}

    // Of the first tile, which is taken away. Pixel (0, 0) of the rectangle is at `dst`.
    template <typename T>
    Outputs<T> Take(const WinogradRectangle& r, T* dst, int64_t dst_pitch, int64_t pixel) {
      const Outputs<T> outputs = {dst + y * dst_pitch + x * pixel,
                                  std::min(kWinogradTile, r.rows - y),
                                  std::min(kWinogradTile, r.columns - x)};
      --tiles;
      x += kWinogradTile;
      if (x >= r.columns) {
        x = 0;
        y += kWinogradTile;
      }
      return outputs;
    }
  };

  alignas(64) static constexpr int32_t kZeros[kWidth] = {};

  // Two rows of a tile of the group before.
  struct TwoRows {
    const FoldedWinogradStage* stage;
    const Vector* half;
    Outputs<uint8_t> outputs;
    int64_t pitch, channels;
  };

  template <Form kForm, typename T>
  void RunGroups(const WinogradRectangle& r, const int16_t* v, std::byte* scratch, T* dst,
                 int64_t dst_pitch) const {
    const int64_t size = GroupSize(r.tiles()), v_part = size * 6 * kChannels;
    auto* half = reinterpret_cast<Vector*>(scratch);
    for (int64_t n = r.first; n < r.last; n += kWidth) {
      const int16_t* from = v;
      for (int64_t t = 0; t < r.tiles(); t += size) {
        const Group group(r, t, size);
        for (int j = 0; j < 6; ++j, from += parts_ * v_part) {
          Multiply<kMostTiles>(group.tiles, {from, Weights(n, j), kZeros, half + j, v_part});
        }
        FinishGroup<kForm>(r, group, half, n, dst + n, dst_pitch);
      }
    }
  }

  template <bool kLess>
  void RunFolded(const WinogradRectangle& r, const int16_t* v, std::byte* scratch, uint8_t* dst,
                 int64_t dst_pitch) const {
    const int64_t size = GroupSize(r.tiles()), v_part = size * 6 * kChannels;
    auto* half = reinterpret_cast<Vector*>(scratch);
    Vector* half_before = half + kMostTiles * kHalf;
    for (int64_t n = r.first; n < r.last; n += kWidth) {
      const FoldedWinogradStage& stage = stages_.folded()[n / kWidth];
      const int16_t* from = v;
      Group before(r, 0, size);
      TwoRows rows = {&stage, nullptr, {}, dst_pitch, std::min(kWidth, n_ - n)};
      for (int64_t t = 0; t < r.tiles(); t += size) {
        const Group group(r, t, size);
        for (int j = 0; j < 6; ++j, from += parts_ * v_part) {
          const WinogradColumn column = {from, Weights(n, j), j == 1 ? stage.start : kZeros,
                                         half + j, v_part};
          if (t == 0) {
            Multiply<kMostTiles>(group.tiles, column);
          } else {
            rows.half = half_before + j * kHalf / 2;
            if (j % 2 == 0) {
              rows.outputs = before.Take(r, dst + n, dst_pitch, n_);
            } else {
              rows.outputs.to += 2 * dst_pitch;
              rows.outputs.rows -= 2;
            }
            MultiplyBeside<kPipelinedTiles, kLess>(group.tiles, column, rows);
          }
        }
        before = group;
        std::swap(half, half_before);
      }
      FinishFolded<kLess>(r, before, half_before, n, dst + n, dst_pitch);
    }
  }

  const int16_t* Weights(int64_t n, int64_t column) const {
    return weights_.data<int16_t>() + (n / kWidth * 6 + column) * parts_ * 6 * kWidth * kChannels;
  }

  template <int kCount>
  void Multiply(int64_t count, const WinogradColumn& column) const {
    if constexpr (kCount > 1) {
      if (count < kCount) return Multiply<kCount - 1>(count, column);
    }
    MultiplyTiles<kCount>(column);
  }
  template <int kCount, bool kLess>
  void MultiplyBeside(int64_t count, const WinogradColumn& column, const TwoRows& rows) const {
    if constexpr (kCount > 1) {
      if (count < kCount) return MultiplyBeside<kCount - 1, kLess>(count, column, rows);
    }
    MultiplyTilesBeside<kCount, kLess>(column, rows);
  }

  template <int kCount>
  __attribute__((noinline)) void MultiplyTiles(const WinogradColumn& column) const {
    avx512::ColumnSums<kCount> sums(column);
    sums.MostSteps();
    sums.OtherParts(parts_);
    sums.LastStep(column.to);
  }

  // The same, with the output stage of two rows beside the steps of the first part.
  template <int kCount, bool kLess>
  __attribute__((noinline)) void MultiplyTilesBeside(const WinogradColumn& column,
                                                     const TwoRows& rows) const {
    avx512::ColumnSums<kCount> sums(column);
    const TileFold<kLess> fold(*rows.stage);
    const Vector* half = rows.half;
    uint8_t* to = rows.outputs.to;
    static_assert(kChannels == 2 * 8);  // four steps for a row
#pragma GCC unroll 2
    for (int64_t row = 0; row < 2; ++row, half += 6, to += rows.pitch) {
      Vector four[4];
      sums.Step();
      sums.Pin();
      avx512::FourPixels(half, four);
      avx512::Pin(four);
      sums.Step();
      sums.Pin();
      Vector low[1] = {fold.Two(four[0], four[1])};
      avx512::Pin(low);
      sums.Step();
      sums.Pin();
      Vector high[1] = {fold.Two(four[2], four[3])};
      avx512::Pin(high);
      if (row == 0) {
        sums.Step();
        sums.Pin();
      }
      if (row < rows.outputs.rows) {
        avx512::StoreFour(fold.Four(low[0], high[0]), rows.outputs.columns, rows.channels, n_, to);
      }
    }
    sums.OtherParts(parts_);
    sums.LastStep(column.to);
  }

  // The output stage of a group for output channels n and following: finish(half, columns, to) of
  // each row.
  template <typename T, typename Finish>
  __attribute__((always_inline)) void FinishRows(const WinogradRectangle& r, Group group,
                                                 const Vector* half, T* dst, int64_t dst_pitch,
                                                 const Finish& finish) const {
    for (; group.tiles > 0; half += kHalf) {
      const Outputs<T> outputs = group.Take(r, dst, dst_pitch, n_);
      for (int64_t i = 0; i < outputs.rows; ++i) {
        finish(half + i * 6, outputs.columns, outputs.to + i * dst_pitch);
      }
    }
  }

  template <bool kLess>
  __attribute__((noinline)) void FinishFolded(const WinogradRectangle& r, Group group,
                                              const Vector* half, int64_t n, uint8_t* dst,
                                              int64_t dst_pitch) const {
    const TileFold<kLess> fold(stages_.folded()[n / kWidth]);
    const int64_t channels = std::min(kWidth, n_ - n);
    FinishRows(
        r, group, half, dst, dst_pitch,
        [&](const Vector* row, int64_t columns, uint8_t* to) __attribute__((always_inline)) {
          Vector four[4];
          avx512::FourPixels(row, four);
          avx512::StoreFour(fold.Four(fold.Two(four[0], four[1]), fold.Two(four[2], four[3])),
                            columns, channels, n_, to);
        });
  }

  template <Form kForm, typename T>
  __attribute__((noinline)) void FinishGroup(const WinogradRectangle& r, Group group,
                                             const Vector* half, int64_t n, T* dst,
                                             int64_t dst_pitch) const {
    const int64_t channels = std::min(kWidth, n_ - n);
    if constexpr (kForm == Form::kScalar) {
      FinishRows(r, group, half, dst, dst_pitch, [&](const Vector* row, int64_t columns, T* to) {
        FinishRow(row, n, columns, channels, to);
      });
    } else {
      const WinogradStage stage = stages_.scaled()[n / kWidth];
      FinishRows(
          r, group, half, dst,
          dst_pitch, [&](const Vector* row, int64_t columns, T* to) __attribute__((always_inline)) {
            avx512::StoreFour(avx512::FinishFour<kForm>(row, stage), columns, channels, n_, to);
          });
    }
  }

  // Without WinogradStage.
  void FinishRow(const Vector* half, int64_t n, int64_t columns, int64_t channels,
                 uint8_t* to) const {
    alignas(64) int32_t sums[kWinogradTile * kWidth];
    StoreSums(half, kWinogradTile, kWidth, kWidth, sums);
    avx512::Requantize(stages_.stage(), n, sums, kWidth, columns, channels, nullptr, to, n_);
  }
  void FinishRow(const Vector* half, int64_t /*n*/, int64_t columns, int64_t channels,
                 int32_t* to) const {
    StoreSums(half, columns, channels, n_, to);
  }
  static void StoreSums(const Vector* half, int64_t columns, int64_t channels, int64_t stride,
                        int32_t* to) {
    Vector sums[4];
    avx512::FourPixels(half, Vectors::Set32(kInverseOfNine), sums);
    for (int64_t j = 0; j < columns; ++j) {
      const Vector sum = Vectors::ShiftRight(sums[j], 6);
      __builtin_memcpy(to + j * stride, &sum, static_cast<size_t>(channels) * sizeof(*to));
    }
  }

  const int64_t n_;
  const int64_t parts_;  // of input channels
  const AlignedBuffer weights_;
  const BlockStages stages_;
};

}  // namespace

std::unique_ptr<const Winograd> MakeAvx512VnniTileWinograd(const GemmProblem& problem) {
  return std::make_unique<WinogradTiles<WinogradGroups>>(problem, "own avx512_vnni winograd");
}

}  // namespace integra::kernels
