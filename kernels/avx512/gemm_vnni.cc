// GEMM on AVX512-VNNI: accumulators and the output stage stay in registers.
#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "kernels/avx512/output_stage.h"
#include "kernels/gemm.h"

namespace integra::kernels {
namespace {

using avx512::ClampVectors;
using avx512::Form;

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
  int64_t dst_stride;
};

INTEGRA_INLINE __m512i Broadcast4(const uint8_t* p) {
  int32_t four;
  std::memcpy(&four, p, sizeof(four));
  return _mm512_set1_epi32(four);
}

template <int NR>
INTEGRA_INLINE void Store(uint8_t* dst, __m512i bytes, int64_t valid) {
  if (valid == 16 * NR) {
    if constexpr (NR == 4) _mm512_storeu_si512(dst, bytes);
    if constexpr (NR == 2 || NR == 3) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(dst), _mm512_castsi512_si256(bytes));
    }
    if constexpr (NR == 3) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(dst + 32), _mm512_extracti32x4_epi32(bytes, 2));
    }
    if constexpr (NR == 1) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(dst), _mm512_castsi512_si128(bytes));
    }
  } else {
    const __mmask64 mask = (~uint64_t{0}) >> (64 - valid);
    _mm512_mask_storeu_epi8(dst, mask, bytes);
  }
}

template <int MR, int NR>
void StoreScalar(const Tile& t, __m512i (&acc)[MR][NR]) {
  alignas(64) int32_t row[16 * NR];
  for (int i = 0; i < MR; ++i) {
    for (int j = 0; j < NR; ++j) _mm512_store_si512(row + 16 * j, acc[i][j]);
    for (int64_t n = 0; n < t.valid; ++n) {
      t.dst[i * t.dst_stride + n] = t.stage->ApplyScalar(row[n], t.channel + n);
    }
  }
}

template <int MR, int NR>
void RunTile(const Tile& t) {
  __m512i acc[MR][NR];
#pragma GCC unroll 8
  for (int i = 0; i < MR; ++i) {
    const __m512i start = t.row_terms ? _mm512_set1_epi32(t.row_terms[i]) : _mm512_setzero_si512();
#pragma GCC unroll 8
    for (int j = 0; j < NR; ++j) acc[i][j] = start;
  }

  const int8_t* w = t.weights;
  for (int64_t segment = 0; segment < t.segments; ++segment) {
    const uint8_t* x = t.base + t.segment_offsets[segment];
    const uint8_t* rows[MR];
#pragma GCC unroll 8
    for (int i = 0; i < MR; ++i) rows[i] = x + t.row_offsets[i];
    for (int64_t k = 0; k < t.steps; ++k) {
      __m512i b[NR];
#pragma GCC unroll 8
      for (int j = 0; j < NR; ++j) b[j] = _mm512_load_si512(w + 64 * j);
      w += 64 * NR;
#pragma GCC unroll 8
      for (int i = 0; i < MR; ++i) {
        const __m512i a = Broadcast4(rows[i] + 4 * k);
#pragma GCC unroll 8
        for (int j = 0; j < NR; ++j) acc[i][j] = _mm512_dpbusd_epi32(acc[i][j], a, b[j]);
      }
    }
  }

  const VectorOutputStage::Block* blocks = t.stage->blocks() + t.channel / 16;
  if (t.stage->form() == Form::kFloor) {
#pragma GCC unroll 8
    for (int j = 0; j < NR; ++j) {
      const avx512::StageVectors v = avx512::LoadStage(blocks[j]);
#pragma GCC unroll 8
      for (int i = 0; i < MR; ++i) acc[i][j] = avx512::ScaleFloor(acc[i][j], v);
    }
  } else if (t.stage->form() == Form::kBracket) {
#pragma GCC unroll 8
    for (int j = 0; j < NR; ++j) {
      const avx512::StageVectors v = avx512::LoadStage(blocks[j]);
#pragma GCC unroll 8
      for (int i = 0; i < MR; ++i) acc[i][j] = avx512::ScaleBracket(acc[i][j], v, blocks[j]);
    }
  } else {
    StoreScalar<MR, NR>(t, acc);
    return;
  }
  const ClampVectors clamp = avx512::LoadClamp(*t.stage);
  const __m512i none = _mm512_setzero_si512();
#pragma GCC unroll 8
  for (int i = 0; i < MR; ++i) {
    const __m512i bytes = avx512::Narrow(acc[i][0], NR > 1 ? acc[i][NR > 1 ? 1 : 0] : none,
                                         NR > 2 ? acc[i][NR > 2 ? 2 : 0] : none,
                                         NR > 3 ? acc[i][NR > 3 ? 3 : 0] : none, clamp);
    Store<NR>(t.dst + i * t.dst_stride, bytes, t.valid);
  }
}

using TileFunction = void (*)(const Tile&);

// By vectors of channels and rows. One row alone (dense layers) uses as many channels as possible.
struct TileShape {
  int rows;
  TileFunction run;
};
template <int NR>
constexpr TileShape kTiles[] = {{NR == 4 ? 6 : 8, RunTile<NR == 4 ? 6 : 8, NR>},
                                {4, RunTile<4, NR>},
                                {2, RunTile<2, NR>},
                                {1, RunTile<1, NR>}};

const TileShape* TilesFor(int vectors) {
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
        stage_(p.stage, GemmAddends(p), PlainOrder(p.n, 64)) {
    // Four vectors at a time; what is left is shared out evenly (5 = 3 + 2, not 4 + 1).
    int64_t vectors = (n_ + 15) / 16;
    while (vectors > 0) {
      const int64_t groups = (vectors + 3) / 4;
      const int64_t width = (vectors + groups - 1) / groups;
      chunks_.push_back(static_cast<int>(width));
      vectors -= width;
    }
    Pack(p);
  }

  void Run(const GemmSource& src, int64_t rows, uint8_t* dst, int64_t dst_stride,
           std::byte* scratch) const override {
    int32_t* row_terms = nullptr;
    if (weight_zero_point_ != 0) {
      row_terms = reinterpret_cast<int32_t*>(scratch);
      for (int64_t r = 0; r < rows; ++r) row_terms[r] = RowTerm(src, r);
    }
    const int8_t* weights = weights_.data<int8_t>();
    int64_t channel = 0;
    for (const int vectors : chunks_) {
      Tile t{weights, segments_,
             steps_,  src.base,
             nullptr, src.segment_offsets,
             nullptr, &stage_,
             channel, std::min<int64_t>(16 * vectors, n_ - channel),
             nullptr, dst_stride};
      const TileShape* shape = TilesFor(vectors);
      for (int64_t r = 0; r < rows;) {
        while (shape->rows > rows - r) ++shape;
        t.row_offsets = src.row_offsets + r;
        t.row_terms = row_terms != nullptr ? row_terms + r : nullptr;
        t.dst = dst + r * dst_stride + channel;
        shape->run(t);
        r += shape->rows;
      }
      channel += 16 * vectors;
      weights += segments_ * steps_ * 64 * vectors;
    }
  }

  std::string name() const override { return "own avx512_vnni"; }
  size_t scratch_bytes() const override {
    return weight_zero_point_ != 0 ? static_cast<size_t>(max_rows_) * sizeof(int32_t) : 0;
  }
  size_t bytes() const override { return weights_.size() + stage_.bytes(); }

 private:
  void Pack(const GemmProblem& p) {
    const int64_t vectors = (n_ + 15) / 16;
    weights_ = AlignedBuffer(static_cast<size_t>(vectors * segments_ * steps_ * 64));
    int8_t* out = weights_.data<int8_t>();
    int64_t channel = 0;
    for (const int width : chunks_) {
      for (int64_t t = 0; t < segments_; ++t) {
        for (int64_t k = 0; k < steps_; ++k) {
          for (int64_t n = 0; n < 16 * width; ++n, out += 4) {
            if (channel + n >= n_) continue;
            const int8_t* from = p.weights + (channel + n) * p.depth() + t * segment_length_;
            const int64_t count = std::min<int64_t>(4, segment_length_ - 4 * k);
            std::copy_n(from + 4 * k, count, out);
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
