// GEMM of one row, in tiles of 32 channels. Included by the files of such kernels.
#pragma once

#include <immintrin.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "kernels/avx2/output_stage.h"
#include "kernels/gemm.h"

namespace integra::kernels::avx2 {

constexpr int kRowVectors = 4;  // of 8 channels
constexpr int64_t kRowChannels = 8 * kRowVectors;
constexpr int64_t kRowAhead = 1024;  // bytes of weights that are asked for before they are needed

// The sums of channels `channel` and following, of n, as outputs from dst + channel on.
INTEGRA_INLINE void StoreRow(const VectorOutputStage& stage, const Lanes (&sums)[kRowVectors],
                             int64_t channel, int64_t n, uint8_t* dst) {
  const int64_t valid = std::min(kRowChannels, n - channel);
  dst += channel;
  if (stage.form() == Form::kScalar) {
    alignas(32) int32_t values[kRowChannels];
    std::memcpy(values, sums, sizeof(values));
    for (int64_t i = 0; i < valid; ++i) {
      const int64_t lane = VectorOutputStage::Shuffled(i);
      dst[i] = stage.ApplyScalar(values[lane], channel + lane);
    }
    return;
  }
  const VectorOutputStage::Block* blocks = stage.blocks() + channel / 16;
  const Form form = stage.form();
  __m256i r[kRowVectors];
#pragma GCC unroll 4
  for (int v = 0; v < kRowVectors; ++v) {
    r[v] = Scale((__m256i)sums[v], LoadStage(blocks[v / 2], v % 2), form);
  }
  const __m256i bytes = NarrowRows(r[0], r[1], r[2], r[3], LoadClamp(stage));
  StoreChannels(dst, _mm256_castsi256_si128(bytes), std::min<int64_t>(16, valid));
  if (valid > 16) StoreChannels(dst + 16, _mm256_extracti128_si256(bytes, 1), valid - 16);
}

// The same without output stage.
INTEGRA_INLINE void StoreRow(const VectorOutputStage&, const Lanes (&sums)[kRowVectors],
                             int64_t channel, int64_t n, int32_t* dst) {
  Lanes in_order[kRowVectors];
  for (int v = 0; v < kRowVectors; ++v) in_order[v] = (Lanes)UnshuffleLanes((__m256i)sums[v]);
  StoreSums<kRowChannels>(dst + channel, in_order, std::min(kRowChannels, n - channel));
}

namespace {

// Weights packs and multiplies. It has
//   Weights(problem): channels of a tile shuffled (VectorOutputStage::Shuffled)
//   Take(src, scratch): the row, as Multiply reads it
//   Multiply(row, n, sums): those of the tile that begins at channel n
//   scratch_bytes(), bytes(): of packed weights
template <typename Weights>
class RowGemm final : public Gemm {
 public:
  RowGemm(const GemmProblem& p, std::string name)
      : name_(std::move(name)),
        n_(p.n),
        stage_(GemmStage(p, ShuffledOrder(p.n, kRowChannels), VectorOutputStage::Join::kShuffle)),
        weights_(p) {}

  void Run(const GemmSource& src, int64_t rows, uint8_t* dst, int64_t /*dst_stride*/,
           std::byte* scratch) const override {
    RunTiles(src, rows, dst, scratch);
  }
  void Run(const GemmSource& src, int64_t rows, int32_t* dst, int64_t /*dst_stride*/,
           std::byte* scratch) const override {
    RunTiles(src, rows, dst, scratch);
  }

  std::string name() const override { return name_; }
  size_t scratch_bytes() const override { return weights_.scratch_bytes(); }
  size_t bytes() const override { return weights_.bytes() + stage_.bytes(); }

 private:
  // To outputs or, where T is int32_t, to sums.
  template <typename T>
  void RunTiles(const GemmSource& src, int64_t rows, T* dst, std::byte* scratch) const {
    if (rows == 0) return;
    const auto* const row = weights_.Take(src, scratch);
    for (int64_t n = 0; n < n_; n += kRowChannels) {
      Lanes sums[kRowVectors] = {};
      weights_.Multiply(row, n, sums);
      StoreRow(stage_, sums, n, n_, dst);
    }
  }

  const std::string name_;
  const int64_t n_;
  const VectorOutputStage stage_;
  const Weights weights_;
};

}  // namespace

}  // namespace integra::kernels::avx2
