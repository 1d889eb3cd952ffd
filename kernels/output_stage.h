// The output stage of a layer: from int32 accumulators to quantized outputs.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/buffer.h"
#include "base/fixed_point.h"

namespace integra::kernels {

// y = clamp(Multiply(acc, multiplier[channel]) + zero_point, min, max), everything in the stored
// domain (int8 values plus 128).
struct OutputStage {
  std::vector<Multiplier> multipliers;  // one, or one per channel
  Rounding rounding = Rounding::kSingle;
  int32_t zero_point = 0;
  int32_t min = 0;
  int32_t max = 255;

  Multiplier multiplier(int64_t channel) const {
    return multipliers[multipliers.size() == 1 ? 0 : static_cast<size_t>(channel)];
  }
  // The specification.
  int32_t Apply(int64_t acc, int64_t channel) const {
    const int64_t scaled = Multiply(acc, multiplier(channel), rounding);
    return static_cast<int32_t>(Clamp<int64_t>(scaled + zero_point, min, max));
  }
};

// The same, prepared for vectors of 16 channels.
//
// The even and odd lanes of a vector of accumulators are multiplied apart (vpmuldq reads every
// other lane), a constant c = addend * m + rounding term is added in 64 bits, and the upper halves
// of the 64-bit results are joined again: lanes of (acc*m + c) >> 32, and a 32-bit shift finishes.
// Double rounding subtracts one unit before that shift where the once rounded value is negative;
// this cannot be seen where the clamp starts at the zero point, and is left out there.
class VectorOutputStage {
 public:
  enum class Form {
    kFloor,    // s >= 1 everywhere, and one rounding, or two with min >= zero_point
    kTwoStep,  // any s and rounding, as long as sums shifted by `pre` fit in 32 bits
    kScalar,   // anything else: OutputStage::Apply on each value
  };

  // How a kernel joins the upper halves of even and odd lanes, four lanes at a time.
  enum class Join {
    kBlend,    // where they were
    kShuffle,  // by vshufps, one instruction less: lane i goes to Shuffled(i)
  };
  static constexpr int64_t Shuffled(int64_t lane) {
    constexpr int64_t kTo[] = {0, 2, 1, 3};
    return lane / 4 * 4 + kTo[lane % 4];
  }

  // What 16 channels need. 64-bit lanes hold even channels, then odd ones; shift and half are for
  // joined lanes.
  //   kFloor:   h = (acc * m + c) >> 32;           h >> shift
  //   kTwoStep: h = ((acc << pre) * m + c) >> 32;  (h < half ? h - 1 : h) >> shift
  struct Block {
    int64_t m[2][8];
    int64_t c[2][8];
    int32_t shift[16];
    int32_t pre[16];
    int32_t half[16];  // what c holds for the second rounding; INT32_MIN where there is none
    // The shifts as factors, for instruction sets that shift all lanes alike: 2^pre (1 in kFloor),
    // and 2^(30 - shift), of even and odd channels. (For a shift of 31 it is 0, and so is the
    // result: |acc| < 2^30 in kTwoStep.)
    int32_t left[16];
    int64_t right[2][8];
  };

  // All out of line: files of vector kernels must not define functions that others share.
  VectorOutputStage();
  VectorOutputStage(VectorOutputStage&&) noexcept;
  VectorOutputStage& operator=(VectorOutputStage&&) noexcept;
  ~VectorOutputStage();
  // `addends[channel]` is added to the accumulator first (bias, zero point terms). `order[i]` is
  // the channel at position i, -1 for none; its size is a multiple of 16. `largest_sum` bounds the
  // absolute value of accumulators without their addend.
  VectorOutputStage(const OutputStage& stage, std::vector<int32_t> addends,
                    std::vector<int64_t> order, int64_t largest_sum, Join join = Join::kBlend);

  // Another stage for as many channels, with the rounding and zero point as they are. Allocates
  // nothing.
  void Update(std::span<const Multiplier> multipliers, std::span<const int32_t> addends,
              int32_t min, int32_t max);

  // What it was made from.
  const OutputStage& stage() const { return stage_; }
  const std::vector<int32_t>& addends() const { return addends_; }
  const std::vector<int64_t>& order() const { return order_; }
  int64_t largest_sum() const { return largest_sum_; }

  Form form() const { return form_; }
  const Block* blocks() const { return blocks_.data<Block>(); }
  size_t bytes() const { return blocks_.size(); }

  // kScalar: the value of one accumulator at a position.
  uint8_t ApplyScalar(int32_t acc, int64_t position) const {
    const int64_t channel = order_[static_cast<size_t>(position)];
    if (channel < 0) return 0;
    // Sums are modulo 2^32; the whole one fits (graph::CheckAccumulators).
    const auto addend = static_cast<uint32_t>(addends_[static_cast<size_t>(channel)]);
    const auto sum = static_cast<int32_t>(static_cast<uint32_t>(acc) + addend);
    return static_cast<uint8_t>(stage_.Apply(sum, channel));
  }

  int16_t zero_point() const { return static_cast<int16_t>(stage_.zero_point); }
  uint8_t min() const { return static_cast<uint8_t>(stage_.min); }
  uint8_t max() const { return static_cast<uint8_t>(stage_.max); }

 private:
  void Prepare();

  OutputStage stage_;
  int64_t largest_sum_ = 0;
  Join join_ = Join::kBlend;
  Form form_ = Form::kScalar;
  std::vector<int32_t> addends_;
  std::vector<int64_t> order_;
  AlignedBuffer blocks_;
};

// positions 0..channels-1 in order, then -1 up to a multiple of `multiple`.
std::vector<int64_t> PlainOrder(int64_t channels, int64_t multiple);
// The same with each channel where Join::kShuffle takes it from.
std::vector<int64_t> ShuffledOrder(int64_t channels, int64_t multiple);

}  // namespace integra::kernels
