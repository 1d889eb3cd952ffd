// One row times a panel of up to 128 channels on AVX512-VNNI. Included by gemm_vnni.cc alone.
//
// Every weight is used once: what takes the time of a small layer is reading them from the
// second-level cache, and whatever is between the last weight of one layer and the first one of the
// next. So the loop is long and the rest short.
#pragma once

#include "kernels/avx512/gemm_panel.h"

namespace integra::kernels {
namespace {

struct RowPanel {
  const int8_t* weights;        // [steps][NR][16][4]
  const int32_t* step_offsets;  // [steps]: of the step's four bytes from `row`
  int64_t steps;
  const uint8_t* row;
  int32_t row_term;        // -zw * sum(x)
  const int32_t* addends;  // [16 * NR], where the stage is a shared one
  const VectorOutputStage* stage;
  int64_t channel;  // first one of the panel
  int64_t valid;    // channels to write, if they are in the panel
  uint8_t* dst;
  int32_t* sums;  // or null: where the scalar form leaves sums instead of outputs
};

template <int NR, bool kShared>
INTEGRA_INLINE void MultiplyRow(const RowPanel& p, Lanes (&sums)[NR]) {
  const __m512i start = _mm512_set1_epi32(p.row_term);
#pragma GCC unroll 8
  for (int j = 0; j < NR; ++j) {
    sums[j] = (Lanes)start;
    if constexpr (kShared) {
      sums[j] = (Lanes)_mm512_add_epi32(start, _mm512_loadu_si512(p.addends + 16 * j));
    }
  }
  const uint8_t* const row = p.row;
  const int32_t* const offsets = p.step_offsets;
  const int8_t* w = p.weights;
  for (int64_t k = 0; k < p.steps; ++k, w += 64 * NR) {
    const __m512i a = Broadcast4(row + offsets[k]);
#pragma GCC unroll 8
    for (int j = 0; j < NR; ++j) {
      sums[j] = (Lanes)_mm512_dpbusd_epi32((__m512i)sums[j], a, _mm512_load_si512(w + 64 * j));
    }
  }
}

// Narrows and writes vectors kFirst to NR - 1, four at a time.
template <int NR, int kFirst = 0>
INTEGRA_INLINE void StoreRow(const RowPanel& p, const Lanes (&scaled)[NR],
                             const ClampVectors& clamp) {
  if constexpr (kFirst < NR) {
    constexpr int kVectors = NR - kFirst < 4 ? NR - kFirst : 4;
    const auto vector = [&](int v) __attribute__((always_inline)) {
      return v < kVectors ? (__m512i)scaled[kFirst + v] : _mm512_setzero_si512();
    };
    const __m512i bytes = avx512::Narrow(vector(0), vector(1), vector(2), vector(3), clamp);
    uint8_t* const dst = p.dst + 16 * kFirst;
    const int64_t valid = p.valid - 16 * kFirst;
    // (What is stored with a mask cannot be read before it is in the cache.)
    if (kVectors == 4 && valid >= 64) {
      _mm512_storeu_si512(dst, bytes);
    } else {
      StoreChannels(dst, bytes, kVectors, 0, avx512::FirstBytes(valid));
    }
    StoreRow<NR, kFirst + 4>(p, scaled, clamp);
  }
}

// A shared stage is one block for all channels, without their addends. (Where one multiplier serves
// all channels; a block for each 16 of them would have a sixth of the bytes of 128 weights each.)
template <int NR, Form kForm, bool kShared>
void RunRow(const RowPanel& p) {
  Lanes sums[NR];
  MultiplyRow<NR, kShared>(p, sums);
  if constexpr (kForm == Form::kScalar) {
#pragma GCC unroll 8
    for (int j = 0; j < NR; ++j) {
      StoreScalar({p.stage, p.channel, p.valid, p.dst, p.sums}, 16 * j, (__m512i)sums[j]);
    }
  } else {
    const VectorOutputStage::Block* const blocks =
        p.stage->blocks() + (kShared ? 0 : p.channel / 16);
#pragma GCC unroll 8
    for (int j = 0; j < NR; ++j) {
      const avx512::StageVectors v = avx512::LoadStage(blocks[kShared ? 0 : j]);
      sums[j] = (Lanes)(kForm == Form::kFloor ? avx512::ScaleFloor((__m512i)sums[j], v)
                                              : avx512::ScaleTwoStep((__m512i)sums[j], v));
    }
    StoreRow<NR>(p, sums, avx512::LoadClamp(*p.stage));
  }
}

constexpr int kWidestRow = 8;  // vectors of channels
using RowFunction = void (*)(const RowPanel&);

// By vectors of channels.
template <Form kForm, bool kShared>
constexpr RowFunction kRowFunctions[kWidestRow] = {
    RunRow<1, kForm, kShared>, RunRow<2, kForm, kShared>, RunRow<3, kForm, kShared>,
    RunRow<4, kForm, kShared>, RunRow<5, kForm, kShared>, RunRow<6, kForm, kShared>,
    RunRow<7, kForm, kShared>, RunRow<8, kForm, kShared>};

const RowFunction* RowFunctionsFor(Form form, bool shared) {
  switch (form) {
    case Form::kFloor:
      return shared ? kRowFunctions<Form::kFloor, true> : kRowFunctions<Form::kFloor, false>;
    case Form::kTwoStep:
      return shared ? kRowFunctions<Form::kTwoStep, true> : kRowFunctions<Form::kTwoStep, false>;
    default:
      return kRowFunctions<Form::kScalar, false>;
  }
}

}  // namespace
}  // namespace integra::kernels
