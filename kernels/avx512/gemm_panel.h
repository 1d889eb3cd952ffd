// Rows times a panel of up to 64 channels on AVX512-VNNI. Included by gemm_vnni.cc alone.
//
// Software-pipelined: while a tile of sums is multiplied, the one before it goes through the output
// stage, a part after each step. Products and the output stage use different execution ports, so
// that, side by side, both take little more time than the longer one.
#pragma once

#include <immintrin.h>

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "kernels/avx512/folded_stage.h"
#include "kernels/avx512/output_stage.h"

namespace integra::kernels {
namespace {

using avx512::ClampVectors;
using avx512::Form;

// The type that _mm512_dpbusd_epi32 works on inside: as __m512i, GCC 12 keeps two copies of each
// sum and spills them.
using Lanes = int __attribute__((vector_size(64)));

INTEGRA_INLINE __m512i Broadcast4(const uint8_t* p) {
  int32_t four;
  std::memcpy(&four, p, sizeof(four));
  return _mm512_set1_epi32(four);
}

// Writes those of 16 * vectors bytes that are in `mask`: of `bytes` the ones from part `index` on,
// which are parts of that size. (Arguments are constants where this is inlined. Masked stores are
// as fast as others, and a branch in their place would have GCC split the loop around them.)
INTEGRA_INLINE void StoreChannels(uint8_t* dst, __m512i bytes, int vectors, int index,
                                  __mmask64 mask) {
  const __m256i half =
      vectors * index < 2 ? _mm512_castsi512_si256(bytes) : _mm512_extracti64x4_epi64(bytes, 1);
  if (vectors == 1) {
    const __m128i quarter =
        index % 2 == 0 ? _mm256_castsi256_si128(half) : _mm256_extracti128_si256(half, 1);
    _mm_mask_storeu_epi8(dst, static_cast<__mmask16>(mask), quarter);
  } else if (vectors == 2) {
    _mm256_mask_storeu_epi8(dst, static_cast<__mmask32>(mask), half);
  } else {
    _mm512_mask_storeu_epi8(dst, mask, bytes);
  }
}

// Where the scalar form leaves a row of a panel: as outputs or, where `sums` is not null, as sums.
struct ScalarRow {
  const VectorOutputStage* stage;
  int64_t channel;  // first one of the panel
  int64_t valid;    // channels to write
  uint8_t* dst;
  int32_t* sums;
};

// 16 channels from `first` of the panel on.
__attribute__((noinline)) void StoreScalar(const ScalarRow& row, int64_t first, __m512i sums) {
  const int64_t count = std::min<int64_t>(16, row.valid - first);
  if (row.sums != nullptr) {
    _mm512_mask_storeu_epi32(row.sums + first, static_cast<__mmask16>(avx512::FirstBytes(count)),
                             _mm512_shuffle_epi32(sums, _MM_PERM_DBCA));
    return;
  }
  alignas(64) int32_t lanes[16];
  _mm512_store_si512(lanes, sums);
  for (int64_t n = 0; n < count; ++n) {
    const int64_t lane = VectorOutputStage::Shuffled(n);
    row.dst[first + n] = row.stage->ApplyScalar(lanes[lane], row.channel + first + lane);
  }
}

// Rows that go through the output stage of one vector of channels at a time.
constexpr int PartRows(int rows) { return rows > 4 ? rows / 2 : rows; }

// A part of the output stage of a tile follows each of its first steps: so many must there be.
constexpr int FewestSteps(int rows, int vectors) { return rows / PartRows(rows) * vectors; }

struct Panel {
  const int8_t* weights;        // [steps][NR][16][4]
  const int32_t* step_offsets;  // [steps]: of the step's four bytes from where a row begins
  int64_t steps;                // at least FewestSteps
  const uint8_t* base;
  const int32_t* row_offsets;  // [rows]
  const int32_t* row_terms;    // [rows]: -zw * sum(x); or null, where all are 0
  int64_t rows;                // at least those of a tile
  const VectorOutputStage* stage;
  const avx512::FoldedStage::Block* folded;  // of `stage`, or null
  int64_t channel;                           // first one of the panel
  int64_t valid;                             // channels to write, <= 16 * NR
  uint8_t* dst;                              // row 0, first channel of the panel
  int32_t* sums;  // or null: where the scalar form leaves sums instead of outputs
  int64_t dst_stride;
};

// Whether the second and last vector of a panel has so few channels that those of two rows fill it:
// the lower half is the first row's, the upper one that of the next. Such a panel's weights and
// output stage have the channels of this vector twice.
constexpr bool IsHalved(int64_t vectors, int64_t valid) { return vectors == 2 && valid <= 24; }

// MR rows times NR vectors of channels make a tile. At least MR rows are needed: the last tile
// overlaps the one before it where they are no multiple. Where kHalved, the sums of an even row's
// second vector are those of the next row, too.
template <int MR, int NR, Form kForm, bool kFolded, bool kHalved>
class PanelLoop {
  static constexpr bool kPipelined = MR * NR <= 12;  // two tiles of sums fit in 32 registers
  // A part of the output stage is some rows of one vector of channels: they share what it needs.
  static constexpr int kPartRows = PartRows(MR);
  static constexpr int kParts = MR / kPartRows * NR;
  // Four vectors are narrowed at once: of several rows or of one.
  static constexpr int kNarrowedRows = NR <= 2 ? 4 / NR : 1;

 public:
  explicit PanelLoop(const Panel& p)
      : clamp_(avx512::LoadClamp(*p.stage)), p_(p), mask_(avx512::FirstBytes(p.valid)) {
    if (NR == 1) only_ = LoadStageOf(0);
  }

  __attribute__((always_inline)) void Run() const {
    Lanes before[MR][NR];
    int64_t r = 0;
    Multiply<false>(r, before, 0, before);
    while (r + MR < p_.rows) {
      const int64_t next = std::min(r + MR, p_.rows - MR);
      if constexpr (kPipelined) {
        Lanes sums[MR][NR];
        Multiply<true>(next, sums, r, before);
#pragma GCC unroll 8
        for (int i = 0; i < MR; ++i) {
#pragma GCC unroll 8
          for (int j = 0; j < NR; ++j) before[i][j] = sums[i][j];
        }
      } else {
        Finish(r, before);
        Multiply<false>(next, before, 0, before);
      }
      r = next;
    }
    Finish(r, before);
  }

 private:
  // Whether the sums of row i and vector j are with those of row i - 1.
  static constexpr bool IsShared(int i, int j) { return kHalved && i % 2 == 1 && j == NR - 1; }

  __attribute__((always_inline)) static __m512i Halves(__m512i lower, __m512i upper) {
    return _mm512_mask_mov_epi32(lower, 0xff00, upper);
  }

  // The tile whose first row is `r`; where kFinish, beside the output stage of the tile `done`.
  template <bool kFinish>
  __attribute__((always_inline)) void Multiply(int64_t r, Lanes (&sums)[MR][NR], int64_t done,
                                               Lanes (&before)[MR][NR]) const {
    const uint8_t* rows[MR];
#pragma GCC unroll 8
    for (int i = 0; i < MR; ++i) {
      rows[i] = p_.base + p_.row_offsets[r + i];
#pragma GCC unroll 8
      for (int j = 0; j < NR; ++j) {
        if (IsShared(i, j)) continue;
        sums[i][j] = (Lanes)(kFolded ? _mm512_load_si512(p_.folded->vectors[j].start)
                                     : _mm512_setzero_si512());
      }
    }
    if (p_.row_terms != nullptr) {
#pragma GCC unroll 8
      for (int i = 0; i < MR; ++i) {
#pragma GCC unroll 8
        for (int j = 0; j < NR; ++j) {
          if (IsShared(i, j)) continue;
          __m512i term = _mm512_set1_epi32(p_.row_terms[r + i]);
          if (IsShared(i + 1, j)) term = Halves(term, _mm512_set1_epi32(p_.row_terms[r + i + 1]));
          sums[i][j] = (Lanes)_mm512_add_epi32((__m512i)sums[i][j], term);
        }
      }
    }
    const int8_t* w = p_.weights;
    const int32_t* offset = p_.step_offsets;
    const int32_t* const end = offset + p_.steps;
    const auto step = [&]() __attribute__((always_inline)) {
      const int64_t k = *offset++;
      __m512i b[NR];
#pragma GCC unroll 8
      for (int j = 0; j < NR; ++j) b[j] = avx512::Hold(w + 64 * j);
      w += 64 * NR;
      __m512i above = _mm512_setzero_si512();
#pragma GCC unroll 8
      for (int i = 0; i < MR; ++i) {
        const __m512i a = Broadcast4(rows[i] + k);
#pragma GCC unroll 8
        for (int j = 0; j < NR; ++j) {
          if (IsShared(i + 1, j)) continue;
          const bool shared = IsShared(i, j);
          Lanes& sum = sums[shared ? i - 1 : i][j];
          sum = (Lanes)_mm512_dpbusd_epi32((__m512i)sum, shared ? Halves(above, a) : a, b[j]);
        }
        above = a;
      }
    };
    if constexpr (kFinish) {
#pragma GCC unroll 4
      for (int part = 0; part < kParts; ++part) {
        step();
        Pin(sums);
        FinishPart(part, done, before);
      }
    }
    while (offset < end) step();
  }

  // Sums are made before here: GCC would put them off until they are used.
  __attribute__((always_inline)) static void Pin(Lanes (&sums)[MR][NR]) {
#pragma GCC unroll 8
    for (int i = 0; i < MR; ++i) {
#pragma GCC unroll 8
      for (int j = 0; j < NR; ++j) {
        if (!IsShared(i, j)) sums[i][j] = avx512::Pinned(sums[i][j]);
      }
    }
  }

  // The output stage of the tile whose first row is `r`.
  __attribute__((always_inline)) void Finish(int64_t r, Lanes (&sums)[MR][NR]) const {
#pragma GCC unroll 8
    for (int part = 0; part < kParts; ++part) FinishPart(part, r, sums);
  }
  __attribute__((always_inline)) void FinishPart(int part, int64_t r, Lanes (&sums)[MR][NR]) const {
    const int j = part / (MR / kPartRows), first = part % (MR / kPartRows) * kPartRows;
    const Stage v = StageOf(j);
#pragma GCC unroll 8
    for (int i = first; i < first + kPartRows; ++i) {
      if (!IsShared(i, j)) sums[i][j] = (Lanes)Scale((__m512i)sums[i][j], v);
      if (j == NR - 1 && i % kNarrowedRows == kNarrowedRows - 1) {
        Store(r, i - kNarrowedRows + 1, sums);
      }
    }
  }

  using Stage = std::conditional_t<kFolded, avx512::FoldedVectors, avx512::StageVectors>;

  __attribute__((always_inline)) static __m512i Scale(__m512i sums, const Stage& v) {
    if constexpr (kFolded) {
      return avx512::ScaleFolded(sums, v, kForm);
    } else if constexpr (kForm == Form::kScalar) {
      return sums;
    } else {
      return kForm == Form::kFloor ? avx512::ScaleFloor(sums, v) : avx512::ScaleTwoStep(sums, v);
    }
  }

  __attribute__((always_inline)) Stage StageOf(int j) const {
    return NR == 1 ? only_ : LoadStageOf(j);
  }

  __attribute__((always_inline)) Stage LoadStageOf(int j) const {
    if constexpr (kForm == Form::kScalar) {
      return Stage{};
    } else if constexpr (kFolded) {
      return avx512::HoldFolded(p_.folded->vectors[j]);
    } else {
      return avx512::HoldStage(p_.stage->blocks()[p_.channel / 16 + j]);
    }
  }

  // Narrows and writes row i of the tile, and the next ones where they are narrowed together.
  __attribute__((always_inline)) void Store(int64_t r, int i, const Lanes (&sums)[MR][NR]) const {
    if constexpr (kForm == Form::kScalar) {
#pragma GCC unroll 4
      for (int k = i; k < i + kNarrowedRows; ++k) {
        const int64_t at = (r + k) * p_.dst_stride;
        const ScalarRow row = {p_.stage, p_.channel, p_.valid,
                               p_.dst != nullptr ? p_.dst + at : nullptr,
                               p_.sums != nullptr ? p_.sums + at : nullptr};
#pragma GCC unroll 4
        for (int j = 0; j < NR; ++j) StoreScalar(row, 16 * j, (__m512i)sums[k][j]);
      }
    } else {
      const auto vector = [&](int v) __attribute__((always_inline)) {
        const int row = i + v / NR, j = v % NR;
        return v < kNarrowedRows * NR ? (__m512i)sums[IsShared(row, j) ? row - 1 : row][j]
                                      : _mm512_setzero_si512();
      };
      const __m512i low = _mm512_packs_epi32(vector(0), vector(1));
      const __m512i high = _mm512_packs_epi32(vector(2), vector(3));
      const __m512i bytes = Order(Narrow(low, high));
#pragma GCC unroll 4
      for (int k = 0; k < kNarrowedRows; ++k) {
        StoreChannels(p_.dst + (r + i + k) * p_.dst_stride, bytes, NR, k, mask_);
      }
    }
  }

  __attribute__((always_inline)) static __m512i Order(__m512i bytes) {
    if constexpr (!kHalved) return avx512::InOrder(bytes);
    // The same, but for the second row's half of what is shared.
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 11, 15, 3, 7);
    return _mm512_permutexvar_epi32(order, bytes);
  }

  // Of two vectors of 16-bit values each.
  __attribute__((always_inline)) __m512i Narrow(__m512i low, __m512i high) const {
    if constexpr (kFolded) {
      const int16_t* const second = p_.folded->offset[NR <= 2 ? 0 : 1];
      return _mm512_packus_epi16(_mm512_adds_epi16(low, _mm512_load_si512(p_.folded->offset[0])),
                                 _mm512_adds_epi16(high, _mm512_load_si512(second)));
    } else {
      return avx512::NarrowPacked(low, high, clamp_);
    }
  }

  Stage only_ = {};  // of one vector of channels: it stays in registers
  const ClampVectors clamp_;
  const Panel p_;         // a copy: outputs could be written over the original
  const __mmask64 mask_;  // of channels to write
};

template <int MR, int NR, bool kHalved, Form kForm, bool kFolded>
__attribute__((noinline)) void RunPanelOf(const Panel& p) {
  PanelLoop<MR, NR, kForm, kFolded, kHalved>(p).Run();
}

template <int MR, int NR, bool kHalved = false>
void RunPanel(const Panel& p) {
  switch (p.stage->form()) {
    case Form::kFloor:
      return p.folded != nullptr ? RunPanelOf<MR, NR, kHalved, Form::kFloor, true>(p)
                                 : RunPanelOf<MR, NR, kHalved, Form::kFloor, false>(p);
    case Form::kTwoStep:
      return p.folded != nullptr ? RunPanelOf<MR, NR, kHalved, Form::kTwoStep, true>(p)
                                 : RunPanelOf<MR, NR, kHalved, Form::kTwoStep, false>(p);
    default:
      if constexpr (!kHalved) RunPanelOf<MR, NR, false, Form::kScalar, false>(p);
  }
}

struct PanelKernel {
  int64_t rows;  // of a tile
  int64_t fewest_steps;
  void (*run)(const Panel&);
};

template <int MR, int NR>
constexpr PanelKernel kPanel = {MR, FewestSteps(MR, NR), RunPanel<MR, NR>};

// By vectors of channels. Rows of tiles: the most for which two tiles of sums fit in the vector
// registers, and the addresses of rows in GCC's others.
constexpr PanelKernel kPanels[] = {kPanel<8, 1>, kPanel<6, 2>, kPanel<4, 3>, kPanel<3, 4>};

// Larger tiles read weights less often, which counts more where the first-level cache does not hold
// them.
constexpr PanelKernel kDeepPanels[] = {kPanel<8, 1>, kPanel<6, 2>, kPanel<8, 3>, kPanel<6, 4>};
constexpr int64_t kDeep = 48 << 10;  // bytes of a panel

// Not for the scalar form.
constexpr PanelKernel kHalvedPanel = {6, FewestSteps(6, 2), RunPanel<6, 2, true>};

}  // namespace
}  // namespace integra::kernels
