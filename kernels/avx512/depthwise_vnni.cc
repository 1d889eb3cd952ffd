// Depthwise convolution on AVX512-VNNI: four taps of a channel side by side, one vpdpbusd for all.
//
// Bytes of four taps are interleaved by two unpacks, which turns a block of 64 channels into four
// vectors of 16 channels x 4 taps. A 3 x 3 kernel takes the three taps of one image row at a time,
// so that an interleaved row serves three output rows; other kernels take their taps in any order.
#include <immintrin.h>

#include "kernels/avx512/output_stage.h"
#include "kernels/depthwise.h"

namespace integra::kernels {
namespace {

using avx512::ClampVectors;
using avx512::Form;

constexpr int64_t kBlock = 64;
constexpr int kVectors = 4;  // of 16 channels

struct Quad {
  __m512i v[kVectors];
};

INTEGRA_INLINE __m512i Load(const uint8_t* p) { return _mm512_loadu_si512(p); }

// Four taps of 64 channels, [channel][tap], channels in interleaved order.
INTEGRA_INLINE Quad Interleave(__m512i a, __m512i b, __m512i c, __m512i d) {
  const __m512i ab_low = _mm512_unpacklo_epi8(a, b), ab_high = _mm512_unpackhi_epi8(a, b);
  const __m512i cd_low = _mm512_unpacklo_epi8(c, d), cd_high = _mm512_unpackhi_epi8(c, d);
  return {{_mm512_unpacklo_epi16(ab_low, cd_low), _mm512_unpackhi_epi16(ab_low, cd_low),
           _mm512_unpacklo_epi16(ab_high, cd_high), _mm512_unpackhi_epi16(ab_high, cd_high)}};
}

// acc += taps * weights; `w` is [kVectors][64] bytes, or twice that where weights need nine bits.
template <bool kWide>
INTEGRA_INLINE void MultiplyAdd(Quad& acc, const Quad& x, const int8_t* w) {
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) {
    acc.v[v] = _mm512_dpbusd_epi32(acc.v[v], x.v[v], _mm512_load_si512(w + 64 * v));
    if constexpr (kWide) {
      acc.v[v] = _mm512_dpbusd_epi32(acc.v[v], x.v[v], _mm512_load_si512(w + 64 * (kVectors + v)));
    }
  }
}

class VnniDepthwise final : public Depthwise {
 public:
  explicit VnniDepthwise(const DepthwiseProblem& p)
      : cut_(CutIntoBlocks(p, kBlock)),
        shares_rows_(p.kernel_y == 3 && p.kernel_x == 3 && p.stride_y == 1 && p.dilation_y == 1),
        row_pitch_(p.stride_y * p.pitch),
        out_pitch_(p.out_width * p.channels),
        stage_(p.stage, DepthwiseAddends(p), Order(p)) {
    FindTaps(p);
    for (int64_t i = 0; i < p.taps() * p.channels; ++i) {
      const int w = p.weights[i] - p.weight_zero_point;
      wide_ = wide_ || w < -128 || w > 127;
    }
    Pack(p);
  }

  void Run(const uint8_t* src, int64_t rows, uint8_t* dst) const override {
    for (const DepthwiseBlock& block : cut_.blocks) {
      if (shares_rows_) {
        wide_ ? RunShared<true>(block, src, rows, dst) : RunShared<false>(block, src, rows, dst);
      } else {
        wide_ ? RunTaps<true>(block, src, rows, dst) : RunTaps<false>(block, src, rows, dst);
      }
    }
  }

  std::string name() const override {
    return shares_rows_ ? "own avx512_vnni 3x3" : "own avx512_vnni";
  }
  size_t bytes() const override { return weights_.size() + stage_.bytes(); }

 private:
  int64_t groups() const { return static_cast<int64_t>(taps_.size()) / 4; }
  int64_t group_bytes() const { return kVectors * 64 * (wide_ ? 2 : 1); }
  const int8_t* WeightsOf(const DepthwiseBlock& block) const {
    return weights_.data<int8_t>() + block.phase * groups() * group_bytes();
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

  void Pack(const DepthwiseProblem& p) {
    const auto phases = static_cast<int64_t>(cut_.phases.size());
    weights_ = AlignedBuffer(static_cast<size_t>(phases * groups() * group_bytes()));
    for (int64_t phase = 0; phase < phases; ++phase) {
      for (int64_t t = 0; t < static_cast<int64_t>(taps_.size()); ++t) {
        if (taps_[static_cast<size_t>(t)] < 0) continue;
        int8_t* to = weights_.data<int8_t>() + (phase * groups() + t / 4) * group_bytes() + t % 4;
        for (int64_t i = 0; i < kBlock; ++i) {
          const int64_t c = ChannelAt(cut_, p, phase, InterleavedByte(i / 16, i % 16));
          if (c < 0) continue;
          const int w =
              p.weights[taps_[static_cast<size_t>(t)] * p.channels + c] - p.weight_zero_point;
          const int first = Clamp(w, -128, 127);
          to[4 * i] = static_cast<int8_t>(first);
          if (wide_) to[4 * i + kVectors * 64] = static_cast<int8_t>(w - first);
        }
      }
    }
  }

  INTEGRA_INLINE void Store(const VectorOutputStage& stage, const ClampVectors& clamp,
                            const DepthwiseBlock& block, const Quad& acc, uint8_t* dst) {
    const VectorOutputStage::Block* b = stage.blocks() + block.phase * kVectors;
    __m512i r[kVectors];
    if (stage.form() == Form::kFloor) {
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) {
        r[v] = avx512::ScaleFloor(acc.v[v], avx512::LoadStage(b[v]));
      }
    } else if (stage.form() == Form::kBracket) {
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) {
        r[v] = avx512::ScaleBracket(acc.v[v], avx512::LoadStage(b[v]), b[v]);
      }
    } else {
      StoreScalar(stage, block, acc, dst);
      return;
    }
    const __m512i bytes = avx512::NarrowInterleaved(r[0], r[1], r[2], r[3], clamp);
    if (block.valid == kBlock) {
      _mm512_storeu_si512(dst, bytes);
    } else {
      _mm512_mask_storeu_epi8(dst, (~uint64_t{0}) >> (kBlock - block.valid), bytes);
    }
  }

  static void StoreScalar(const VectorOutputStage& stage, const DepthwiseBlock& block,
                          const Quad& acc, uint8_t* dst) {
    alignas(64) int32_t sums[kBlock];
    for (int v = 0; v < kVectors; ++v) _mm512_store_si512(sums + 16 * v, acc.v[v]);
    for (int64_t i = 0; i < kBlock; ++i) {
      const int64_t byte = InterleavedByte(i / 16, i % 16);
      if (byte < block.valid) {
        dst[byte] = stage.ApplyScalar(sums[i], block.phase * kBlock + i);
      }
    }
  }

  template <bool kWide>
  void RunTaps(const DepthwiseBlock& block, const uint8_t* src, int64_t rows, uint8_t* dst) const {
    const ClampVectors clamp = avx512::LoadClamp(stage_);
    const int8_t* weights = WeightsOf(block);
    for (int64_t y = 0; y < rows; ++y) {
      const uint8_t* x = src + y * row_pitch_ + block.src;
      Quad acc = {};
      for (int64_t g = 0; g < groups(); ++g) {
        const int32_t* o = offsets_.data() + 4 * g;
        const Quad taps =
            Interleave(Load(x + o[0]), Load(x + o[1]), Load(x + o[2]), Load(x + o[3]));
        MultiplyAdd<kWide>(acc, taps, weights + g * group_bytes());
      }
      Store(stage_, clamp, block, acc, dst + y * out_pitch_ + block.dst);
    }
  }

  template <bool kWide>
  void RunShared(const DepthwiseBlock& block, const uint8_t* src, int64_t rows,
                 uint8_t* dst) const {
    const ClampVectors clamp = avx512::LoadClamp(stage_);
    const int8_t* w = WeightsOf(block);
    constexpr int64_t kRowBytes = kVectors * 64 * (kWide ? 2 : 1);
    const uint8_t* x = src + block.src;
    uint8_t* y = dst + block.dst;
    const auto next = [&]() __attribute__((always_inline)) {
      const Quad taps =
          Interleave(Load(x), Load(x + offsets_[1]), Load(x + offsets_[2]), _mm512_setzero_si512());
      x += row_pitch_;
      return taps;
    };
    const auto emit = [&](const Quad& a, const Quad& b, const Quad& c)
        __attribute__((always_inline)) {
      Quad acc = {};
      MultiplyAdd<kWide>(acc, a, w);
      MultiplyAdd<kWide>(acc, b, w + kRowBytes);
      MultiplyAdd<kWide>(acc, c, w + 2 * kRowBytes);
      Store(stage_, clamp, block, acc, y);
      y += out_pitch_;
    };
    Quad a = next(), b = next();
    for (int64_t left = rows; left > 0; left -= 3) {
      Quad c = next();
      emit(a, b, c);
      if (left == 1) break;
      a = next();
      emit(b, c, a);
      if (left == 2) break;
      b = next();
      emit(c, a, b);
    }
  }

  const DepthwiseBlocks cut_;
  const bool shares_rows_;
  bool wide_ = false;  // some w - zw needs nine bits: it is held as a sum of two
  const int64_t row_pitch_;
  const int64_t out_pitch_;
  const VectorOutputStage stage_;
  std::vector<int32_t> offsets_;
  std::vector<int64_t> taps_;
  AlignedBuffer weights_;
};

}  // namespace

std::unique_ptr<const Depthwise> MakeAvx512VnniDepthwise(const DepthwiseProblem& problem) {
  return std::make_unique<VnniDepthwise>(problem);
}

}  // namespace integra::kernels
