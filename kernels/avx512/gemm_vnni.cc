// GEMM on AVX512-VNNI: accumulators and the output stage stay in registers.
#include <immintrin.h>

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "kernels/avx512/output_stage.h"
#include "kernels/gemm.h"

namespace integra::kernels {
namespace {

using avx512::ClampVectors;
using avx512::Form;

template <int i>
using Index = std::integral_constant<int, i>;

// Everything a tile needs besides its rows.
struct Tile {
  const int8_t* weights;  // [segments][steps][NR][16][4]
  int64_t segments;
  int64_t steps;  // of four bytes, per segment
  const uint8_t* base;
  const int32_t* row_offsets;
  const int32_t* segment_offsets;
  const int32_t* row_terms;  // -zw * sum(x) per row, or null
  const VectorOutputStage* stage;
  int64_t channel;  // first one of the tile
  int64_t valid;    // channels to write, <= 16 * NR
  uint8_t* dst;     // row 0, first channel of the tile
  int32_t* sums;    // or null: where the scalar form leaves sums instead of outputs
  int64_t dst_stride;
};

INTEGRA_INLINE __m512i Broadcast4(const uint8_t* p) {
  int32_t four;
  std::memcpy(&four, p, sizeof(four));
  return _mm512_set1_epi32(four);
}

// Writes 16 * kVectors bytes, or `valid` of them.
template <int kVectors>
INTEGRA_INLINE void Store(uint8_t* dst, __m512i bytes, int64_t valid) {
  if (valid < 16 * kVectors) {
    _mm512_mask_storeu_epi8(dst, (~uint64_t{0}) >> (64 - valid), bytes);
    return;
  }
  if constexpr (kVectors == 4) _mm512_storeu_si512(dst, bytes);
  if constexpr (kVectors == 2 || kVectors == 3) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(dst), _mm512_castsi512_si256(bytes));
  }
  if constexpr (kVectors == 3) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(dst + 32), _mm512_extracti32x4_epi32(bytes, 2));
  }
  if constexpr (kVectors == 1) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(dst), _mm512_castsi512_si128(bytes));
  }
}

// Accumulators have the type that _mm512_dpbusd_epi32 works on inside: as __m512i, GCC 12 keeps two
// copies of each and spills them.
using Lanes = int __attribute__((vector_size(64)));

// Narrows and writes vectors kFirst to NR - 1 of a row, four at a time.
template <int NR, int kFirst = 0>
INTEGRA_INLINE void StoreRow(uint8_t* dst, const Lanes (&row)[NR], int64_t valid,
                             const ClampVectors& clamp) {
  if constexpr (kFirst < NR) {
    const auto vector = [&](auto i) __attribute__((always_inline)) {
      if constexpr (kFirst + i < NR) return (__m512i)row[kFirst + i];
      return _mm512_setzero_si512();
    };
    const __m512i bytes = avx512::Narrow(vector(Index<0>()), vector(Index<1>()), vector(Index<2>()),
                                         vector(Index<3>()), clamp);
    if (valid > 16 * kFirst) {
      Store<(NR - kFirst < 4 ? NR - kFirst : 4)>(dst + 16 * kFirst, bytes, valid - 16 * kFirst);
    }
    StoreRow<NR, kFirst + 4>(dst, row, valid, clamp);
  }
}

void StoreScalar(const Tile& t, const int32_t* sums, int64_t row) {
  for (int64_t n = 0; n < t.valid; ++n) {
    const int64_t lane = VectorOutputStage::Shuffled(n);
    if (t.sums != nullptr) {
      t.sums[row * t.dst_stride + n] = sums[lane];
    } else {
      t.dst[row * t.dst_stride + n] = t.stage->ApplyScalar(sums[lane], t.channel + lane);
    }
  }
}

template <int MR, int NR>
void RunTile(const Tile& t) {
  Lanes acc[MR][NR];
#pragma GCC unroll 8
  for (int i = 0; i < MR; ++i) {
    const __m512i start = t.row_terms ? _mm512_set1_epi32(t.row_terms[i]) : _mm512_setzero_si512();
#pragma GCC unroll 8
    for (int j = 0; j < NR; ++j) acc[i][j] = (Lanes)start;
  }

  const int8_t* w = t.weights;
  const int32_t* const end = t.segment_offsets + t.segments;
  const int32_t* segment = t.segment_offsets;
  do {  // there is at least one segment, and one step in it
    const uint8_t* x = t.base + *segment;
    const uint8_t* rows[MR];
#pragma GCC unroll 8
    for (int i = 0; i < MR; ++i) rows[i] = x + t.row_offsets[i];
    int64_t k = 0;
    do {
      __m512i b[NR];
#pragma GCC unroll 8
      for (int j = 0; j < NR; ++j) {
        b[j] = _mm512_load_si512(w + 64 * j);
      }
      w += 64 * NR;
#pragma GCC unroll 8
      for (int i = 0; i < MR; ++i) {
        const __m512i a = Broadcast4(rows[i] + 4 * k);
#pragma GCC unroll 8
        for (int j = 0; j < NR; ++j)
          acc[i][j] = (Lanes)_mm512_dpbusd_epi32((__m512i)acc[i][j], a, b[j]);
      }
    } while (++k < t.steps);
  } while (++segment < end);

  const VectorOutputStage::Block* blocks = t.stage->blocks() + t.channel / 16;
  if (t.stage->form() == Form::kFloor) {
#pragma GCC unroll 8
    for (int j = 0; j < NR; ++j) {
      const avx512::StageVectors v = avx512::LoadStage(blocks[j]);
#pragma GCC unroll 8
      for (int i = 0; i < MR; ++i) acc[i][j] = (Lanes)avx512::ScaleFloor((__m512i)acc[i][j], v);
    }
  } else if (t.stage->form() == Form::kTwoStep) {
#pragma GCC unroll 8
    for (int j = 0; j < NR; ++j) {
      const avx512::StageVectors v = avx512::LoadStage(blocks[j]);
#pragma GCC unroll 8
      for (int i = 0; i < MR; ++i) acc[i][j] = (Lanes)avx512::ScaleTwoStep((__m512i)acc[i][j], v);
    }
  } else {
    // Through a copy: the accumulators would otherwise have to live in memory everywhere.
    alignas(64) int32_t sums[MR][16 * NR];
#pragma GCC unroll 8
    for (int i = 0; i < MR; ++i) {
#pragma GCC unroll 8
      for (int j = 0; j < NR; ++j) _mm512_store_si512(sums[i] + 16 * j, (__m512i)acc[i][j]);
    }
    for (int i = 0; i < MR; ++i) StoreScalar(t, sums[i], i);
    return;
  }
  const ClampVectors clamp = avx512::LoadClamp(*t.stage);
#pragma GCC unroll 8
  for (int i = 0; i < MR; ++i) StoreRow(t.dst + i * t.dst_stride, acc[i], t.valid, clamp);
}

using TileFunction = void (*)(const Tile&);

// By vectors of channels and rows. One row alone (dense layers) uses as many channels as possible.
struct TileShape {
  int rows;
  TileFunction run;
};
// Rows of the largest tile: as many as fit in 32 registers, and no more than GCC has general
// registers for their addresses.
constexpr int LargestRows(int vectors) { return vectors == 4 ? 6 : 8; }

template <int NR>
constexpr TileShape kTiles[] = {{LargestRows(NR), RunTile<LargestRows(NR), NR>},
                                {4, RunTile<4, NR>},
                                {2, RunTile<2, NR>},
                                {1, RunTile<1, NR>}};

// One row alone has no other accumulators to hide the latency of its sums: it takes eight vectors.
constexpr int kWidestRow = 8;
constexpr TileShape kRowTiles[] = {{1, RunTile<1, 1>}, {1, RunTile<1, 2>}, {1, RunTile<1, 3>},
                                   {1, RunTile<1, 4>}, {1, RunTile<1, 5>}, {1, RunTile<1, 6>},
                                   {1, RunTile<1, 7>}, {1, RunTile<1, 8>}};

const TileShape* TilesFor(int vectors, bool one_row) {
  if (one_row) return &kRowTiles[vectors - 1];
  switch (vectors) {
    case 1:
      return kTiles<1>;
    case 2:
      return kTiles<2>;
    case 3:
      return kTiles<3>;
    default:
      return kTiles<4>;
  }
}

class VnniGemm final : public Gemm {
 public:
  explicit VnniGemm(const GemmProblem& p)
      : n_(p.n),
        segments_(p.segments),
        steps_((p.segment_length + 3) / 4),
        segment_length_(p.segment_length),
        weight_zero_point_(p.weight_zero_point),
        max_rows_(p.max_rows),
        stage_(p.stage, GemmAddends(p), Order(p.n), LargestSum(p),
               VectorOutputStage::Join::kShuffle) {
    // Widest tiles first, but evenly shared (5 = 3 + 2, not 4 + 1).
    const int64_t widest = max_rows_ == 1 ? kWidestRow : 4;
    int64_t vectors = (n_ + 15) / 16;
    while (vectors > 0) {
      const int64_t groups = (vectors + widest - 1) / widest;
      const int64_t width = (vectors + groups - 1) / groups;
      chunks_.push_back(static_cast<int>(width));
      vectors -= width;
    }
    Pack(p);
  }

  void Run(const GemmSource& src, int64_t rows, uint8_t* dst, int64_t dst_stride,
           std::byte* scratch) const override {
    RunTiles(src, rows, dst, dst_stride, stage_, scratch);
  }
  void Run(const GemmSource& src, int64_t rows, int32_t* dst, int64_t dst_stride,
           std::byte* scratch) const override {
    static const VectorOutputStage no_stage;  // of the scalar form
    RunTiles(src, rows, dst, dst_stride, no_stage, scratch);
  }

  std::string name() const override { return "own avx512_vnni"; }
  size_t scratch_bytes() const override {
    return weight_zero_point_ != 0 ? static_cast<size_t>(max_rows_) * sizeof(int32_t) : 0;
  }
  size_t bytes() const override { return weights_.size() + stage_.bytes(); }

 private:
  // To outputs or, where T is int32_t, to sums.
  template <typename T>
  void RunTiles(const GemmSource& src, int64_t rows, T* dst, int64_t dst_stride,
                const VectorOutputStage& stage, std::byte* scratch) const {
    int32_t* row_terms = nullptr;
    if (weight_zero_point_ != 0) {
      row_terms = reinterpret_cast<int32_t*>(scratch);
      for (int64_t r = 0; r < rows; ++r) row_terms[r] = RowTerm(src, r);
    }
    const int8_t* weights = weights_.data<int8_t>();
    int64_t channel = 0;
    for (const int vectors : chunks_) {
      Tile t{weights,   segments_,
             steps_,    src.base,
             nullptr,   src.segment_offsets,
             nullptr,   &stage,
             channel,   std::min<int64_t>(16 * vectors, n_ - channel),
             nullptr,   nullptr,
             dst_stride};
      const TileShape* shape = TilesFor(vectors, max_rows_ == 1);
      for (int64_t r = 0; r < rows;) {
        while (shape->rows > rows - r) ++shape;
        t.row_offsets = src.row_offsets + r;
        t.row_terms = row_terms != nullptr ? row_terms + r : nullptr;
        T* const to = dst + r * dst_stride + channel;
        if constexpr (std::is_same_v<T, int32_t>) {
          t.sums = to;
        } else {
          t.dst = to;
        }
        shape->run(t);
        r += shape->rows;
      }
      channel += 16 * vectors;
      weights += segments_ * steps_ * 64 * vectors;
    }
  }

  // Channels are where joining their halves puts them in order.
  static std::vector<int64_t> Order(int64_t n) {
    const std::vector<int64_t> plain = PlainOrder(n, 16 * kWidestRow);
    std::vector<int64_t> order(plain.size());
    for (size_t i = 0; i < order.size(); ++i) {
      order[i] = plain[static_cast<size_t>(VectorOutputStage::Shuffled(static_cast<int64_t>(i)))];
    }
    return order;
  }

  void Pack(const GemmProblem& p) {
    const int64_t vectors = (n_ + 15) / 16;
    weights_ = AlignedBuffer(static_cast<size_t>(vectors * segments_ * steps_ * 64));
    int8_t* out = weights_.data<int8_t>();
    int64_t channel = 0;
    for (const int width : chunks_) {
      for (int64_t t = 0; t < segments_; ++t) {
        for (int64_t k = 0; k < steps_; ++k) {
          for (int64_t n = 0; n < 16 * width; ++n, out += 4) {
            const int64_t c = channel + VectorOutputStage::Shuffled(n);
            if (c >= n_) continue;
            const int8_t* from = p.weights + c * p.depth() + t * segment_length_;
            const int64_t count = segment_length_ - 4 * k;
            if (count >= 4) {
              std::memcpy(out, from + 4 * k, 4);  // one instruction: this takes most of packing
            } else {
              std::copy_n(from + 4 * k, count, out);
            }
          }
        }
      }
      channel += 16 * width;
    }
  }

  int32_t RowTerm(const GemmSource& src, int64_t r) const {
    __m512i sum = _mm512_setzero_si512();
    const __m512i ones = _mm512_set1_epi8(1);
    for (int64_t t = 0; t < segments_; ++t) {
      const uint8_t* x = src.base + src.row_offsets[r] + src.segment_offsets[t];
      for (int64_t k = 0; k < segment_length_; k += 64) {
        const int64_t left = std::min<int64_t>(64, segment_length_ - k);
        const __m512i bytes = _mm512_maskz_loadu_epi8((~uint64_t{0}) >> (64 - left), x + k);
        sum = _mm512_dpbusd_epi32(sum, bytes, ones);
      }
    }
    return -weight_zero_point_ * _mm512_reduce_add_epi32(sum);
  }

  const int64_t n_, segments_, steps_, segment_length_;
  const int32_t weight_zero_point_;
  const int64_t max_rows_;
  std::vector<int> chunks_;  // vectors of 16 channels per tile
  const VectorOutputStage stage_;
  AlignedBuffer weights_;
};

}  // namespace

std::unique_ptr<const Gemm> MakeAvx512VnniGemm(const GemmProblem& problem) {
  return std::make_unique<VnniGemm>(problem);
}

}  // namespace integra::kernels
