// Winograd's convolution (kernels/winograd.h) by rectangles of tiles: see channel_sums.h about how
// it is included.
//
// A rectangle at a time: its transformed sources, V, stay in the second-level cache. What follows,
// from V to outputs, is `Products`, of which there are two kinds: winograd_products.h and
// avx512/winograd_tiles.cc.
#pragma once

#include <algorithm>

#include "kernels/winograd_transforms.h"

namespace integra::kernels {
namespace {

// Outputs that are made at once.
struct WinogradRectangle {
  int64_t rows, columns;
  int64_t first, last;  // output channels

  int64_t across() const { return TilesOf(columns); }
  int64_t tiles() const { return across() * TilesOf(rows); }
};

// Where V keeps a tile's channel: factor (y, x) at first + y * row + x * column.
struct WinogradPlace {
  int64_t first, row, column;
};

// What Products has, for the tiles of a rectangle:
//   Source, Rows   Vectors of 16-bit lanes, for sources and, once these are transformed down the
//                  columns, for one row of a tile or several, whose places follow each other
//   most_tiles     of a rectangle
//   source_tiles   so many tiles have room in V
//   Place          of a tile and channel in V
//   Run            from V to outputs or sums
template <typename Products>
class WinogradTiles final : public Winograd {
  using V = typename Products::Source;
  using Vector = typename V::Vector;
  using Rows = typename Products::Rows;
  static constexpr int kRows = Rows::kBytes / V::kBytes;
  static constexpr int64_t kSourceLanes = V::kBytes / 2;  // input channels of a vector
  static constexpr int64_t kVBytes = 640 << 10;

 public:
  WinogradTiles(const GemmProblem& p, const char* name)
      : n_(p.n),
        channels_(p.segment_length / 3),
        source_width_((channels_ + kSourceLanes - 1) / kSourceLanes * kSourceLanes),
        most_tiles_(std::clamp<int64_t>(kVBytes / (kWinogradProducts * source_width_ * 2), 4,
                                        Products::most_tiles(channels_))),
        name_(name),
        products_(p) {}

  void Run(const WinogradPart& part, uint8_t* dst, int64_t dst_pitch,
           std::byte* scratch) const override {
    RunRectangles(part, dst, dst_pitch, scratch);
  }
  void Run(const WinogradPart& part, int32_t* dst, int64_t dst_pitch,
           std::byte* scratch) const override {
    RunRectangles(part, dst, dst_pitch, scratch);
  }

  std::string name() const override { return name_; }
  size_t scratch_bytes() const override {
    const auto columns = static_cast<size_t>((most_tiles_ * kWinogradTile + 2) * 6 * V::kBytes);
    return VBytes(most_tiles_) + std::max(columns, products_.scratch_bytes(most_tiles_));
  }
  size_t bytes() const override { return products_.bytes(); }

 private:
  size_t VBytes(int64_t tiles) const {
    return static_cast<size_t>(products_.source_tiles(tiles) * kWinogradProducts * source_width_) *
           sizeof(int16_t);
  }

  // To outputs or, where T is int32_t, to sums.
  template <typename T>
  void RunRectangles(const WinogradPart& part, T* dst, int64_t dst_pitch,
                     std::byte* scratch) const {
    const int64_t rows = part.rows, columns = part.columns;
    const int64_t across = std::min(TilesOf(columns), most_tiles_);
    const int64_t down = std::clamp<int64_t>(most_tiles_ / across, 1, TilesOf(rows));
    // Rectangles of like width.
    const int64_t count = (TilesOf(columns) + across - 1) / across;
    const int64_t width = (TilesOf(columns) + count - 1) / count * kWinogradTile;
    const int64_t height = down * kWinogradTile;
    for (int64_t y = 0; y < rows; y += height) {
      for (int64_t x = 0; x < columns; x += width) {
        const WinogradRectangle r = {std::min(height, rows - y), std::min(width, columns - x),
                                     part.first, part.last};
        auto* v = reinterpret_cast<int16_t*>(scratch);
        std::byte* own = scratch + VBytes(most_tiles_);
        for (int64_t row = 0; row < TilesOf(r.rows); ++row) {
          const int64_t first = (y + row * kWinogradTile) * part.src_pitch + x * channels_;
          TransformSource(part.src + first, part.src_pitch, r, row, own, v);
        }
        products_.Run(r, v, own, dst + y * dst_pitch + x * n_, dst_pitch);
      }
    }
  }

  // --- Bt x B ---

  // A row of tiles. Down the columns first, which neighbouring tiles share; `columns` has room for
  // six vectors of each.
  __attribute__((noinline)) void TransformSource(const uint8_t* src, int64_t src_pitch,
                                                 const WinogradRectangle& r, int64_t row,
                                                 void* columns, int16_t* v) const {
    auto* down = static_cast<Vector*>(columns);
    const int64_t width = r.across() * kWinogradTile + 2;
    // Of the rows of the vector that has row 1.
    int16_t centre[kRows][kSourceLanes] = {};
    for (int16_t& x : centre[1 % kRows]) x = kCentre;
    for (int64_t c = 0; c < source_width_; c += kSourceLanes) {
      for (int64_t x = 0; x < width; ++x) {
        Vector d[6], to[6];
        for (int i = 0; i < 6; ++i) d[i] = V::Widen16(src + i * src_pitch + x * channels_ + c);
        TransformSources<V>(d, to);
        for (int i = 0; i < 6; ++i) V::Store(down + x * 6 + i, to[i]);
      }
      for (int64_t t = 0; t < r.across(); ++t) {
        const WinogradPlace place = products_.Place(r.tiles(), row * r.across() + t, c);
        for (int i = 0; i < 6; i += kRows) {
          typename Rows::Vector d[6], to[6];
          for (int j = 0; j < 6; ++j) d[j] = Rows::Load(down + (t * kWinogradTile + j) * 6 + i);
          TransformSources<Rows>(d, to);
          if (i <= 1 && i + kRows > 1) to[1] = Rows::Subtract16(to[1], Rows::Load(centre));
          int16_t* first = v + place.first + i * place.row;
          for (int j = 0; j < 6; ++j) Rows::Store(first + j * place.column, to[j]);
        }
      }
    }
  }

  const int64_t n_, channels_;
  const int64_t source_width_;  // input channels, rounded up to whole vectors
  const int64_t most_tiles_;    // of a rectangle
  const char* const name_;
  const Products products_;
};

}  // namespace
}  // namespace integra::kernels
