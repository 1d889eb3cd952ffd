// Winograd's convolution (kernels/winograd.h) for one instruction set: see channel_sums.h about how
// it is included.
//
// A rectangle of tiles at a time: their transformed sources, V [product][tile][channels], stay in
// the second-level cache; then, for each block of output channels, the products M
// [product][tile][width] and the sums Y [rows][columns][width] that the output stage reads.
#pragma once

#include <algorithm>

#include "kernels/requantize.h"
#include "kernels/winograd.h"

namespace integra::kernels {
namespace {

// V: the Vectors of an instruction set. kVectors of 32-bit lanes side by side in a block of output
// channels, kMostTiles of M at once in registers.
template <typename V, int kVectors, int kMostTiles>
class WinogradTiles final : public Winograd {
  using Vector = typename V::Vector;
  static constexpr int64_t kLanes = V::kBytes / 4;        // output channels of a vector
  static constexpr int64_t kWidth = kLanes * kVectors;    // of a block
  static constexpr int64_t kSourceLanes = V::kBytes / 2;  // input channels of a vector
  static constexpr int64_t kVBytes = 640 << 10;
  static constexpr int64_t kMostInRectangle = 24;

 public:
  WinogradTiles(const GemmProblem& p, const char* name, RequantizeFunction requantize)
      : n_(p.n),
        channels_(p.segment_length / 3),
        steps_((channels_ + 1) / 2),
        source_width_((channels_ + kSourceLanes - 1) / kSourceLanes * kSourceLanes),
        most_tiles_(std::clamp<int64_t>(kVBytes / (kWinogradProducts * source_width_ * 2), 4,
                                        kMostInRectangle)),
        name_(name),
        requantize_(requantize),
        weights_(WinogradWeights(p, kWidth)),
        stage_(p.stage, WinogradAddends(p), PlainOrder(p.n, 16), LargestSum(p)) {}

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
    const int64_t v = kWinogradProducts * source_width_ * sizeof(int16_t);
    const int64_t m = kWinogradProducts * kWidth * sizeof(int32_t);
    const int64_t y = kWinogradTile * kWinogradTile * kWidth * sizeof(int32_t);
    return static_cast<size_t>(most_tiles_ * (v + m + y) +
                               (most_tiles_ * kWinogradTile + 2) * 6 * V::kBytes);
  }
  size_t bytes() const override { return weights_.size() + stage_.bytes(); }

 private:
  struct Rectangle {
    const uint8_t* src;
    int64_t src_pitch, rows, columns;

    int64_t across() const { return TilesOf(columns); }
    int64_t tiles() const { return across() * TilesOf(rows); }
  };

  static int64_t TilesOf(int64_t outputs) { return (outputs + kWinogradTile - 1) / kWinogradTile; }

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
        RunRectangle({src + y * src_pitch + x * channels_, src_pitch, std::min(height, rows - y),
                      std::min(width, columns - x)},
                     dst + y * dst_pitch + x * n_, dst_pitch, reinterpret_cast<int16_t*>(scratch));
      }
    }
  }

  // The three steps are functions of their own: inlined into one, GCC 12 spills what they need.
  template <typename T>
  void RunRectangle(const Rectangle& r, T* dst, int64_t dst_pitch, int16_t* v) const {
    const int64_t tiles = r.tiles();
    auto* m = reinterpret_cast<int32_t*>(v + kWinogradProducts * tiles * source_width_);
    int32_t* y = m + kWinogradProducts * tiles * kWidth;
    auto* columns = y + kWinogradTile * kWinogradTile * tiles * kWidth;
    const int64_t pitch = r.across() * kWinogradTile * kWidth;  // of a row of sums
    for (int64_t row = 0; row < TilesOf(r.rows); ++row) {
      TransformSource(r, row, tiles, columns, v + row * r.across() * source_width_);
    }
    for (int64_t n = 0; n < n_; n += kWidth) {
      MultiplyAll(v, weights_.data<int16_t>() + n * kWinogradProducts * steps_ * 2, tiles, m);
      for (int64_t t = 0; t < tiles; ++t) {
        const int64_t row = t / r.across(), column = t % r.across();
        TransformProducts(m + t * kWidth, tiles * kWidth,
                          y + (row * pitch + column * kWidth) * kWinogradTile, pitch);
      }
      for (int64_t row = 0; row < r.rows; ++row) {
        Finish(y + row * pitch, r.columns, n, dst + row * dst_pitch + n);
      }
    }
  }

  // A row of pixels, output channels n and following.
  void Finish(const int32_t* sums, int64_t columns, int64_t n, uint8_t* dst) const {
    requantize_(stage_, n, sums, kWidth, columns, std::min(kWidth, n_ - n), nullptr, dst, n_);
  }
  void Finish(const int32_t* sums, int64_t columns, int64_t n, int32_t* dst) const {
    for (int64_t x = 0; x < columns; ++x, sums += kWidth, dst += n_) {
      __builtin_memcpy(dst, sums, static_cast<size_t>(std::min(kWidth, n_ - n)) * sizeof(*sums));
    }
  }

  // --- Bt x B ---

  // Of six 16-bit vectors.
  static void TransformSix(const Vector (&d)[6], Vector (&to)[6]) {
    const Vector outer = V::Subtract16(d[4], d[2]);                 // d4 - d2
    const Vector inner = V::Subtract16(d[3], d[1]);                 // d3 - d1
    const Vector a = V::Subtract16(d[4], V::ShiftLeft16(d[2], 2));  // d4 - 4 d2
    const Vector b = V::Subtract16(d[3], V::ShiftLeft16(d[1], 2));  // d3 - 4 d1
    const Vector twice = V::ShiftLeft16(inner, 1);
    to[0] = V::Add16(V::ShiftLeft16(V::Subtract16(d[0], d[2]), 2), outer);
    to[1] = V::Add16(a, b);
    to[2] = V::Subtract16(a, b);
    to[3] = V::Add16(outer, twice);
    to[4] = V::Subtract16(outer, twice);
    to[5] = V::Subtract16(V::Subtract16(d[5], d[3]), V::ShiftLeft16(twice, 1));
  }

  // A row of tiles. Down the columns first, which neighbouring tiles share; `columns` has room for
  // six vectors of each.
  __attribute__((noinline)) void TransformSource(const Rectangle& r, int64_t row, int64_t tiles,
                                                 void* columns, int16_t* v) const {
    auto* down = static_cast<Vector*>(columns);
    const int64_t width = r.across() * kWinogradTile + 2;
    const uint8_t* src = r.src + row * kWinogradTile * r.src_pitch;
    // Bt of sources of 128 everywhere: they are to be counted from there. (Only the sum of the
    // second row of Bt is not 0: it is -6.)
    const Vector centre = V::Set16(128 * 6 * 6);
    for (int64_t c = 0; c < source_width_; c += kSourceLanes) {
      for (int64_t x = 0; x < width; ++x) {
        Vector d[6], to[6];
        for (int i = 0; i < 6; ++i) d[i] = V::Widen16(src + i * r.src_pitch + x * channels_ + c);
        TransformSix(d, to);
        for (int i = 0; i < 6; ++i) V::Store(down + x * 6 + i, to[i]);
      }
      for (int64_t t = 0; t < r.across(); ++t) {
        int16_t* place = v + t * source_width_ + c;
        for (int i = 0; i < 6; ++i) {
          Vector d[6], to[6];
          for (int j = 0; j < 6; ++j) d[j] = V::Load(down + (t * kWinogradTile + j) * 6 + i);
          TransformSix(d, to);
          if (i == 1) to[1] = V::Subtract16(to[1], centre);
          for (int j = 0; j < 6; ++j) V::Store(place + (i * 6 + j) * tiles * source_width_, to[j]);
        }
      }
    }
  }

  // --- Products ---

  __attribute__((noinline)) void MultiplyAll(const int16_t* v, const int16_t* w, int64_t tiles,
                                             int32_t* m) const {
    // Groups of like size: small ones wait for the latency of their sums.
    int64_t groups = (tiles + kMostTiles - 1) / kMostTiles;
    for (int64_t t = 0; t < tiles; --groups) {
      const int64_t count = (tiles - t + groups - 1) / groups;
      Multiply<kMostTiles>(count, v + t * source_width_, w, tiles, m + t * kWidth);
      t += count;
    }
  }

  template <int kTiles>
  void Multiply(int64_t count, const int16_t* v, const int16_t* w, int64_t tiles,
                int32_t* m) const {
    if constexpr (kTiles > 1) {
      if (count < kTiles) return Multiply<kTiles - 1>(count, v, w, tiles, m);
    }
    for (int64_t product = 0; product < kWinogradProducts; ++product) {
      MultiplyTiles<kTiles>(v + product * tiles * source_width_, w + product * steps_ * kWidth * 2,
                            m + product * tiles * kWidth);
    }
  }

  template <int kTiles>
  __attribute__((always_inline)) void MultiplyTiles(const int16_t* v, const int16_t* w,
                                                    int32_t* m) const {
    typename V::Lanes sums[kTiles][kVectors] = {};
    for (int64_t k = 0; k < steps_; ++k, w += kWidth * 2) {
      Vector b[kVectors];
#pragma GCC unroll 4
      for (int j = 0; j < kVectors; ++j) b[j] = V::Load(w + j * kLanes * 2);
#pragma GCC unroll 12
      for (int i = 0; i < kTiles; ++i) {
        int32_t pair;
        __builtin_memcpy(&pair, v + i * source_width_ + 2 * k, sizeof(pair));
        const Vector a = V::Set32(pair);
#pragma GCC unroll 4
        for (int j = 0; j < kVectors; ++j) V::AddPairs(a, b[j], sums[i][j]);
      }
    }
#pragma GCC unroll 12
    for (int i = 0; i < kTiles; ++i) {
#pragma GCC unroll 4
      for (int j = 0; j < kVectors; ++j) {
        V::Store(m + i * kWidth + j * kLanes, (Vector)sums[i][j]);
      }
    }
  }

  // --- At m A, and its division by 576 ---

  // Of six 32-bit vectors.
  static void TransformSums(const Vector (&m)[6], Vector (&to)[4]) {
    const Vector sum1 = V::Add(m[1], m[2]), difference1 = V::Subtract(m[1], m[2]);
    const Vector sum2 = V::Add(m[3], m[4]), difference2 = V::Subtract(m[3], m[4]);
    to[0] = V::Add(V::Add(m[0], sum1), sum2);
    to[1] = V::Add(difference1, V::ShiftLeft(difference2, 1));
    to[2] = V::Add(sum1, V::ShiftLeft(sum2, 2));
    to[3] = V::Add(difference1, V::ShiftLeft(V::Add(V::ShiftLeft(difference2, 2), m[5]), 1));
  }

  // A tile: products `m`, `step` values apart, to 4 x 4 pixels of sums with rows `pitch` apart.
  __attribute__((noinline)) static void TransformProducts(const int32_t* m, int64_t step,
                                                          int32_t* y, int64_t pitch) {
    const Vector inverse = V::Set32(kInverseOfNine);
    for (int64_t n = 0; n < kWidth; n += kLanes) {
      Vector down[6][4];
      for (int j = 0; j < 6; ++j) {
        Vector column[6];
        for (int i = 0; i < 6; ++i) column[i] = V::Load(m + (i * 6 + j) * step + n);
        TransformSums(column, down[j]);
      }
      for (int i = 0; i < kWinogradTile; ++i) {
        const Vector row[6] = {down[0][i], down[1][i], down[2][i],
                               down[3][i], down[4][i], down[5][i]};
        Vector sums[4];
        TransformSums(row, sums);
        for (int j = 0; j < kWinogradTile; ++j) {
          V::Store(y + i * pitch + j * kWidth + n, V::ShiftRight(V::Multiply(sums[j], inverse), 6));
        }
      }
    }
  }

  static constexpr int32_t kInverseOfNine = 954437177;  // modulo 2^32
  static_assert(9u * kInverseOfNine == 1u);

  const int64_t n_, channels_;
  const int64_t steps_;         // of two input channels
  const int64_t source_width_;  // input channels, rounded up to whole vectors
  const int64_t most_tiles_;    // of a rectangle
  const char* const name_;
  const RequantizeFunction requantize_;
  const AlignedBuffer weights_;
  const VectorOutputStage stage_;
};

}  // namespace
}  // namespace integra::kernels
