// Tiles of rows and channels of products of bytes, and of the same weights in 16 bits. Included by
// gemm_bytes.cc alone.
#pragma once

#include <immintrin.h>

#include <cstring>

#include "kernels/avx2/byte_rows.h"
#include "kernels/avx2/byte_weights.h"
#include "kernels/avx2/gemm_store.h"

namespace integra::kernels::avx2 {
namespace {

constexpr int kRows = 4;

// How rows are multiplied.
enum class Way {
  kWindow,  // values of the window, and outliers
  kWhole,   // whole values
  kWide,    // whole values of 16 bits
};

struct Tile {
  const uint8_t* x;     // kWindow, kWhole
  const int16_t* wide;  // kWide
  int64_t pitch;        // of rows, in values
  int64_t groups;
  const int8_t* w;
  ByteWeights::Extra extra;
  const int32_t* start;           // [16] or [8]
  const int32_t* const* of_rows;  // what each row adds to it, or null
  TileOutput out;
};

// Calls add(first, second, w) for each group: where its two steps begin in a row, and its weights.
template <int NV, typename F>
INTEGRA_INLINE void ForEachGroup(const Tile& t, const F& add) {
  const int8_t* w = t.w;
  for (int64_t g = 0; g < t.groups; ++g, w += kGroup * NV * 32) {
    add(g * kGroup * kStep, g * kGroup * kStep + kStep, w);
  }
  w = t.extra.weights;
  for (int64_t g = 0; g < t.extra.count; ++g, w += kGroup * kTileChannels * kStep) {
    add(t.extra.offsets[g * kGroup], t.extra.offsets[g * kGroup + 1], w);
  }
}

// acc += x * w, of bytes.
template <Way kWay, int NV, int MR>
INTEGRA_INLINE void AddBytes(const Tile& t, Lanes (&acc)[MR][NV]) {
  __m256i ones = _mm256_set1_epi16(1);
  asm("" : "+x"(ones));
  ForEachGroup<NV>(
      t, [&](int64_t first, int64_t second, const int8_t* w) __attribute__((always_inline)) {
        const auto* vectors = reinterpret_cast<const __m256i*>(w);
#pragma GCC unroll 4
        for (int i = 0; i < MR; ++i) {
          int32_t steps[2];
          std::memcpy(&steps[0], t.x + i * t.pitch + first, kStep);
          std::memcpy(&steps[1], t.x + i * t.pitch + second, kStep);
          const __m256i a = _mm256_set1_epi32(steps[0]), b = _mm256_set1_epi32(steps[1]);
          // Weights are read by the instructions that need them: GCC would keep them in registers,
          // and spill sums.
          asm("" : "+r"(vectors));
#pragma GCC unroll 2
          for (int j = 0; j < NV; ++j) {
            const __m256i p = _mm256_maddubs_epi16(a, _mm256_load_si256(vectors + j));
            const __m256i q = _mm256_maddubs_epi16(b, _mm256_load_si256(vectors + NV + j));
            if constexpr (kWay == Way::kWindow) {
              acc[i][j] += (Lanes)_mm256_madd_epi16(_mm256_add_epi16(p, q), ones);
            } else {
              acc[i][j] += (Lanes)_mm256_madd_epi16(p, ones);
              acc[i][j] += (Lanes)_mm256_madd_epi16(q, ones);
            }
          }
        }
      });
}

template <Way kWay, Finish kFinish, int NV, int MR>
void RunByteTile(const Tile& t) {
  Lanes acc[MR][NV];
#pragma GCC unroll 2
  for (int j = 0; j < NV; ++j) {
    const auto start = (Lanes)Hold(t.start + 8 * j);
#pragma GCC unroll 4
    for (int i = 0; i < MR; ++i) acc[i][j] = start;
  }
  if (t.of_rows != nullptr) {
#pragma GCC unroll 4
    for (int i = 0; i < MR; ++i) {
#pragma GCC unroll 2
      for (int j = 0; j < NV; ++j) {
        acc[i][j] += (Lanes)_mm256_load_si256(reinterpret_cast<const __m256i*>(t.of_rows[i]) + j);
      }
    }
  }
  AddBytes<kWay>(t, acc);
  Store<kFinish>(t.out, acc);
}

// sums += x * w of vector j of each row, in 16 bits, two sums for each channel.
template <int NV, int MR>
INTEGRA_INLINE void AddWide(const Tile& t, int j, Lanes (&sums)[MR][2]) {
  const auto add = [&](int64_t step, const int8_t* w) __attribute__((always_inline)) {
    const auto* const halves = reinterpret_cast<const __m128i*>(w);
    const __m256i b[2] = {_mm256_cvtepi8_epi16(_mm_load_si128(halves)),
                          _mm256_cvtepi8_epi16(_mm_load_si128(halves + 1))};
#pragma GCC unroll 4
    for (int i = 0; i < MR; ++i) {
      int64_t values;
      std::memcpy(&values, t.wide + i * t.pitch + step, sizeof(values));
      const __m256i a = _mm256_set1_epi64x(values);
      sums[i][0] += (Lanes)_mm256_madd_epi16(a, b[0]);
      sums[i][1] += (Lanes)_mm256_madd_epi16(a, b[1]);
    }
    // Keeps steps apart: mixed, there are more values alive than registers.
#pragma GCC unroll 4
    for (int i = 0; i < MR; ++i) asm("" : "+x"(sums[i][0]), "+x"(sums[i][1]));
  };
  ForEachGroup<NV>(
      t, [&](int64_t first, int64_t second, const int8_t* w) __attribute__((always_inline)) {
        add(first, w + 32 * j);
        add(second, w + 32 * (NV + j));
      });
}

template <Finish kFinish, int NV, int MR>
void RunWideTile(const Tile& t) {
  Lanes all[MR][NV];
#pragma GCC unroll 2
  for (int j = 0; j < NV; ++j) {
    Lanes sums[MR][2] = {};
    AddWide<NV>(t, j, sums);
    const auto start = (Lanes)Hold(t.start + 8 * j);
#pragma GCC unroll 4
    for (int i = 0; i < MR; ++i) {
      const __m256i pairs = _mm256_hadd_epi32((__m256i)sums[i][0], (__m256i)sums[i][1]);
      all[i][j] = start + (Lanes)_mm256_permute4x64_epi64(pairs, _MM_SHUFFLE(3, 1, 2, 0));
    }
  }
  Store<kFinish>(t.out, all);
}

using TileFunction = void (*)(const Tile&);
template <Way kWay, Finish kFinish, int NV, int MR>
constexpr TileFunction kTile =
    kWay == Way::kWide ? RunWideTile<kFinish, NV, MR> : RunByteTile<kWay, kFinish, NV, MR>;
template <Way kWay, Finish kFinish, int NV>
constexpr TileFunction kTiles[kRows] = {kTile<kWay, kFinish, NV, 1>, kTile<kWay, kFinish, NV, 2>,
                                        kTile<kWay, kFinish, NV, 3>, kTile<kWay, kFinish, NV, 4>};

template <Way kWay, int NV>
const TileFunction* TilesOf(Finish finish) {
  switch (finish) {
    case Finish::kFloor:
      return kTiles<kWay, Finish::kFloor, NV>;
    case Finish::kTwoStep:
      return kTiles<kWay, Finish::kTwoStep, NV>;
    case Finish::kFoldedFloor:
      return kTiles<kWay, Finish::kFoldedFloor, NV>;
    case Finish::kFoldedTwoStep:
      return kTiles<kWay, Finish::kFoldedTwoStep, NV>;
    default:
      return kTiles<kWay, Finish::kScalar, NV>;
  }
}

// By number of rows less one. `width`: channels, 16 or 8.
INTEGRA_INLINE const TileFunction* TilesOf(Way way, Finish finish, int64_t width) {
  switch (way) {
    case Way::kWindow:
      return width == 8 ? TilesOf<Way::kWindow, 1>(finish) : TilesOf<Way::kWindow, 2>(finish);
    case Way::kWhole:
      return width == 8 ? TilesOf<Way::kWhole, 1>(finish) : TilesOf<Way::kWhole, 2>(finish);
    default:
      return width == 8 ? TilesOf<Way::kWide, 1>(finish) : TilesOf<Way::kWide, 2>(finish);
  }
}

// What outliers add to their rows' sums: to[row * 16 + channel] of a tile, for all rows that have
// one. `locations`: of the tile's steps.
template <int NV>
void MultiplyOutliers(const Outlier* outliers, int64_t count, const ByteWeights& weights,
                      const int32_t* locations, int32_t* to) {
  Lanes acc[NV] = {};
  for (const Outlier* o = outliers; o < outliers + count; ++o) {
    const auto all = [](uint32_t v) __attribute__((always_inline)) {
      return _mm256_set1_epi32(static_cast<int32_t>(v));
    };
    const __m256i magnitudes = all(o->magnitudes), sign = all(o->sign);
    const auto not_first = (Lanes)all(o->not_first);
    const auto* const vectors = reinterpret_cast<const __m256i*>(weights.At(locations[o->step]));
    auto* const sums = reinterpret_cast<__m256i*>(to + o->row * kTileChannels);
#pragma GCC unroll 2
    for (int j = 0; j < NV; ++j) {
      const __m256i products = _mm256_maddubs_epi16(magnitudes, _mm256_load_si256(vectors + j));
      acc[j] = (acc[j] & not_first) + (Lanes)_mm256_madd_epi16(products, sign);
      _mm256_store_si256(sums + j, (__m256i)acc[j]);
    }
  }
}

}  // namespace
}  // namespace integra::kernels::avx2
