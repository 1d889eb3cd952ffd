#include "kernels/output_stage.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <numeric>
#include <utility>

namespace integra::kernels {

std::vector<int64_t> PlainOrder(int64_t channels, int64_t multiple) {
  std::vector<int64_t> order(static_cast<size_t>((channels + multiple - 1) / multiple * multiple),
                             -1);
  std::iota(order.begin(), order.begin() + channels, 0);
  return order;
}

std::vector<int64_t> ShuffledOrder(int64_t channels, int64_t multiple) {
  std::vector<int64_t> order = PlainOrder(channels, multiple);
  for (size_t i = 0; i < order.size(); i += 4) {
    std::swap(order[i + 1], order[i + 2]);  // VectorOutputStage::Shuffled is its own inverse
  }
  return order;
}

namespace {

// The accumulator is shifted left so that the upper half of its product holds whole units.
int PreShift(Multiplier f) { return f.s > 0 ? 1 : 1 - f.s; }

int64_t WrappingProduct(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
}

}  // namespace

VectorOutputStage::VectorOutputStage() = default;
VectorOutputStage::VectorOutputStage(VectorOutputStage&&) noexcept = default;
VectorOutputStage& VectorOutputStage::operator=(VectorOutputStage&&) noexcept = default;
VectorOutputStage::~VectorOutputStage() = default;

VectorOutputStage::VectorOutputStage(const OutputStage& stage, std::vector<int32_t> addends,
                                     std::vector<int64_t> order, int64_t largest_sum, Join join)
    : stage_(stage),
      largest_sum_(largest_sum),
      join_(join),
      addends_(std::move(addends)),
      order_(std::move(order)),
      blocks_(order_.size() / 16 * sizeof(Block)) {
  Prepare();
}

void VectorOutputStage::Update(std::span<const Multiplier> multipliers,
                               std::span<const int32_t> addends, int32_t min, int32_t max) {
  std::copy(multipliers.begin(), multipliers.end(), stage_.multipliers.begin());
  std::copy(addends.begin(), addends.end(), addends_.begin());
  stage_.min = min;
  stage_.max = max;
  Prepare();
}

void VectorOutputStage::Prepare() {
  form_ = Form::kScalar;
  int lowest = kMaxShift, widest = 1;
  for (const Multiplier& f : stage_.multipliers) {
    if (f.m == 0) continue;
    lowest = std::min(lowest, f.s);
    widest = std::max(widest, PreShift(f));
  }
  int64_t largest = largest_sum_;
  for (const int32_t a : addends_) largest = std::max(largest, largest_sum_ + std::abs(int64_t{a}));
  const bool twice = stage_.rounding == Rounding::kDouble;
  if (lowest >= 1 && largest < int64_t{1} << 31 && (!twice || stage_.min >= stage_.zero_point)) {
    form_ = Form::kFloor;
  } else if (largest < int64_t{1} << (31 - std::min(widest, 31))) {
    form_ = Form::kTwoStep;
  } else {
    return;
  }

  for (size_t i = 0; i < order_.size(); ++i) {
    Block& block = blocks_.data<Block>()[i / 16];
    const size_t odd = i % 2, lane = i % 16 / 2;
    const auto joined =
        static_cast<size_t>(join_ == Join::kShuffle ? Shuffled(static_cast<int64_t>(i % 16))
                                                    : static_cast<int64_t>(i % 16));
    block.half[joined] = std::numeric_limits<int32_t>::min();
    if (order_[i] < 0) continue;
    Multiplier f = stage_.multiplier(order_[i]);
    if (f.m == 0) f.s = 1;
    const int64_t addend = addends_[static_cast<size_t>(order_[i])];
    block.m[odd][lane] = f.m;
    const int pre = form_ == Form::kTwoStep ? PreShift(f) : 0;
    const int shift = form_ == Form::kTwoStep ? std::max(f.s, 0) : f.s - 1;
    block.shift[joined] = shift;
    block.pre[i % 16] = pre;
    block.left[i % 16] = static_cast<int32_t>(uint32_t{1} << pre);
    block.right[odd][lane] = shift <= 30 ? int64_t{1} << (30 - shift) : 0;
    if (form_ == Form::kFloor) {
      block.c[odd][lane] =
          addend * f.m + (int64_t{1} << (30 + f.s)) + (twice ? int64_t{1} << 30 : 0);
      continue;
    }
    // A single rounding, or the second of two, is half a unit of the shifted result ...
    block.c[odd][lane] =
        WrappingProduct(addend * (int64_t{1} << pre), f.m) + (int64_t{1} << (31 + shift));
    if (twice && shift > 0) {  // ... and the first of two half a unit before the shift
      block.c[odd][lane] += int64_t{1} << 31;
      block.half[joined] = int32_t{1} << (shift - 1);
    }
  }
}

}  // namespace integra::kernels
