// Winograd's convolution on AVX512-VNNI: from transformed sources to outputs, products stay in
// registers or in the first-level cache.
#include <algorithm>

#include "kernels/avx512/winograd_stage.h"
#include "kernels/requantize.h"
#include "kernels/winograd_products.h"

namespace integra::kernels {
namespace {

using avx512::Form;
using avx512::WinogradStage;

// Four tiles and 16 output channels at a time: of a column of their products, the sums over all
// input channels fill 24 registers, and are transformed there.
class WinogradGroups {
  using Vector = __m512i;
  static constexpr int64_t kTiles = 4;      // of a group
  static constexpr int64_t kWidth = 16;     // output channels of a block
  static constexpr int64_t kChannels = 16;  // input channels of a part: eight steps of two
  static constexpr int64_t kHalf = kWinogradTile * 6;  // vectors of a tile

 public:
  using Source = HalfVectors;
  using Rows = Vectors;

  explicit WinogradGroups(const GemmProblem& p)
      : n_(p.n),
        parts_((p.segment_length / 3 + kChannels - 1) / kChannels),
        weights_(WinogradWeightsByColumns(p, kWidth, kChannels)),
        stage_(p.stage, WinogradAddends(p), PlainOrder(p.n, kWidth), LargestSum(p)),
        form_(avx512::HasWinogradStage(p, stage_.form()) ? stage_.form() : Form::kScalar),
        stages_(static_cast<size_t>((p.n + kWidth - 1) / kWidth) * sizeof(WinogradStage)) {
    if (form_ == Form::kScalar) return;
    for (int64_t n = 0; n < n_; n += kWidth) {
      stages_.data<WinogradStage>()[n / kWidth] = avx512::MakeWinogradStage(stage_, n / kWidth);
    }
  }

  static int64_t most_tiles(int64_t /*channels*/) { return 32; }

  // V: [group][column of products][part][tile][row of products][kChannels], so that one pointer is
  // enough for what a step reads.
  static int64_t source_tiles(int64_t tiles) { return (tiles + kTiles - 1) / kTiles * kTiles; }
  WinogradPlace Place(int64_t /*tiles*/, int64_t tile, int64_t channel) const {
    const int64_t column = parts_ * kTiles * 6 * kChannels;
    return {tile / kTiles * 6 * column + channel / kChannels * kTiles * 6 * kChannels +
                tile % kTiles * 6 * kChannels,
            kChannels, column};
  }
  static size_t scratch_bytes(int64_t /*tiles*/) { return kTiles * kHalf * sizeof(Vector); }
  size_t bytes() const { return weights_.size() + stage_.bytes() + stages_.size(); }

  void Run(const WinogradRectangle& r, const int16_t* v, std::byte* scratch, uint8_t* dst,
           int64_t dst_pitch) const {
    if (form_ == Form::kFloor) {
      RunGroups<Form::kFloor>(r, v, scratch, dst, dst_pitch);
    } else if (form_ == Form::kTwoStep) {
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
  // Four tiles, the first of them at pixel (y, x).
  struct Group {
    int64_t y, x, tiles;
  };

  template <Form kForm, typename T>
  void RunGroups(const WinogradRectangle& r, const int16_t* v, std::byte* scratch, T* dst,
                 int64_t dst_pitch) const {
    const int64_t v_column = parts_ * kTiles * 6 * kChannels;
    const int64_t w_column = parts_ * 6 * kWidth * kChannels;
    auto* half = reinterpret_cast<Vector*>(scratch);
    for (int64_t n = 0; n < n_; n += kWidth) {
      const int16_t* w = weights_.data<int16_t>() + n / kWidth * 6 * w_column;
      const int16_t* column = v;
      for (int64_t t = 0; t < r.tiles(); t += kTiles) {
        const Group group = {t / r.across() * kWinogradTile, t % r.across() * kWinogradTile,
                             std::min(kTiles, r.tiles() - t)};
        for (int j = 0; j < 6; ++j, column += v_column) {
          MultiplyColumn<kTiles>(group.tiles, column, w + j * w_column, half + j);
        }
        FinishGroup<kForm>(r, group, half, n, dst, dst_pitch);
      }
    }
  }

  template <int kCount>
  void MultiplyColumn(int64_t count, const int16_t* v, const int16_t* w, Vector* to) const {
    if constexpr (kCount > 1) {
      if (count < kCount) return MultiplyColumn<kCount - 1>(count, v, w, to);
    }
    MultiplyTiles<kCount>(v, w, to);
  }

  // A column of products, transformed: vectors [tile][4][6], of which it is one of the six.
  template <int kCount>
  __attribute__((noinline)) void MultiplyTiles(const int16_t* v, const int16_t* w,
                                               Vector* to) const {
    Vectors::Lanes sums[kCount][6] = {};
    int64_t left = parts_;  // there is at least one
    do {
#pragma GCC unroll 1
      for (int k = 0; k < kChannels; k += 2, w += 6 * kWidth * 2) {
#pragma GCC unroll 6
        for (int i = 0; i < 6; ++i) {
          const Vector b = Hold(w + i * kWidth * 2);
#pragma GCC unroll 4
          for (int t = 0; t < kCount; ++t) {
            int32_t pair;
            __builtin_memcpy(&pair, v + (t * 6 + i) * kChannels + k, sizeof(pair));
            Vectors::AddPairs(Vectors::Set32(pair), b, sums[t][i]);
          }
        }
      }
      v += kTiles * 6 * kChannels;
    } while (--left > 0);
#pragma GCC unroll 4
    for (int t = 0; t < kCount; ++t) {
      const Vector column[6] = {(Vector)sums[t][0], (Vector)sums[t][1], (Vector)sums[t][2],
                                (Vector)sums[t][3], (Vector)sums[t][4], (Vector)sums[t][5]};
      Vector down[4];
      TransformSums<Vectors>(column, down);
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) Vectors::Store(to + t * kHalf + i * 6, down[i]);
    }
  }

  // A load that stays in a register: GCC 12 would read memory again for each of up to three tiles.
  __attribute__((always_inline)) static Vector Hold(const void* p) {
    Vector v = Vectors::Load(p);
#ifndef INTEGRA_EMULATE_AVX512  // there are no such registers then
    asm("" : "+v"(v));
#endif
    return v;
  }

  // Output channels n and following.
  template <Form kForm, typename T>
  __attribute__((noinline)) void FinishGroup(const WinogradRectangle& r, Group group,
                                             const Vector* half, int64_t n, T* dst,
                                             int64_t dst_pitch) const {
    const WinogradStage stage = stages_.data<WinogradStage>()[n / kWidth];
    const int64_t channels = std::min(kWidth, n_ - n);
    for (; group.tiles > 0; --group.tiles, half += kHalf) {
      const int64_t rows = std::min(kWinogradTile, r.rows - group.y);
      const int64_t columns = std::min(kWinogradTile, r.columns - group.x);
      T* to = dst + group.y * dst_pitch + group.x * n_ + n;
      for (int64_t i = 0; i < rows; ++i, to += dst_pitch) {
        if constexpr (kForm == Form::kScalar) {
          FinishRow(half + i * 6, n, columns, channels, to);
        } else {
          avx512::StoreFour(avx512::FinishFour<kForm>(half + i * 6, stage), columns, channels, n_,
                            to);
        }
      }
      group.x += kWinogradTile;
      if (group.x >= r.columns) {
        group.x = 0;
        group.y += kWinogradTile;
      }
    }
  }

  // Without WinogradStage.
  void FinishRow(const Vector* half, int64_t n, int64_t columns, int64_t channels,
                 uint8_t* to) const {
    alignas(64) int32_t sums[kWinogradTile * kWidth];
    StoreSums(half, kWinogradTile, kWidth, kWidth, sums);
    avx512::Requantize(stage_, n, sums, kWidth, columns, channels, nullptr, to, n_);
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
  const VectorOutputStage stage_;
  const Form form_;       // kScalar where it has no WinogradStage
  AlignedBuffer stages_;  // WinogradStage of each block
};

}  // namespace

std::unique_ptr<const Winograd> MakeAvx512VnniWinograd(const GemmProblem& problem) {
  constexpr const char* kName = "own avx512_vnni winograd";
  // Every group reads all weights. Those that the second-level cache does not hold are better read
  // for as many tiles as there are.
  constexpr int64_t kCachedWeights = int64_t{512} << 10;
  const int64_t weights =
      kWinogradProducts * int64_t{sizeof(int16_t)} * problem.n * problem.segment_length / 3;
  if (weights <= kCachedWeights)
    return std::make_unique<WinogradTiles<WinogradGroups>>(problem, kName);
  using Products = WinogradProducts<Vectors, 2, 8, avx512::Requantize>;
  return std::make_unique<WinogradTiles<Products>>(problem, kName);
}

}  // namespace integra::kernels
