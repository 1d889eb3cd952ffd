// Products of Winograd's convolution on AVX512-VNNI: a column of those of a few tiles and 16 output
// channels. Included by winograd_tiles.cc alone.
#pragma once

#include "kernels/avx512/output_stage.h"
#include "kernels/avx512/vectors.h"
#include "kernels/avx512/winograd_stage.h"
#include "kernels/winograd_tiles.h"

namespace integra::kernels::avx512 {
namespace {

struct WinogradColumn {
  static constexpr int64_t kBlock = 16;     // output channels
  static constexpr int64_t kChannels = 16;  // input channels of a part: eight steps of two
  static constexpr int64_t kTransformed = kHalfVectors;  // vectors of a tile

  const int16_t* v;      // [part][tile][row of products][kChannels]
  const int16_t* w;      // [part][step][row of products][kBlock][2]
  const int32_t* start;  // [kBlock]: of the sums of row 1
  __m512i* to;           // [tile][4][6], of which the transformed column is one of the six
  int64_t v_part;        // from one part to the next
};

// Vectors are made before here: GCC would put them off until they are used.
template <int kCount>
__attribute__((always_inline)) inline void Pin(__m512i (&vectors)[kCount]) {
#pragma GCC unroll 4
  for (int i = 0; i < kCount; ++i) vectors[i] = Pinned(vectors[i]);
}

// The sums of a column of kCount tiles, in registers.
template <int kCount>
class ColumnSums {
  static constexpr int64_t kBlock = WinogradColumn::kBlock;
  static constexpr int64_t kChannels = WinogradColumn::kChannels;
  static constexpr int64_t kTransformed = WinogradColumn::kTransformed;

 public:
  __attribute__((always_inline)) explicit ColumnSums(const WinogradColumn& column)
      : v_(column.v), w_(column.w), v_part_(column.v_part) {
    const auto start = (Vectors::Lanes)Hold(column.start);
#pragma GCC unroll 4
    for (int t = 0; t < kCount; ++t) sums_[t][1] = start;
  }

  __attribute__((always_inline)) void Step() {
#pragma GCC unroll 6
    for (int i = 0; i < 6; ++i) {
      // Stays in a register: GCC 12 would read memory again for each of up to three tiles.
      const __m512i b = Hold(w_ + i * kBlock * 2);
#pragma GCC unroll 4
      for (int t = 0; t < kCount; ++t) {
        AddPairs(v_ + (t * 6 + i) * kChannels, b, sums_[t][i]);
      }
    }
    v_ += 2;
    w_ += 6 * kBlock * 2;
  }

  // All but the last step of a part.
  __attribute__((always_inline)) void MostSteps() {
#pragma GCC unroll 1
    for (int k = 2; k < kChannels; k += 2) Step();
  }
  // What comes between the last but one step of the first part and that of the last part.
  __attribute__((always_inline)) void OtherParts(int64_t parts) {
    for (int64_t left = parts - 1; left > 0; --left) {
      Step();
      v_ += v_part_ - kChannels;
      MostSteps();
    }
  }

  // Sums are made before here: GCC would put them off until they are used.
  __attribute__((always_inline)) void Pin() {
#pragma GCC unroll 4
    for (int t = 0; t < kCount; ++t) {
#pragma GCC unroll 6
      for (int i = 0; i < 6; ++i) sums_[t][i] = Pinned(sums_[t][i]);
    }
  }

  // The last step, tile by tile, so that one is transformed beside the products of the next.
  __attribute__((always_inline)) void LastStep(__m512i* to) {
    __m512i b[6];
#pragma GCC unroll 6
    for (int i = 0; i < 6; ++i) b[i] = Hold(w_ + i * kBlock * 2);
#pragma GCC unroll 4
    for (int t = 0; t < kCount; ++t) {
#pragma GCC unroll 6
      for (int i = 0; i < 6; ++i) {
        AddPairs(v_ + (t * 6 + i) * kChannels, b[i], sums_[t][i]);
      }
      Pin();
      if (t > 0) Transform(t - 1, to);
    }
    Transform(kCount - 1, to);
  }

 private:
  // Adds b times the pair at p. (GCC 12 would load the pair by itself: twice as many instructions,
  // and the processor looks less far ahead.)
  __attribute__((always_inline)) static void AddPairs(const int16_t* p, __m512i b,
                                                      Vectors::Lanes& sum) {
#ifdef INTEGRA_EMULATE_AVX512
    int32_t pair;
    __builtin_memcpy(&pair, p, sizeof(pair));
    Vectors::AddPairs(Vectors::Set32(pair), b, sum);
#else
    asm("vpdpwssd %2%{1to16%}, %1, %0"
        : "+v"(sum)
        : "v"(b), "m"(*reinterpret_cast<const int16_t(*)[2]>(p)));
#endif
  }

  __attribute__((always_inline)) void Transform(int t, __m512i* to) const {
    const __m512i column[6] = {(__m512i)sums_[t][0], (__m512i)sums_[t][1], (__m512i)sums_[t][2],
                               (__m512i)sums_[t][3], (__m512i)sums_[t][4], (__m512i)sums_[t][5]};
    __m512i down[4];
    TransformSums<Vectors>(column, down);
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) Vectors::Store(to + t * kTransformed + i * 6, down[i]);
  }

  const int16_t* v_;
  const int16_t* w_;
  const int64_t v_part_;
  Vectors::Lanes sums_[kCount][6] = {};
};

}  // namespace
}  // namespace integra::kernels::avx512
