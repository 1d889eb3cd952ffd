// From transformed sources V to outputs (see winograd_tiles.h): for each block of output channels,
// the products M [product][tile][width] and the sums Y [rows][columns][width] that the output stage
// reads.
#pragma once

#include "kernels/requantize.h"
#include "kernels/winograd_tiles.h"

namespace integra::kernels {
namespace {

// V: the Vectors of an instruction set. kVectors of 32-bit lanes side by side in a block of output
// channels, kMostTiles of M at once in registers.
template <typename V, int kVectors, int kMostTiles, RequantizeFunction kRequantize>
class WinogradProducts {
  using Vector = typename V::Vector;
  static constexpr int64_t kLanes = V::kBytes / 4;        // output channels of a vector
  static constexpr int64_t kWidth = kLanes * kVectors;    // of a block
  static constexpr int64_t kSourceLanes = V::kBytes / 2;  // input channels of a vector

 public:
  using Source = V;
  using Rows = V;

  explicit WinogradProducts(const GemmProblem& p)
      : n_(p.n),
        steps_((p.segment_length / 3 + 1) / 2),
        source_width_((p.segment_length / 3 + kSourceLanes - 1) / kSourceLanes * kSourceLanes),
        weights_(WinogradWeights(p, kWidth)),
        stage_(WinogradOutputStage(p)) {}

  // Where weights are small, M is to stay in the first-level cache.
  static int64_t most_tiles(int64_t channels) { return channels <= 32 ? 12 : 16; }

  // V: [product][tile][channels].
  static int64_t source_tiles(int64_t tiles) { return tiles; }
  WinogradPlace Place(int64_t tiles, int64_t tile, int64_t channel) const {
    const int64_t product = tiles * source_width_;
    return {tile * source_width_ + channel, 6 * product, product};
  }
  size_t scratch_bytes(int64_t tiles) const {
    const int64_t m = kWinogradProducts * kWidth, y = kWinogradTile * kWinogradTile * kWidth;
    return static_cast<size_t>(tiles * (m + y)) * sizeof(int32_t);
  }
  size_t bytes() const { return weights_.size() + stage_.bytes(); }

  template <typename T>
  void Run(const WinogradRectangle& r, const int16_t* v, std::byte* scratch, T* dst,
           int64_t dst_pitch) const {
    const int64_t tiles = r.tiles();
    auto* m = reinterpret_cast<int32_t*>(scratch);
    int32_t* y = m + kWinogradProducts * tiles * kWidth;
    const int64_t pitch = r.across() * kWinogradTile * kWidth;  // of a row of sums
    static_assert(kWinogradChannels % kWidth == 0);
    for (int64_t n = r.first; n < r.last; n += kWidth) {
      MultiplyAll(v, weights_.template data<int16_t>() + n * kWinogradProducts * steps_ * 2, tiles,
                  m);
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

 private:
  // A row of pixels, output channels n and following.
  void Finish(const int32_t* sums, int64_t columns, int64_t n, uint8_t* dst) const {
    kRequantize(stage_, n, sums, kWidth, columns, std::min(kWidth, n_ - n), nullptr, dst, n_);
  }
  void Finish(const int32_t* sums, int64_t columns, int64_t n, int32_t* dst) const {
    for (int64_t x = 0; x < columns; ++x, sums += kWidth, dst += n_) {
      __builtin_memcpy(dst, sums, static_cast<size_t>(std::min(kWidth, n_ - n)) * sizeof(*sums));
    }
  }

  // --- Products ---

  __attribute__((noinline)) void MultiplyAll(const int16_t* v, const int16_t* w, int64_t tiles,
                                             int32_t* m) const {
    ForParts(tiles, kMostTiles, [&](int64_t t, int64_t count) {
      Multiply<kMostTiles>(count, v + t * source_width_, w, tiles, m + t * kWidth);
    });
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

  // A tile: products `m`, `step` values apart, to 4 x 4 pixels of sums with rows `pitch` apart.
  __attribute__((noinline)) static void TransformProducts(const int32_t* m, int64_t step,
                                                          int32_t* y, int64_t pitch) {
    const Vector inverse = V::Set32(kInverseOfNine);
    for (int64_t n = 0; n < kWidth; n += kLanes) {
      Vector down[6][4];
      for (int j = 0; j < 6; ++j) {
        Vector column[6];
        for (int i = 0; i < 6; ++i) column[i] = V::Load(m + (i * 6 + j) * step + n);
        TransformSums<V>(column, down[j]);
      }
      for (int i = 0; i < kWinogradTile; ++i) {
        const Vector row[6] = {down[0][i], down[1][i], down[2][i],
                               down[3][i], down[4][i], down[5][i]};
        Vector sums[4];
        TransformSums<V>(row, sums);
        for (int j = 0; j < kWinogradTile; ++j) {
          V::Store(y + i * pitch + j * kWidth + n, V::ShiftRight(V::Multiply(sums[j], inverse), 6));
        }
      }
    }
  }

  const int64_t n_;
  const int64_t steps_;         // of two input channels
  const int64_t source_width_;  // input channels, rounded up to whole vectors
  const AlignedBuffer weights_;
  const VectorOutputStage stage_;
};

}  // namespace
}  // namespace integra::kernels
