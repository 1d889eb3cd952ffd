// Depthwise convolution in blocks of 32 channels, two output rows at a time, as every weight and
// constant then is loaded once for both. Included by the files of such kernels.
#pragma once

#include <immintrin.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "kernels/avx2/folded_stage.h"
#include "kernels/avx2/output_stage.h"
#include "kernels/depthwise.h"

namespace integra::kernels {
namespace {

using avx2::Finish;
using avx2::Form;

constexpr int64_t kBlock = 32;
constexpr int kVectors = 4;  // of 8 channels

INTEGRA_INLINE __m256i LoadTap(const uint8_t* p) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
}

// Taps multiplies. It has
//   Taps(problem, order): channels as interleaved, [phases][kBlock]
//   Add<kRows, kIs3x3>(phase, x, acc): adds the products of kRows output rows, of which the first
//     one's first tap is at x, to acc[kRows][kVectors] of __m256i
//   bytes(): of packed weights
template <typename Taps>
class DepthwiseRows final : public Depthwise {
 public:
  DepthwiseRows(const DepthwiseProblem& p, std::string name)
      : name_(std::move(name)),
        is_3x3_(p.kernel_y == 3 && p.kernel_x == 3),
        cut_(CutIntoBlocks(p, kBlock)),
        row_pitch_(p.stride_y * p.pitch),
        out_pitch_(p.out_width * p.channels),
        stage_(DepthwiseStage(p, Order(p), VectorOutputStage::Join::kShuffle)),
        folded_(avx2::FoldConstants, stage_, stage_.order()),
        taps_(p, stage_.order()) {}

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

  std::string name() const override { return name_; }
  size_t bytes() const override { return taps_.bytes() + stage_.bytes() + folded_.bytes(); }

 private:
  // To outputs or, where T is int32_t, to sums.
  template <Finish kFinish, typename T>
  void RunBlocks(const uint8_t* src, int64_t rows, T* dst) const {
    if (is_3x3_) {
      RunColumns<kFinish, true>(src, rows, dst);
    } else {
      RunColumns<kFinish, false>(src, rows, dst);
    }
  }

  template <Finish kFinish, bool kIs3x3, typename T>
  __attribute__((noinline)) void RunColumns(const uint8_t* src, int64_t rows, T* dst) const {
    for (const DepthwiseBlock& block : cut_.blocks) {
      const uint8_t* x = src + block.offset;
      T* to = dst + block.offset;
      int64_t y = 0;
      for (; y + 2 <= rows; y += 2, x += 2 * row_pitch_, to += 2 * out_pitch_) {
        RunRows<2, kFinish, kIs3x3>(block, x, to);
      }
      if (y < rows) RunRows<1, kFinish, kIs3x3>(block, x, to);
    }
  }

  // One block of kRows output rows.
  template <int kRows, Finish kFinish, bool kIs3x3, typename T>
  INTEGRA_MEMBER void RunRows(const DepthwiseBlock& block, const uint8_t* x, T* dst) const {
    __m256i acc[kRows][kVectors] = {};
    if constexpr (avx2::IsFolded(kFinish)) {
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) {
        const __m256i start = avx2::Hold(FoldedOf(block, v).start);
#pragma GCC unroll 2
        for (int row = 0; row < kRows; ++row) acc[row][v] = start;
      }
    }
    taps_.template Add<kRows, kIs3x3>(block.phase, x, acc);
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

  const std::string name_;
  const bool is_3x3_;
  const DepthwiseBlocks cut_;
  const int64_t row_pitch_;
  const int64_t out_pitch_;
  const VectorOutputStage stage_;
  const avx2::FoldedStage folded_;  // where the stage can be
  const Taps taps_;
};

}  // namespace
}  // namespace integra::kernels
