// One row times a panel of up to 128 channels on AVX512-VNNI. Included by gemm_row.cc, and by
// gemm_vnni.cc for rows that are too few for a tile.
//
// Every weight is used once: what takes the time of a small layer is reading them from the
// second-level cache, and whatever is between the last weight of one layer and the first one of the
// next. So the loop is long and the rest short.
#pragma once

#include "kernels/avx512/gemm_panel.h"

namespace integra::kernels {
namespace {

// The constants of a VectorOutputStage::Block that are the same for all of its channels.
struct SharedScale {
  int64_t m, c;
  int32_t shift, pre, half;
};

struct RowPanel {
  const int8_t* weights;  // [steps][NR][16][4]
  int64_t steps;
  const int32_t* addends;          // [16 * NR], where the scale is a shared one
  const VectorOutputStage* stage;  // where it is not
  int64_t channel;                 // first one of the panel
  int64_t valid;                   // channels to write, if they are in the panel
  int16_t zero_point;
  uint8_t min, max;
  SharedScale scale;
};

struct Row {
  const uint8_t* values;
  const int32_t* step_offsets;  // [steps]: of a step's four bytes; or null, steps follow each other
  int32_t term;                 // -zw * sum(x)
};

// Where a row's outputs go: the first channel of the panel.
struct RowOutputs {
  uint8_t* dst;
  int32_t* sums;  // or null: where the scalar form leaves sums instead of outputs
};

// The sum of `count` values. Up to kReadPadding bytes past them may be read.
INTEGRA_INLINE int32_t SumValues(const uint8_t* x, int64_t count) {
  __m512i sum = _mm512_setzero_si512();
  for (int64_t k = 0; k < count; k += 64) {
    const __m512i bytes = _mm512_maskz_loadu_epi8(avx512::FirstBytes(count - k), x + k);
    sum = _mm512_dpbusd_epi32(sum, bytes, _mm512_set1_epi8(1));
  }
  return _mm512_reduce_add_epi32(sum);
}

template <int NR, bool kShared, bool kOffsets>
INTEGRA_INLINE void MultiplyRow(const RowPanel& p, const Row& row, Lanes (&sums)[NR]) {
  const __m512i start = _mm512_set1_epi32(row.term);
#pragma GCC unroll 8
  for (int j = 0; j < NR; ++j) {
    sums[j] = (Lanes)start;
    if constexpr (kShared) {
      sums[j] = (Lanes)_mm512_add_epi32(start, _mm512_load_si512(p.addends + 16 * j));
    }
  }
  const uint8_t* const values = row.values;
  const int32_t* const offsets = row.step_offsets;
  const int8_t* w = p.weights;
  const int64_t steps = p.steps;
  for (int64_t k = 0; k < steps; ++k, w += 64 * NR) {
    const __m512i a = Broadcast4(values + (kOffsets ? offsets[k] : 4 * k));
#pragma GCC unroll 8
    for (int j = 0; j < NR; ++j) {
      sums[j] = (Lanes)_mm512_dpbusd_epi32((__m512i)sums[j], a, _mm512_load_si512(w + 64 * j));
    }
  }
}

// Narrows and writes vectors kFirst to NR - 1, four at a time.
template <int NR, int kFirst = 0>
INTEGRA_INLINE void StoreRow(const RowPanel& p, const Lanes (&scaled)[NR],
                             const ClampVectors& clamp, uint8_t* to) {
  if constexpr (kFirst < NR) {
    constexpr int kVectors = NR - kFirst < 4 ? NR - kFirst : 4;
    const auto vector = [&](int v) __attribute__((always_inline)) {
      return v < kVectors ? (__m512i)scaled[kFirst + v] : _mm512_setzero_si512();
    };
    const __m512i bytes = avx512::Narrow(vector(0), vector(1), vector(2), vector(3), clamp);
    const int64_t valid = p.valid - 16 * kFirst;
    // (What is stored with a mask cannot be read before it is in the cache.)
    if (kVectors == 4 && valid >= 64) {
      _mm512_storeu_si512(to + 16 * kFirst, bytes);
    } else {
      StoreChannels(to + 16 * kFirst, bytes, kVectors, 0, avx512::FirstBytes(valid));
    }
    StoreRow<NR, kFirst + 4>(p, scaled, clamp, to);
  }
}

template <bool kShared>
INTEGRA_INLINE avx512::StageVectors RowStage(const RowPanel& p, int vector) {
  if constexpr (kShared) {
    const SharedScale& s = p.scale;
    const __m512i m = _mm512_set1_epi64(s.m), c = _mm512_set1_epi64(s.c);
    return {{m, m},
            {c, c},
            _mm512_set1_epi32(s.shift),
            _mm512_set1_epi32(s.pre),
            _mm512_set1_epi32(s.half)};
  } else {
    return avx512::LoadStage(p.stage->blocks()[p.channel / 16 + vector]);
  }
}

template <int NR, Form kForm, bool kShared, bool kOffsets>
INTEGRA_INLINE void RunRow(const RowPanel& p, const Row& row, const RowOutputs& to) {
  Lanes sums[NR];
  MultiplyRow<NR, kShared, kOffsets>(p, row, sums);
  if constexpr (kForm == Form::kScalar) {
#pragma GCC unroll 8
    for (int j = 0; j < NR; ++j) {
      StoreScalar({p.stage, p.channel, p.valid, to.dst, to.sums}, 16 * j, (__m512i)sums[j]);
    }
  } else {
#pragma GCC unroll 8
    for (int j = 0; j < NR; ++j) {
      const avx512::StageVectors v = RowStage<kShared>(p, j);
      sums[j] = (Lanes)(kForm == Form::kFloor ? avx512::ScaleFloor((__m512i)sums[j], v)
                                              : avx512::ScaleTwoStep((__m512i)sums[j], v));
    }
    const ClampVectors clamp = {_mm512_set1_epi16(p.zero_point),
                                _mm512_set1_epi8(static_cast<char>(p.min)),
                                _mm512_set1_epi8(static_cast<char>(p.max))};
    StoreRow<NR>(p, sums, clamp, to.dst);
  }
}

}  // namespace
}  // namespace integra::kernels
