// Four tiles of Winograd's convolution on AVX512-VNNI: from sources to sums that are transformed in
// one direction. Included by winograd_quads.cc alone.
#pragma once

#include <type_traits>

#include "kernels/avx512/output_stage.h"
#include "kernels/avx512/vectors.h"
#include "kernels/avx512/winograd_quad_stage.h"

namespace integra::kernels::avx512 {

struct QuadShape {
  static constexpr int64_t kWidth = 4 * kGroups;  // output channels of a block
  static constexpr int64_t kChannels = 8;  // input channels of a vector of V: four steps of two
  static constexpr int64_t kSources = 16;  // input channels that are transformed at once
  // Quads whose sums are in registers at once.
  static constexpr int kMostQuads = 4;
  // Bytes: [quad][group][4][6], then sums [row][quad][group] of a column.
  static constexpr size_t kScratch = sizeof(__m512i) * kMostQuads * kGroups * (kHalfVectors + 6);

  explicit QuadShape(int64_t c) : channels(c) {}

  int64_t channels;  // input channels
  // Vectors of input channels: in V, and those that have weights.
  int64_t source_parts() const {
    return (channels + kSources - 1) / kSources * (kSources / kChannels);
  }
  int64_t parts() const { return (channels + kChannels - 1) / kChannels; }

  // Values of weights: [block of kWidth][column of products][row][part][step][kWidth][2].
  int64_t weights_of_channel() const { return kWinogradProducts * parts() * kChannels; }
  // V of up to kMostQuads: [column of products][row][quad][part][tile][kChannels]. Values of a
  // product of a quad, and bytes.
  int64_t v_quad() const { return source_parts() * kQuadTiles * kChannels; }
  int64_t v_bytes(int64_t quads) const {
    return quads * v_quad() * kWinogradProducts * int64_t{sizeof(int16_t)};
  }
};

// 16 channels of a pixel of each tile.
INTEGRA_INLINE __m512i LoadPixels(const uint8_t* const (&from)[kQuadTiles], int64_t at) {
  const auto pixel = [&](int t) __attribute__((always_inline)) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from[t] + at));
  };
  const __m256i low = _mm256_inserti128_si256(_mm256_castsi128_si256(pixel(0)), pixel(1), 1);
  const __m512i three = _mm512_inserti32x4(_mm512_castsi256_si512(low), pixel(2), 2);
  return _mm512_inserti32x4(three, pixel(3), 3);
}

// Bt x B of the tiles whose first pixels are at `from`, in rows `pitch` bytes apart, to the first
// of `quads` of V.
__attribute__((noinline)) static void TransformQuad(const QuadShape& shape,
                                                    const uint8_t* const (&from)[kQuadTiles],
                                                    int64_t pitch, int64_t quads, int16_t* v) {
  constexpr int64_t kPart = kQuadTiles * QuadShape::kChannels;
  const int64_t product = quads * shape.v_quad();
  for (int64_t c = 0; c < shape.channels; c += QuadShape::kSources, v += 2 * kPart) {
    __m512i down[6][2][6];  // [y][part][x]
    for (int64_t x = 0; x < 6; ++x) {
      __m512i d[2][6], to[6];
#pragma GCC unroll 6
      for (int64_t y = 0; y < 6; ++y) {
        const __m512i pixels = LoadPixels(from, y * pitch + x * shape.channels + c);
        d[0][y] = _mm512_unpacklo_epi8(pixels, _mm512_setzero_si512());
        d[1][y] = _mm512_unpackhi_epi8(pixels, _mm512_setzero_si512());
      }
#pragma GCC unroll 2
      for (int part = 0; part < 2; ++part) {
        TransformSources<Vectors>(d[part], to);
#pragma GCC unroll 6
        for (int y = 0; y < 6; ++y) down[y][part][x] = to[y];
      }
    }
    for (int64_t y = 0; y < 6; ++y) {
#pragma GCC unroll 2
      for (int64_t part = 0; part < 2; ++part) {
        __m512i row[6];
        TransformSources<Vectors>(down[y][part], row);
        row[1] = Vectors::Subtract16(row[1], Vectors::Set16(y == 1 ? kCentre : 0));
#pragma GCC unroll 6
        for (int64_t x = 0; x < 6; ++x) {
          Vectors::Store(v + (x * 6 + y) * product + part * kPart, row[x]);
        }
      }
    }
  }
}

// The sums of a quad and 16 output channels.
using QuadSums = Vectors::Lanes[kGroups];

// How eight input channels of four tiles meet weights. With many quads each group of output
// channels is repeated for the four tiles. The instructions that do so go to the ports of products,
// which few quads would wait for: there, two groups are repeated for two tiles, which are twice in
// a vector.
struct FourTimesOne {
  static constexpr int kVectors = 1;  // of input channels of four tiles

  INTEGRA_INLINE void Start(const int32_t* start, QuadSums& sums) {
#pragma GCC unroll 4
    for (int g = 0; g < kGroups; ++g) sums[g] = (Vectors::Lanes)FourTimes(start + 4 * g);
  }
  INTEGRA_INLINE void Load(const int16_t* v, __m512i (&channels)[kVectors]) {
    channels[0] = Vectors::Load(v);
  }
  INTEGRA_INLINE void LoadWeights(const int16_t* w, __m512i (&weights)[4]) {
#pragma GCC unroll 4
    for (int g = 0; g < kGroups; ++g) weights[g] = FourTimes(w + 8 * g);
  }
  INTEGRA_INLINE void Multiply(const __m512i (&pairs)[kVectors], const __m512i (&weights)[4],
                               QuadSums& sums) {
#pragma GCC unroll 4
    for (int g = 0; g < kGroups; ++g) Vectors::AddPairs(pairs[0], weights[g], sums[g]);
  }
  INTEGRA_INLINE void Store(const QuadSums& sums, __m512i* to) {
#pragma GCC unroll 4
    for (int g = 0; g < kGroups; ++g) Vectors::Store(to + g, (__m512i)sums[g]);
  }
};

struct TwiceTwo {
  static constexpr int kVectors = 2;

  INTEGRA_INLINE void Start(const int32_t* start, QuadSums& sums) {
    sums[0] = sums[2] = (Vectors::Lanes)Twice(start);
    sums[1] = sums[3] = (Vectors::Lanes)Twice(start + 8);
  }
  INTEGRA_INLINE void Load(const int16_t* v, __m512i (&channels)[kVectors]) {
    const __m512i four = Vectors::Load(v);
    channels[0] = _mm512_shuffle_i32x4(four, four, 0b01010000);
    channels[1] = _mm512_shuffle_i32x4(four, four, 0b11111010);
  }
  INTEGRA_INLINE void LoadWeights(const int16_t* w, __m512i (&weights)[4]) {
    weights[0] = Twice(w);
    weights[1] = Twice(w + 16);
  }
  INTEGRA_INLINE void Multiply(const __m512i (&pairs)[kVectors], const __m512i (&weights)[4],
                               QuadSums& sums) {
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) Vectors::AddPairs(pairs[i / 2], weights[i % 2], sums[i]);
  }
  INTEGRA_INLINE void Store(const QuadSums& sums, __m512i* to) {
#pragma GCC unroll 2
    for (int i = 0; i < 2; ++i) {
      const auto a = (__m512i)sums[i], b = (__m512i)sums[i + 2];
      Vectors::Store(to + 2 * i, _mm512_shuffle_i32x4(a, b, 0b10001000));
      Vectors::Store(to + 2 * i + 1, _mm512_shuffle_i32x4(a, b, 0b11011101));
    }
  }
};

// A pair of input channels of kProducts products.
template <typename Way, int kStep, int kProducts, int kQuads>
INTEGRA_INLINE void MultiplyStep(const __m512i (&channels)[kProducts][kQuads][Way::kVectors],
                                 const int16_t* w, int64_t w_row,
                                 QuadSums (&sums)[kProducts][kQuads]) {
#pragma GCC unroll 4
  for (int p = 0; p < kProducts; ++p) {
    __m512i weights[4];
    Way::LoadWeights(w + p * w_row + kStep * 2 * QuadShape::kWidth, weights);
#pragma GCC unroll 4
    for (int q = 0; q < kQuads; ++q) {
      __m512i pairs[Way::kVectors];
#pragma GCC unroll 2
      for (int i = 0; i < Way::kVectors; ++i) {
        pairs[i] =
            _mm512_shuffle_epi32(channels[p][q][i], static_cast<_MM_PERM_ENUM>(kStep * 0b01010101));
      }
      Way::Multiply(pairs, weights, sums[p][q]);
    }
  }
}

// Sums of kProducts products of a column, the first of them that of `row`: to [row][quad][group].
template <typename Way, int kQuads, int kProducts>
INTEGRA_INLINE void MultiplyRows(const QuadShape& shape, const int16_t* v, int64_t v_row,
                                 const int16_t* w, int64_t w_row, const int32_t* start, int row,
                                 __m512i* to) {
  QuadSums sums[kProducts][kQuads] = {};
  if (start != nullptr && row <= 1 && row + kProducts > 1) {
#pragma GCC unroll 4
    for (auto& quad : sums[1 % kProducts]) Way::Start(start, quad);
  }
  for (int64_t part = shape.parts(); part > 0; --part) {
    __m512i channels[kProducts][kQuads][Way::kVectors];
#pragma GCC unroll 4
    for (int p = 0; p < kProducts; ++p) {
#pragma GCC unroll 4
      for (int q = 0; q < kQuads; ++q) {
        Way::Load(v + p * v_row + q * shape.v_quad(), channels[p][q]);
      }
    }
    MultiplyStep<Way, 0>(channels, w, w_row, sums);
    MultiplyStep<Way, 1>(channels, w, w_row, sums);
    MultiplyStep<Way, 2>(channels, w, w_row, sums);
    MultiplyStep<Way, 3>(channels, w, w_row, sums);
    v += kQuadTiles * QuadShape::kChannels;
    w += QuadShape::kChannels * QuadShape::kWidth;
  }
#pragma GCC unroll 4
  for (int p = 0; p < kProducts; ++p) {
#pragma GCC unroll 4
    for (int q = 0; q < kQuads; ++q) Way::Store(sums[p][q], to + (p * kQuads + q) * kGroups);
  }
}

template <int kQuads>
__attribute__((noinline)) static void MultiplyQuads(const QuadShape& shape, const int16_t* v,
                                                    const int16_t* w, const int32_t* start,
                                                    __m512i* half) {
  // Fewer sums would wait for each other.
  constexpr int kProducts = kQuads == 1 ? 3 : kQuads == 2 ? 2 : 1;
  using Way = std::conditional_t<kQuads <= 2, TwiceTwo, FourTimesOne>;
  const int64_t v_row = kQuads * shape.v_quad();
  const int64_t w_row = shape.parts() * QuadShape::kChannels * QuadShape::kWidth;
  __m512i* const sums = half + QuadShape::kMostQuads * kGroups * kHalfVectors;
  for (int j = 0; j < 6; ++j, v += 6 * v_row, w += 6 * w_row) {
#pragma GCC unroll 6
    for (int i = 0; i < 6; i += kProducts) {
      MultiplyRows<Way, kQuads, kProducts>(shape, v + i * v_row, v_row, w + i * w_row, w_row,
                                           j == 1 ? start : nullptr, i,
                                           sums + i * kQuads * kGroups);
    }
#pragma GCC unroll 1
    for (int k = 0; k < kQuads * kGroups; ++k) {
      __m512i column[6], down[4];
#pragma GCC unroll 6
      for (int i = 0; i < 6; ++i) column[i] = sums[i * kQuads * kGroups + k];
      TransformSums<Vectors>(column, down);
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) half[k * kHalfVectors + i * 6 + j] = down[i];
    }
  }
}

// The products of V of `count` quads and a block of weights: columns transformed,
// [quad][group][4][6].
INTEGRA_INLINE void MultiplyQuads(const QuadShape& shape, int64_t count, const int16_t* v,
                                  const int16_t* w, const int32_t* start, __m512i* half) {
  static_assert(QuadShape::kMostQuads == 4);
  switch (count) {
    case 1:
      return MultiplyQuads<1>(shape, v, w, start, half);
    case 2:
      return MultiplyQuads<2>(shape, v, w, start, half);
    case 3:
      return MultiplyQuads<3>(shape, v, w, start, half);
    default:
      return MultiplyQuads<4>(shape, v, w, start, half);
  }
}

}  // namespace integra::kernels::avx512
