// Depthwise convolution on AVX512-VNNI: four taps of a channel side by side, one vpdpbusd for all.
//
// Bytes of four taps are interleaved by two unpacks, which turns a block of 64 channels into four
// vectors of 16 channels x 4 taps. A 3 x 3 kernel takes the three taps of one image row at a time,
// so that an interleaved row serves every output row that reads it; other kernels take their taps
// in any order.
#include <immintrin.h>

#include <cstring>
#include <type_traits>

#include "kernels/avx512/depthwise_taps.h"
#include "kernels/avx512/folded_stage.h"
#include "kernels/avx512/output_stage.h"
#include "kernels/depthwise.h"

namespace integra::kernels {
namespace {

using avx512::ClampVectors;
using avx512::Form;
using avx512::Hold;
using avx512::HoldStage;

// As in the GEMM: the type that _mm512_dpbusd_epi32 works on inside.
using Lanes = int __attribute__((vector_size(64)));

INTEGRA_INLINE Lanes MultiplyAdd(Lanes acc, __m512i x, __m512i w) {
  return (Lanes)_mm512_dpbusd_epi32((__m512i)acc, x, w);
}

class VnniDepthwise final : public Depthwise {
 public:
  explicit VnniDepthwise(const DepthwiseProblem& p)
      : cut_(CutIntoBlocks(p, kBlock)),
        shares_rows_(p.kernel_y == 3 && p.kernel_x == 3 && p.stride_y <= 2 && p.dilation_y == 1),
        pairs_(shares_rows_ && p.stride_y == 1 && p.stride_x == 1 && p.dilation_x == 1 &&
               p.channels % kBlock == 0),
        channels_(p.channels),
        pitch_(p.pitch),
        row_pitch_(p.stride_y * p.pitch),
        out_pitch_(p.out_width * p.channels),
        stage_(DepthwiseStage(p, Order(p), VectorOutputStage::Join::kShuffle)),
        folded_(shares_rows_ ? avx512::FoldedStage(avx512::FoldConstants, stage_, stage_.order())
                             : avx512::FoldedStage()) {
    FindTaps(p);
    wide_ = p.weight_zero_point != 0 && IsWide(p);
    Pack(p);
    run_ = wide_ ? Choose<true>(p.stride_y) : Choose<false>(p.stride_y);
  }

  void Run(const uint8_t* src, int64_t rows, uint8_t* dst) const override {
    (this->*run_)(src, rows, dst);
  }

  void Run(const uint8_t* src, int64_t rows, int32_t* dst) const override {
    if (wide_) {
      RunTaps<true, Form::kScalar>(src, rows, dst);
    } else {
      RunTaps<false, Form::kScalar>(src, rows, dst);
    }
  }

  std::string name() const override {
    return shares_rows_ ? "own avx512_vnni 3x3" : "own avx512_vnni";
  }
  size_t bytes() const override { return weights_.size() + stage_.bytes() + folded_.bytes(); }

 private:
  int64_t groups() const { return static_cast<int64_t>(taps_.size()) / 4; }
  int64_t group_bytes() const { return kVectors * 64 * (wide_ ? 2 : 1); }
  int64_t phase_bytes() const { return groups() * group_bytes() * (pairs_ ? 2 : 1); }
  const VectorOutputStage::Block* StageOf(const DepthwiseBlock& block) const {
    return stage_.blocks() + block.phase * kVectors;
  }
  template <bool kFolded>
  auto BlockOf(const DepthwiseBlock& block) const {
    if constexpr (kFolded) {
      return folded_.blocks() + block.phase;
    } else {
      return StageOf(block);
    }
  }
  const int8_t* WeightsOf(const DepthwiseBlock& block) const {
    return weights_.data<int8_t>() + block.phase * phase_bytes();
  }

  // Groups of four taps: where each reads, and which weight it has (-1: none, weight 0).
  void FindTaps(const DepthwiseProblem& p) {
    for (int64_t ky = 0; ky < p.kernel_y; ++ky) {
      for (int64_t kx = 0; kx < p.kernel_x; ++kx) {
        offsets_.push_back(static_cast<int32_t>(p.tap_offset(ky, kx)));
        taps_.push_back(ky * p.kernel_x + kx);
      }
      if (shares_rows_) AddNone();
    }
    while (taps_.size() % 4 != 0) AddNone();
  }
  void AddNone() {
    offsets_.push_back(offsets_.back());
    taps_.push_back(-1);
  }

  std::vector<int64_t> Order(const DepthwiseProblem& p) const {
    std::vector<int64_t> order;
    for (size_t phase = 0; phase < cut_.phases.size(); ++phase) {
      for (int64_t i = 0; i < kBlock; ++i) {
        order.push_back(
            ChannelAt(cut_, p, static_cast<int64_t>(phase), InterleavedByte(i / 16, i % 16)));
      }
    }
    return order;
  }

  static bool IsWide(const DepthwiseProblem& p) {
    bool wide = false;
    for (int64_t i = 0; i < p.taps() * p.channels; ++i) {
      const int w = p.weights[i] - p.weight_zero_point;
      wide |= w < -128 || w > 127;
    }
    return wide;
  }

  void Pack(const DepthwiseProblem& p) {
    const auto phases = static_cast<int64_t>(cut_.phases.size());
    weights_ = AlignedBuffer(static_cast<size_t>(phases * phase_bytes()));
    const auto store = [](int8_t* to, const Quad& quad) {
      for (int v = 0; v < kVectors; ++v) _mm512_store_si512(to + 64 * v, quad.v[v]);
    };
    for (int64_t phase = 0; phase < phases; ++phase) {
      int8_t* to = weights_.data<int8_t>() + phase * phase_bytes();
      for (size_t t = 0; t < taps_.size(); t += 4, to += group_bytes()) {
        const TapWeights a = TapWeightsOf(p, cut_, phase, taps_[t]),
                         b = TapWeightsOf(p, cut_, phase, taps_[t + 1]),
                         c = TapWeightsOf(p, cut_, phase, taps_[t + 2]),
                         d = TapWeightsOf(p, cut_, phase, taps_[t + 3]);
        store(to, Interleave(a.saturated, b.saturated, c.saturated, d.saturated));
        if (wide_) store(to + kVectors * 64, Interleave(a.rest, b.rest, c.rest, d.rest));
        if (pairs_) {  // the fourth one is none
          store(to + groups() * group_bytes(),
                Interleave(d.saturated, a.saturated, b.saturated, c.saturated));
        }
      }
    }
  }

  template <Form kForm>
  INTEGRA_INLINE __m512i Scale(Lanes acc, const avx512::StageVectors& v) {
    return kForm == Form::kFloor ? avx512::ScaleFloor((__m512i)acc, v)
                                 : avx512::ScaleTwoStep((__m512i)acc, v);
  }

  template <Form kForm, int kCount>
  INTEGRA_INLINE void ScaleSums(const Lanes (&sums)[kCount], const VectorOutputStage::Block* stage,
                                int v, __m512i (&scaled)[kCount]) {
    const avx512::StageVectors vectors = HoldStage(stage[v]);
#pragma GCC unroll 4
    for (int i = 0; i < kCount; ++i) scaled[i] = Scale<kForm>(sums[i], vectors);
  }
  template <Form kForm, int kCount>
  INTEGRA_INLINE void ScaleSums(const Lanes (&sums)[kCount],
                                const avx512::FoldedStage::Block* stage, int v,
                                __m512i (&scaled)[kCount]) {
    const avx512::FoldedVectors vectors = avx512::HoldFolded(stage->vectors[v]);
#pragma GCC unroll 4
    for (int i = 0; i < kCount; ++i) {
      scaled[i] = avx512::ScaleFolded((__m512i)sums[i], vectors, kForm);
    }
  }

  INTEGRA_INLINE Lanes StartOfSums(const VectorOutputStage::Block*, int) { return Lanes{}; }
  INTEGRA_INLINE Lanes StartOfSums(const avx512::FoldedStage::Block* stage, int v) {
    return (Lanes)Hold(stage->vectors[v].start);
  }

  // Scaled sums of two vectors to 16 bits.
  INTEGRA_INLINE __m512i PackSums(__m512i a, __m512i b, const VectorOutputStage::Block*, int) {
    return _mm512_packs_epi32(a, b);
  }
  INTEGRA_INLINE __m512i PackSums(__m512i a, __m512i b, const avx512::FoldedStage::Block* stage,
                                  int half) {
    return _mm512_adds_epi16(_mm512_packs_epi32(a, b), _mm512_load_si512(stage->offset[half]));
  }

  // Of sums that were scaled and packed to 16 bits, vectors 0 and 1 and vectors 2 and 3.
  template <bool kFolded>
  INTEGRA_INLINE void Store(__m512i low, __m512i high, const ClampVectors& clamp, int64_t valid,
                            uint8_t* dst) {
    const __m512i bytes = avx512::Unshuffle(kFolded ? _mm512_packus_epi16(low, high)
                                                    : avx512::NarrowPacked(low, high, clamp));
    if (valid == kBlock) {
      _mm512_storeu_si512(dst, bytes);
    } else {
      _mm512_mask_storeu_epi8(dst, avx512::FirstBytes(valid), bytes);
    }
  }

  void StoreScalar(const DepthwiseBlock& block, const Lanes (&acc)[kVectors], uint8_t* dst) const {
    alignas(64) int32_t sums[kBlock];
    for (int v = 0; v < kVectors; ++v) _mm512_store_si512(sums + 16 * v, (__m512i)acc[v]);
    for (int64_t i = 0; i < kBlock; ++i) {
      const int64_t byte = InterleavedByte(i / 16, i % 16);
      if (byte < block.valid) {
        dst[byte] = stage_.ApplyScalar(sums[i], block.phase * kBlock + i);
      }
    }
  }

  // The scalar form without output stage.
  void StoreScalar(const DepthwiseBlock& block, const Lanes (&acc)[kVectors], int32_t* dst) const {
    alignas(64) int32_t sums[kBlock];
    for (int v = 0; v < kVectors; ++v) _mm512_store_si512(sums + 16 * v, (__m512i)acc[v]);
    for (int64_t i = 0; i < kBlock; ++i) {
      const int64_t channel = InterleavedByte(i / 16, i % 16);
      if (channel < block.valid) dst[channel] = sums[i];
    }
  }

  template <bool kWide, Form kForm, typename T>
  void RunTaps(const uint8_t* src, int64_t rows, T* dst) const {
    for (const DepthwiseBlock& block : cut_.blocks) RunTaps<kWide, kForm>(block, src, rows, dst);
  }

  template <bool kWide, Form kForm, typename T>
  void RunTaps(const DepthwiseBlock& block, const uint8_t* src, int64_t rows, T* dst) const {
    const ClampVectors clamp = avx512::LoadClamp(stage_);
    const int8_t* weights = WeightsOf(block);
    const VectorOutputStage::Block* stage = StageOf(block);
    for (int64_t y = 0; y < rows; ++y) {
      const uint8_t* x = src + y * row_pitch_ + block.offset;
      Lanes acc[kVectors] = {};
      for (int64_t g = 0; g < groups(); ++g) {
        const int32_t* o = offsets_.data() + 4 * g;
        const Quad taps =
            Interleave(Load(x + o[0]), Load(x + o[1]), Load(x + o[2]), Load(x + o[3]));
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) {
          const int8_t* w = weights + g * group_bytes() + 64 * v;
          acc[v] = MultiplyAdd(acc[v], taps.v[v], _mm512_load_si512(w));
          if constexpr (kWide) {
            acc[v] = MultiplyAdd(acc[v], taps.v[v], _mm512_load_si512(w + kVectors * 64));
          }
        }
      }
      T* to = dst + y * out_pitch_ + block.offset;
      if constexpr (kForm == Form::kScalar) {
        StoreScalar(block, acc, to);
      } else {
        __m512i r[kVectors];
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) {
          r[v] = Scale<kForm>(acc[v], avx512::LoadStage(stage[v]));
        }
        Store<false>(_mm512_packs_epi32(r[0], r[1]), _mm512_packs_epi32(r[2], r[3]), clamp,
                     block.valid, to);
      }
    }
  }

  // 3 x 3.
  template <bool kWide, Form kForm, int kStride, bool kFolded>
  void RunRows(const uint8_t* src, int64_t rows, uint8_t* dst) const {
    constexpr bool kMayPair = !kWide && kStride == 1;
    const Walk walk = {pitch_, out_pitch_, offsets_[1], offsets_[2], channels_, rows};
    const ClampVectors clamp = avx512::LoadClamp(stage_);
    const int64_t weight_bytes = phase_bytes();
    const size_t blocks = cut_.blocks.size();
    const size_t step = kMayPair && pairs_ ? static_cast<size_t>(channels_ / kBlock) : blocks;
    for (size_t i = 0; i < blocks; ++i) {
      const DepthwiseBlock& block = cut_.blocks[i];
      const int8_t* weights = weights_.data<int8_t>() + block.phase * weight_bytes;
      const auto* stage = BlockOf<kFolded>(block);
      const uint8_t* x = src + block.offset;
      uint8_t* y = dst + block.offset;
      if (i + step >= blocks) {
        RunColumn<kWide, kForm, kStride, kFolded, 1>(walk, weights, stage, clamp, block.valid, x,
                                                     y);
      } else if constexpr (kMayPair) {
        RunColumn<kWide, kForm, kStride, kFolded, 2>(walk, weights, stage, clamp, kBlock, x, y);
        if ((i + 1) % step == 0) i += step;  // the second pixels are done
      }
    }
  }

  // What all blocks of rows have in common.
  struct Walk {
    int64_t pitch, out_pitch;
    int64_t second, third;  // taps of a row, from the first
    int64_t channels;
    int64_t rows;
  };

  // Down the rows of a block, and of the same channels of the next pixel if kPixels is 2: its taps
  // are the last three of four. Two output rows at a time share their weights, their output stage
  // and the interleaved input rows that both read; what the next two rows read as well stays in
  // registers.
  template <bool kWide, Form kForm, int kStride, bool kFolded, int kPixels, typename Stage>
  INTEGRA_INLINE void RunColumn(const Walk& walk, const int8_t* weights, const Stage* stage,
                                const ClampVectors& clamp, int64_t valid, const uint8_t* x,
                                uint8_t* y) {
    constexpr int kInputs = 3 + kStride, kKept = 3 - kStride;
    constexpr int64_t kRowBytes = kVectors * 64 * (kWide ? 2 : 1);
    const auto next = [&]() __attribute__((always_inline)) {
      const Quad taps =
          Interleave(Load(x), Load(x + walk.second), Load(x + walk.third),
                     kPixels == 2 ? Load(x + walk.third + walk.channels) : _mm512_setzero_si512());
      x += walk.pitch;
      return taps;
    };
    Quad in[kInputs];
#pragma GCC unroll 2
    for (int i = 0; i < kKept; ++i) in[i] = next();
    // One output row or two.
    const auto step = [&]<int kRows>(std::integral_constant<int, kRows>)
        __attribute__((always_inline)) {
      constexpr int kSums = kRows * kPixels;
#pragma GCC unroll 4
      for (int i = kKept; i < 3 + (kRows - 1) * kStride; ++i) in[i] = next();
      // Offsets from one register each: GCC would otherwise prepare more addresses than fit.
      asm("" : "+r"(weights), "+r"(stage));
      __m512i even[kSums], halves[kSums][2];
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) {
        Lanes sums[kSums];
#pragma GCC unroll 4
        for (int i = 0; i < kSums; ++i) sums[i] = StartOfSums(stage, v);
#pragma GCC unroll 3
        for (int t = 0; t < 3; ++t) {
#pragma GCC unroll 2
          for (int p = 0; p < kPixels; ++p) {
            const int8_t* w = weights + 64 * v + (3 * p + t) * kRowBytes;
            const __m512i taps = Hold(w);
#pragma GCC unroll 2
            for (int r = 0; r < kRows; ++r) {
              Lanes& sum = sums[kRows * p + r];
              sum = MultiplyAdd(sum, in[t + r * kStride].v[v], taps);
              if constexpr (kWide) {
                sum = MultiplyAdd(sum, in[t + r * kStride].v[v], Hold(w + kVectors * 64));
              }
            }
          }
        }
        __m512i scaled[kSums];
        ScaleSums<kForm>(sums, stage, v, scaled);
#pragma GCC unroll 4
        for (int i = 0; i < kSums; ++i) {
          if (v % 2 == 0) {
            even[i] = scaled[i];
          } else {
            halves[i][v / 2] = PackSums(even[i], scaled[i], stage, v / 2);
          }
        }
      }
#pragma GCC unroll 4
      for (int i = 0; i < kSums; ++i) {
        Store<kFolded>(halves[i][0], halves[i][1], clamp, valid,
                       y + i / kRows * walk.channels + i % kRows * walk.out_pitch);
      }
    };
    int64_t left = walk.rows;
    for (; left >= 2; left -= 2) {
      step(std::integral_constant<int, 2>());
      y += 2 * walk.out_pitch;
#pragma GCC unroll 2
      for (int i = 0; i < kKept; ++i) in[i] = in[i + 2 * kStride];
    }
    if (left == 1) step(std::integral_constant<int, 1>());
  }

  using RunFunction = void (VnniDepthwise::*)(const uint8_t*, int64_t, uint8_t*) const;

  template <bool kWide, Form kForm, bool kFolded>
  RunFunction ChooseRows(int64_t stride_y) const {
    return stride_y == 1 ? &VnniDepthwise::RunRows<kWide, kForm, 1, kFolded>
                         : &VnniDepthwise::RunRows<kWide, kForm, 2, kFolded>;
  }
  template <bool kWide, Form kForm>
  RunFunction Choose(int64_t stride_y) const {
    if constexpr (kForm != Form::kScalar) {
      if (shares_rows_) {
        return folded_.blocks() != nullptr ? ChooseRows<kWide, kForm, true>(stride_y)
                                           : ChooseRows<kWide, kForm, false>(stride_y);
      }
    }
    return &VnniDepthwise::RunTaps<kWide, kForm, uint8_t>;
  }
  template <bool kWide>
  RunFunction Choose(int64_t stride_y) const {
    switch (stage_.form()) {
      case Form::kFloor:
        return Choose<kWide, Form::kFloor>(stride_y);
      case Form::kTwoStep:
        return Choose<kWide, Form::kTwoStep>(stride_y);
      default:
        return Choose<kWide, Form::kScalar>(stride_y);
    }
  }

  const DepthwiseBlocks cut_;
  const bool shares_rows_;
  bool wide_ = false;  // some w - zw needs nine bits: it is held as a sum of two
  const bool pairs_;   // two pixels at a time
  const int64_t channels_;
  const int64_t pitch_;
  const int64_t row_pitch_;
  const int64_t out_pitch_;
  const VectorOutputStage stage_;
  const avx512::FoldedStage folded_;
  std::vector<int32_t> offsets_;
  std::vector<int64_t> taps_;
  AlignedBuffer weights_;
  RunFunction run_;
};

}  // namespace

std::unique_ptr<const Depthwise> MakeAvx512VnniDepthwise(const DepthwiseProblem& problem) {
  const auto count = static_cast<size_t>(problem.taps() * problem.channels);
  if (problem.weight_zero_point == -128 && std::memchr(problem.weights, 127, count) != nullptr) {
    return nullptr;
  }
  return std::make_unique<VnniDepthwise>(problem);
}

}  // namespace integra::kernels
