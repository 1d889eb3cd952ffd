#include "kernels/output_stage.h"

#include <algorithm>
#include <cstdlib>
#include <limits>

namespace integra::kernels {

std::vector<int64_t> PlainOrder(int64_t channels, int64_t multiple) {
  std::vector<int64_t> order(static_cast<size_t>((channels + multiple - 1) / multiple * multiple),
                             -1);
  for (int64_t i = 0; i < channels; ++i) order[static_cast<size_t>(i)] = i;
  return order;
}

namespace {

// The accumulator is shifted left so that the upper half of its product holds whole units.
int PreShift(Multiplier f) { return f.s > 0 ? 1 : 1 - f.s; }

int64_t WrappingProduct(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
}

}  // namespace

VectorOutputStage::VectorOutputStage(const OutputStage& stage, const std::vector<int32_t>& addends,
                                     const std::vector<int64_t>& order, int64_t largest_sum)
    : stage_(stage), addends_(addends), order_(order) {
  int lowest = kMaxShift, widest = 1;
  for (const Multiplier& f : stage.multipliers) {
    if (f.m == 0) continue;
    lowest = std::min(lowest, f.s);
    widest = std::max(widest, PreShift(f));
  }
  int64_t largest = largest_sum;
  for (const int32_t a : addends) largest = std::max(largest, largest_sum + std::abs(int64_t{a}));
  const bool twice = stage.rounding == Rounding::kDouble;
  if (lowest >= 1 && largest < int64_t{1} << 31 && (!twice || stage.min >= stage.zero_point)) {
    form_ = Form::kFloor;
  } else if (largest < int64_t{1} << (31 - std::min(widest, 31))) {
    form_ = Form::kTwoStep;
  } else {
    return;
  }

  blocks_ = AlignedBuffer(order.size() / 16 * sizeof(Block));
  for (size_t i = 0; i < order.size(); ++i) {
    Block& block = blocks_.data<Block>()[i / 16];
    const size_t odd = i % 2, lane = i % 16 / 2;
    block.half[i % 16] = std::numeric_limits<int32_t>::min();
    if (order[i] < 0) continue;
    Multiplier f = stage.multiplier(order[i]);
    if (f.m == 0) f.s = 1;
    const int64_t addend = addends[static_cast<size_t>(order[i])];
    block.m[odd][lane] = f.m;
    if (form_ == Form::kFloor) {
      block.c[odd][lane] =
          addend * f.m + (int64_t{1} << (30 + f.s)) + (twice ? int64_t{1} << 30 : 0);
      block.shift[i % 16] = f.s - 1;
      continue;
    }
    const int pre = PreShift(f), shift = std::max(f.s, 0);
    block.pre[i % 16] = pre;
    block.shift[i % 16] = shift;
    // A single rounding, or the second of two, is half a unit of the shifted result ...
    block.c[odd][lane] =
        WrappingProduct(addend * (int64_t{1} << pre), f.m) + (int64_t{1} << (31 + shift));
    if (twice && shift > 0) {  // ... and the first of two half a unit before the shift
      block.c[odd][lane] += int64_t{1} << 31;
      block.half[i % 16] = int32_t{1} << (shift - 1);
    }
  }
}

}  // namespace integra::kernels
