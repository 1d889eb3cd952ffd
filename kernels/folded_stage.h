// An output stage whose constants are folded into the start of the sums.
#pragma once

#include <cstdint>
#include <vector>

#include "base/buffer.h"
#include "kernels/output_stage.h"

namespace integra::kernels {

// VectorOutputStage (kFloor) computes floor((a * m + c) / u), with u = 2^(31 + s), of a = acc +
// addend. The clamped result is a staircase of at most 255 steps, and few multiples of m come close
// to a step: c may be changed a little without moving any. So for some small n there is an integer
// d with d * m = c + n * u, nearly enough, and
//   floor((a + d) * m / u) - n
// is the same for every sum: addend + d is where the sums start, and n is taken away after packing,
// together with the addition of the zero point. That saves an addition of 64 bits per half vector.
//
// Two roundings (kTwoStep) take 1 away from the upper half h of the 64-bit product where the once
// rounded sum is negative. To see that bit, the product is one by 2 * m, and n is so large that it
// is not negative: a + d and 2 * m are multiplied as unsigned numbers. h is negative, then, where
// it is below half = 2^(s - 1) + n * 2^s.
struct FoldedConstants {
  uint32_t m = 0;  // as it is multiplied by: twice the multiplier's in kTwoStep
  int64_t d = 0;
  int32_t n = 0;
  int32_t shift = 0;  // of h
  int32_t half = 0;   // kTwoStep: h - 1 is shifted where h is less
};

// Those of all channels of a stage; false where there are none for one. One function for each
// instruction set that folds.
using FoldConstantsFunction = bool(const VectorOutputStage& stage, FoldedConstants* folded);

// For vectors of kLanes sums, each scaled, shuffled (Join::kShuffle) and packed with its neighbour
// to 16 bits.
template <int kLanes, int kVectors>
class FoldedStage {
 public:
  // What kLanes * kVectors channels need.
  struct Block {
    struct Vector {
      int64_t m[2][kLanes / 2];  // of even channels, then odd ones
      int32_t start[kLanes];
      int32_t shift[kLanes], half[kLanes];
    } vectors[kVectors];
    int16_t offset[kVectors / 2][2 * kLanes];  // zero point - n
  };

  // Out of line, as in VectorOutputStage. `order` as there; that of `stage` may be another.
  FoldedStage();
  FoldedStage(FoldedStage&&) noexcept;
  FoldedStage& operator=(FoldedStage&&) noexcept;
  FoldedStage(FoldConstantsFunction* fold, const VectorOutputStage& stage,
              const std::vector<int64_t>& order);
  ~FoldedStage();

  // Null by default, and where the stage or a channel's constants cannot be folded. To be applied
  // in the form of the stage that it was made from.
  const Block* blocks() const { return blocks_.data<Block>(); }
  size_t bytes() const { return blocks_.size(); }

 private:
  AlignedBuffer blocks_;
};

extern template class FoldedStage<8, 2>;
extern template class FoldedStage<16, 4>;

}  // namespace integra::kernels
