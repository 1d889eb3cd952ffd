// Depthwise convolution on AVX2: two taps of a channel side by side, widened to 16 bits, one
// vpmaddwd for both.
#include <immintrin.h>

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "kernels/avx2/output_stage.h"
#include "kernels/depthwise.h"

namespace integra::kernels {
namespace {

using avx2::Finish;
using avx2::Form;

constexpr int64_t kBlock = 32;
constexpr int kVectors = 4;  // of 8 channels

class Avx2Depthwise final : public Depthwise {
 public:
  explicit Avx2Depthwise(const DepthwiseProblem& p)
      : cut_(CutIntoBlocks(p, kBlock)),
        pairs_((p.taps() + 1) / 2),
        row_pitch_(p.stride_y * p.pitch),
        out_pitch_(p.out_width * p.channels),
        stage_(DepthwiseStage(p, Order(p), VectorOutputStage::Join::kShuffle)),
        folded_(avx2::FoldConstants, stage_, stage_.order()) {
    for (int64_t t = 0; t < 2 * pairs_; ++t) {
      const int64_t tap = t < p.taps() ? t : t - 1;  // an odd last pair reads one tap twice
      offsets_.push_back(static_cast<int32_t>(p.tap_offset(tap / p.kernel_x, tap % p.kernel_x)));
    }
    const std::vector<int64_t>& order = stage_.order();  // [phases][32]
    weights_ = AlignedBuffer(order.size() * static_cast<size_t>(pairs_) * 2 * sizeof(int16_t));
    for (size_t i = 0; i < order.size(); ++i) {
      if (order[i] < 0) continue;
      const auto phase = static_cast<int64_t>(i) / kBlock, lane = static_cast<int64_t>(i) % kBlock;
      for (int64_t t = 0; t < p.taps(); ++t) {
        weights_.data<int16_t>()[((phase * pairs_ + t / 2) * kBlock + lane) * 2 + t % 2] =
            static_cast<int16_t>(p.weights[t * p.channels + order[i]] - p.weight_zero_point);
      }
    }
  }

  void Run(const uint8_t* src, int64_t rows, uint8_t* dst) const override {
    switch (avx2::FinishOf(stage_.form(), folded_.blocks() != nullptr)) {
      case Finish::kFloor:
        return RunBlocks<Finish::kFloor>(src, rows, dst);
      case Finish::kTwoStep:
        return RunBlocks<Finish::kTwoStep>(src, rows, dst);
      case Finish::kScalar:
        return RunBlocks<Finish::kScalar>(src, rows, dst);
      case Finish::kFoldedFloor:
        return RunBlocks<Finish::kFoldedFloor>(src, rows, dst);
      case Finish::kFoldedTwoStep:
        return RunBlocks<Finish::kFoldedTwoStep>(src, rows, dst);
    }
  }
  void Run(const uint8_t* src, int64_t rows, int32_t* dst) const override {
    RunBlocks<Finish::kScalar>(src, rows, dst);
  }

  std::string name() const override { return "own avx2"; }
  size_t bytes() const override { return weights_.size() + stage_.bytes() + folded_.bytes(); }

 private:
  // To outputs or, where T is int32_t, to sums.
  template <Finish kFinish, typename T>
  void RunBlocks(const uint8_t* src, int64_t rows, T* dst) const {
    if (pairs_ == 5) {  // 3 x 3 taps
      RunPairs<kFinish, 5>(src, rows, dst);
    } else {
      RunPairs<kFinish, 0>(src, rows, dst);
    }
  }

  // kPairs is pairs_, or 0.
  template <Finish kFinish, int kPairs, typename T>
  __attribute__((noinline)) void RunPairs(const uint8_t* src, int64_t rows, T* dst) const {
    for (const DepthwiseBlock& block : cut_.blocks) {
      const uint8_t* x = src + block.offset;
      T* to = dst + block.offset;
      int64_t y = 0;
      for (; y + 2 <= rows; y += 2, x += 2 * row_pitch_, to += 2 * out_pitch_) {
        RunRows<2, kFinish, kPairs>(block, x, to);
      }
      if (y < rows) RunRows<1, kFinish, kPairs>(block, x, to);
    }
  }

  // One block of kRows output rows. Two at a time, as every weight and constant then is loaded once
  // for both: loads and unpacks are what this kernel is made of.
  template <int kRows, Finish kFinish, int kPairs, typename T>
  INTEGRA_MEMBER void RunRows(const DepthwiseBlock& block, const uint8_t* x, T* dst) const {
    const int32_t* offsets = offsets_.data();
    const int16_t* w = weights_.data<int16_t>() + block.phase * pairs_ * kBlock * 2;
    // Unrolled, GCC 12 would compute the address of every pair of weights ahead, and spill it.
    asm("" : "+r"(w));
    __m256i acc[kRows][kVectors] = {};
    if constexpr (avx2::IsFolded(kFinish)) {
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) {
        const __m256i start = avx2::Hold(FoldedOf(block, v).start);
#pragma GCC unroll 2
        for (int row = 0; row < kRows; ++row) acc[row][v] = start;
      }
    }
    const int64_t pairs = kPairs > 0 ? kPairs : pairs_;
#pragma GCC unroll 5
    for (int64_t k = 0; k < pairs; ++k) {
      AddPair<kRows>(x + offsets[2 * k], x + offsets[2 * k + 1], w + k * kBlock * 2, acc);
    }
    if constexpr (std::is_same_v<T, int32_t>) {
      for (int row = 0; row < kRows; ++row) StoreSums(block, acc[row], dst + row * out_pitch_);
    } else if constexpr (kFinish == Finish::kScalar) {
      for (int row = 0; row < kRows; ++row) StoreScalar(block, acc[row], dst + row * out_pitch_);
    } else if constexpr (avx2::IsFolded(kFinish)) {
      StoreFolded<kRows, avx2::FormOf(kFinish)>(block, acc, dst);
    } else {
      StoreVectors<kRows, avx2::FormOf(kFinish)>(block, acc, dst);
    }
  }

  std::vector<int64_t> Order(const DepthwiseProblem& p) const {
    std::vector<int64_t> order;
    for (size_t phase = 0; phase < cut_.phases.size(); ++phase) {
      for (int64_t i = 0; i < kBlock; ++i) {
        order.push_back(
            ChannelAt(cut_, p, static_cast<int64_t>(phase), InterleavedByte(i / 8, i % 8)));
      }
    }
    return order;
  }

  template <int kRows>
  INTEGRA_MEMBER void AddPair(const uint8_t* first, const uint8_t* second, const int16_t* w,
                              __m256i (&acc)[kRows][kVectors]) const {
    const __m256i zero = _mm256_setzero_si256();
    __m256i taps[kRows][2];
#pragma GCC unroll 2
    for (int row = 0; row < kRows; ++row) {
      const auto load = [&](const uint8_t* from) __attribute__((always_inline)) {
        return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + row * row_pitch_));
      };
      const __m256i a = load(first), b = load(second);
      taps[row][0] = _mm256_unpacklo_epi8(a, b);
      taps[row][1] = _mm256_unpackhi_epi8(a, b);
    }
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      const __m256i weights = avx2::Hold(w + 16 * v);
#pragma GCC unroll 2
      for (int row = 0; row < kRows; ++row) {
        const __m256i pair = v % 2 == 0 ? _mm256_unpacklo_epi8(taps[row][v / 2], zero)
                                        : _mm256_unpackhi_epi8(taps[row][v / 2], zero);
        acc[row][v] = _mm256_add_epi32(acc[row][v], _mm256_madd_epi16(pair, weights));
      }
    }
    // Keeps the pairs apart: mixed, there are more values alive than registers.
#pragma GCC unroll 2
    for (int row = 0; row < kRows; ++row) {
      asm("" : "+x"(acc[row][0]), "+x"(acc[row][1]), "+x"(acc[row][2]), "+x"(acc[row][3]));
    }
  }

  // Sums come interleaved, four channels at a time.
  static void StoreSums(const DepthwiseBlock& block, const __m256i* acc, int32_t* dst) {
    int32_t sums[kBlock];
    for (int v = 0; v < kVectors; ++v) {
      for (int half = 0; half < 2; ++half) {
        std::memcpy(sums + InterleavedByte(v, 4 * half),
                    reinterpret_cast<const int32_t*>(acc + v) + 4 * half, 4 * sizeof(int32_t));
      }
    }
    kernels::StoreSums<kBlock>(dst, sums, block.valid);
  }

  void StoreScalar(const DepthwiseBlock& block, const __m256i* acc, uint8_t* dst) const {
    alignas(32) int32_t sums[kBlock];
    std::memcpy(sums, acc, sizeof(sums));
    for (int64_t i = 0; i < kBlock; ++i) {
      const int64_t byte = InterleavedByte(i / 8, i % 8);
      if (byte < block.valid) {
        dst[byte] = stage_.ApplyScalar(sums[i], block.phase * kBlock + i);
      }
    }
  }

  template <int kRows, Form kForm>
  INTEGRA_MEMBER void StoreVectors(const DepthwiseBlock& block, __m256i (&acc)[kRows][kVectors],
                                   uint8_t* dst) const {
    const VectorOutputStage::Block* constants = stage_.blocks() + block.phase * 2;
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      const avx2::StageVectors stage = avx2::HoldStage(constants[v / 2], v % 2);
#pragma GCC unroll 2
      for (int row = 0; row < kRows; ++row) {
        acc[row][v] = avx2::Scale(acc[row][v], stage, kForm);
      }
    }
    const avx2::ClampVectors clamp = avx2::LoadClamp(stage_);
#pragma GCC unroll 2
    for (int row = 0; row < kRows; ++row, dst += out_pitch_) {
      StoreBytes(block,
                 avx2::NarrowInterleaved(acc[row][0], acc[row][1], acc[row][2], acc[row][3], clamp),
                 dst);
    }
  }

  // What was interleaved by unpacking was put in order by packing.
  static INTEGRA_MEMBER void StoreBytes(const DepthwiseBlock& block, __m256i shuffled,
                                        uint8_t* dst) {
    const __m256i bytes = avx2::Unshuffle(shuffled);
    if (block.valid == kBlock) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(dst), bytes);
      return;
    }
    StoreChannels(dst, _mm256_castsi256_si128(bytes), std::min(16, block.valid));
    if (block.valid > 16) {
      StoreChannels(dst + 16, _mm256_extracti128_si256(bytes, 1), block.valid - 16);
    }
  }

  // Of vector v of a block.
  INTEGRA_MEMBER const avx2::FoldedStage::Block::Vector& FoldedOf(const DepthwiseBlock& block,
                                                                  int v) const {
    return folded_.blocks()[block.phase * 2 + v / 2].vectors[v % 2];
  }

  template <int kRows, Form kForm>
  INTEGRA_MEMBER void StoreFolded(const DepthwiseBlock& block, __m256i (&acc)[kRows][kVectors],
                                  uint8_t* dst) const {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      const avx2::FoldedVectors stage = avx2::HoldFolded(FoldedOf(block, v));
#pragma GCC unroll 2
      for (int row = 0; row < kRows; ++row)
        acc[row][v] = avx2::ScaleFolded(acc[row][v], stage, kForm);
    }
    const avx2::FoldedStage::Block* folded = folded_.blocks() + block.phase * 2;
    const __m256i offsets[2] = {avx2::Hold(folded[0].offset[0]), avx2::Hold(folded[1].offset[0])};
#pragma GCC unroll 2
    for (int row = 0; row < kRows; ++row, dst += out_pitch_) {
      StoreBytes(block,
                 avx2::NarrowFolded(acc[row][0], acc[row][1], acc[row][2], acc[row][3], offsets[0],
                                    offsets[1]),
                 dst);
    }
  }

  const DepthwiseBlocks cut_;
  const int64_t pairs_;
  const int64_t row_pitch_;
  const int64_t out_pitch_;
  const VectorOutputStage stage_;
  const avx2::FoldedStage folded_;  // where the stage can be
  std::vector<int32_t> offsets_;
  AlignedBuffer weights_;
};

}  // namespace

std::unique_ptr<const Depthwise> MakeAvx2Depthwise(const DepthwiseProblem& problem) {
  return std::make_unique<Avx2Depthwise>(problem);
}

}  // namespace integra::kernels
