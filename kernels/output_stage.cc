#include "kernels/output_stage.h"

#include <algorithm>

namespace integra::kernels {

std::vector<int64_t> PlainOrder(int64_t channels, int64_t multiple) {
  std::vector<int64_t> order(static_cast<size_t>((channels + multiple - 1) / multiple * multiple),
                             -1);
  for (int64_t i = 0; i < channels; ++i) order[static_cast<size_t>(i)] = i;
  return order;
}

VectorOutputStage::VectorOutputStage(const OutputStage& stage, const std::vector<int32_t>& addends,
                                     const std::vector<int64_t>& order)
    : stage_(stage), addends_(addends), order_(order) {
  int lowest = kMaxShift;
  for (const Multiplier& f : stage.multipliers) {
    if (f.m == 0) continue;
    lowest = std::min(lowest, f.s);
  }
  const bool bracket_shows = stage.rounding == Rounding::kDouble && stage.min < stage.zero_point;
  if (lowest >= 1 && !bracket_shows) {
    form_ = Form::kFloor;
  } else if (lowest >= 0) {
    form_ = Form::kBracket;
  } else {
    return;
  }

  blocks_ = AlignedBuffer(order.size() / 16 * sizeof(Block));
  for (size_t i = 0; i < order.size(); ++i) {
    Block& block = blocks_.data<Block>()[i / 16];
    const size_t odd = i % 2, lane = i % 16 / 2;
    block.shift[odd][lane] = 32;
    if (order[i] < 0) continue;
    Multiplier f = stage.multiplier(order[i]);
    if (f.m == 0) f.s = 1;
    const bool twice = form_ == Form::kBracket && stage.rounding == Rounding::kDouble && f.s > 0;
    const int64_t addend = addends[static_cast<size_t>(order[i])];
    block.m[odd][lane] = f.m;
    // kBracket has to see the sign of acc*m + 2^30 before the second rounding term is added.
    block.c[odd][lane] = addend * f.m;
    if (form_ == Form::kFloor) {
      block.c[odd][lane] +=
          (int64_t{1} << (30 + f.s)) + (stage.rounding == Rounding::kDouble ? int64_t{1} << 30 : 0);
      block.shift[odd][lane] = odd ? f.s - 1 : 31 + f.s;
    } else {
      block.c[odd][lane] += twice ? int64_t{1} << 30 : int64_t{1} << (30 + f.s);
      block.shift[odd][lane] = 31 + f.s;
      if (twice) {
        block.second_positive[odd][lane] = int64_t{1} << (30 + f.s);
        block.second_negative[odd][lane] = (int64_t{1} << (30 + f.s)) - (int64_t{1} << 31);
      }
    }
  }
}

}  // namespace integra::kernels
