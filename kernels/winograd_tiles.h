// Winograd's convolution (kernels/winograd.h) for one instruction set: see channel_sums.h about how
// it is included.
//
// A rectangle of tiles at a time: their transformed sources, V, stay in the second-level cache.
// What follows, from V to outputs, is `Products`, of which there are two kinds: winograd_products.h
// and avx512/winograd_vnni.cc.
#pragma once

#include <algorithm>

#include "kernels/winograd.h"

namespace integra::kernels {
namespace {

constexpr int64_t TilesOf(int64_t outputs) { return (outputs + kWinogradTile - 1) / kWinogradTile; }

// Outputs that are made at once.
struct WinogradRectangle {
  int64_t rows, columns;

  int64_t across() const { return TilesOf(columns); }
  int64_t tiles() const { return across() * TilesOf(rows); }
};

// Where V keeps a tile's channel: factor (y, x) at first + y * row + x * column.
struct WinogradPlace {
  int64_t first, row, column;
};

// Of six 32-bit vectors: a row of At.
template <typename V>
__attribute__((always_inline)) inline void TransformSums(const typename V::Vector (&m)[6],
                                                         typename V::Vector (&to)[4]) {
  using Vector = typename V::Vector;
  const Vector sum1 = V::Add(m[1], m[2]), difference1 = V::Subtract(m[1], m[2]);
  const Vector sum2 = V::Add(m[3], m[4]), difference2 = V::Subtract(m[3], m[4]);
  to[0] = V::Add(V::Add(m[0], sum1), sum2);
  to[1] = V::Add(V::Add(difference1, difference2), difference2);
  to[2] = V::Add(sum1, V::ShiftLeft(sum2, 2));
  const Vector half = V::Add(V::ShiftLeft(difference2, 2), m[5]);
  to[3] = V::Add(V::Add(difference1, half), half);
}

constexpr int32_t kInverseOfNine = 954437177;  // modulo 2^32
static_assert(9u * kInverseOfNine == 1u);

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

  void Run(const uint8_t* src, int64_t src_pitch, int64_t rows, int64_t columns, uint8_t* dst,
           int64_t dst_pitch, std::byte* scratch) const override {
    RunRectangles(src, src_pitch, rows, columns, dst, dst_pitch, scratch);
  }
  void Run(const uint8_t* src, int64_t src_pitch, int64_t rows, int64_t columns, int32_t* dst,
           int64_t dst_pitch, std::byte* scratch) const override {
    RunRectangles(src, src_pitch, rows, columns, dst, dst_pitch, scratch);
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
  void RunRectangles(const uint8_t* src, int64_t src_pitch, int64_t rows, int64_t columns, T* dst,
                     int64_t dst_pitch, std::byte* scratch) const {
    const int64_t across = std::min(TilesOf(columns), most_tiles_);
    const int64_t down = std::clamp<int64_t>(most_tiles_ / across, 1, TilesOf(rows));
    // Rectangles of like width.
    const int64_t count = (TilesOf(columns) + across - 1) / across;
    const int64_t width = (TilesOf(columns) + count - 1) / count * kWinogradTile;
    const int64_t height = down * kWinogradTile;
    for (int64_t y = 0; y < rows; y += height) {
      for (int64_t x = 0; x < columns; x += width) {
        const WinogradRectangle r = {std::min(height, rows - y), std::min(width, columns - x)};
        auto* v = reinterpret_cast<int16_t*>(scratch);
        std::byte* own = scratch + VBytes(most_tiles_);
        for (int64_t row = 0; row < TilesOf(r.rows); ++row) {
          TransformSource(src + (y + row * kWinogradTile) * src_pitch + x * channels_, src_pitch, r,
                          row, own, v);
        }
        products_.Run(r, v, own, dst + y * dst_pitch + x * n_, dst_pitch);
      }
    }
  }

  // --- Bt x B ---

  // Of six vectors of 16-bit lanes.
  template <typename W, typename Vector = typename W::Vector>
  __attribute__((always_inline)) static void TransformSix(const Vector (&d)[6], Vector (&to)[6]) {
    const Vector outer = W::Subtract16(d[4], d[2]);                 // d4 - d2
    const Vector inner = W::Subtract16(d[3], d[1]);                 // d3 - d1
    const Vector a = W::Subtract16(d[4], W::ShiftLeft16(d[2], 2));  // d4 - 4 d2
    const Vector b = W::Subtract16(d[3], W::ShiftLeft16(d[1], 2));  // d3 - 4 d1
    const Vector twice = W::ShiftLeft16(inner, 1);
    to[0] = W::Add16(W::ShiftLeft16(W::Subtract16(d[0], d[2]), 2), outer);
    to[1] = W::Add16(a, b);
    to[2] = W::Subtract16(a, b);
    to[3] = W::Add16(outer, twice);
    to[4] = W::Subtract16(outer, twice);
    to[5] = W::Subtract16(W::Subtract16(d[5], d[3]), W::ShiftLeft16(twice, 1));
  }

  // A row of tiles. Down the columns first, which neighbouring tiles share; `columns` has room for
  // six vectors of each.
  __attribute__((noinline)) void TransformSource(const uint8_t* src, int64_t src_pitch,
                                                 const WinogradRectangle& r, int64_t row,
                                                 void* columns, int16_t* v) const {
    auto* down = static_cast<Vector*>(columns);
    const int64_t width = r.across() * kWinogradTile + 2;
    // Bt of sources of 128 everywhere: they are to be counted from there. (Only the sum of the
    // second row of Bt is not 0: it is -6.)
    int16_t centre[6][kSourceLanes] = {};
    for (int16_t& x : centre[1]) x = 128 * 6 * 6;
    for (int64_t c = 0; c < source_width_; c += kSourceLanes) {
      for (int64_t x = 0; x < width; ++x) {
        Vector d[6], to[6];
        for (int i = 0; i < 6; ++i) d[i] = V::Widen16(src + i * src_pitch + x * channels_ + c);
        TransformSix<V>(d, to);
        for (int i = 0; i < 6; ++i) V::Store(down + x * 6 + i, to[i]);
      }
      for (int64_t t = 0; t < r.across(); ++t) {
        const WinogradPlace place = products_.Place(r.tiles(), row * r.across() + t, c);
        for (int i = 0; i < 6; i += kRows) {
          typename Rows::Vector d[6], to[6];
          for (int j = 0; j < 6; ++j) d[j] = Rows::Load(down + (t * kWinogradTile + j) * 6 + i);
          TransformSix<Rows>(d, to);
          to[1] = Rows::Subtract16(to[1], Rows::Load(centre[i]));
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
