#include "kernels/winograd_fold.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <optional>

#include "kernels/winograd.h"

namespace integra::kernels {
namespace {

constexpr int64_t kGain = 576;  // of sums
constexpr int64_t kSteps = 255;
constexpr int64_t kLargest = std::numeric_limits<int32_t>::max();
constexpr int64_t kMostOffset = 32;  // few channels need one at all

// The first accumulator, addend included, whose output is at least k > 0. For shifts of 2 and more.
int64_t FirstOf(int64_t k, const OutputStage& stage, int64_t channel) {
  const Multiplier f = stage.multiplier(channel);
  const int64_t unit = int64_t{1} << (31 + f.s), results = k - stage.zero_point;
  int64_t product = results * unit - unit / 2;
  if (stage.rounding == Rounding::kDouble) {  // the first rounding, and halves away from zero
    product += results > 0 ? -(int64_t{1} << 30) : int64_t{1} << 30;
  }
  return product / f.m + (product % f.m > 0 ? 1 : 0);
}

struct Interval {
  int64_t low = std::numeric_limits<int64_t>::min();
  int64_t high = std::numeric_limits<int64_t>::max();
  void Intersect(int64_t from, int64_t to) {
    low = std::max(low, from);
    high = std::min(high, to);
  }
};

class ChannelFold {
 public:
  // `largest` bounds the absolute value of sums without their addend.
  ChannelFold(const OutputStage& stage, int64_t channel, int64_t addend, int64_t largest)
      : f_(stage.multiplier(channel)), m_((8 * int64_t{f_.m} + 4) / 9), largest_(kGain * largest) {
    if (f_.m == 0 || f_.s < 2 || f_.s > 14 || largest_ > kLargest) return;
    for (int64_t k = 1; k <= kSteps; ++k) {
      firsts_.push_back(kGain * (FirstOf(k, stage, channel) - addend));
    }
    if (stage.rounding == Rounding::kDouble) {
      away_ = static_cast<size_t>(Clamp<int64_t>(stage.zero_point, 0, kSteps));
    }
  }

  std::optional<WinogradFold> Find() const {
    // Without a step above the zero point nothing says where to start.
    if (firsts_.empty() || away_ == kSteps) return std::nullopt;
    for (int64_t offset = 0; offset <= kMostOffset; ++offset) {
      if (const auto fold = FindFor(offset)) return fold;
      if (const auto fold = FindFor(-offset)) return fold;
    }
    return std::nullopt;
  }

 private:
  std::optional<WinogradFold> FindFor(int64_t offset) const {
    // f / 576 is m / 2^(32 + shift).
    const int shift = 8 + f_.s;
    const int64_t unit = int64_t{1} << (32 + shift);
    Interval starts;
    for (size_t i = away_; i < kSteps; ++i) {
      const int64_t k = static_cast<int64_t>(i) + 1 + offset;
      const int64_t product = k * unit;
      const int64_t begin = product / m_ + (product % m_ > 0 ? 1 : 0);  // the first that gives k
      starts.Intersect(begin - firsts_[i], begin - 1 - (firsts_[i] - kGain));
    }
    // Halfway between the steps on either side of the zero point.
    const int64_t half = ((2 * (static_cast<int64_t>(away_) + offset) + 1) << shift) / 2;
    if (std::abs(half) > kLargest) return std::nullopt;
    for (int64_t start = starts.low; start <= starts.high; ++start) {
      if (largest_ + std::abs(start) > kLargest) continue;
      const auto high = [&](int64_t x) { return ((x + start) * m_) >> 32; };
      Interval less = {0, away_ > 0 ? int64_t{1} << shift : 0};
      for (size_t i = 0; i < away_ && less.low <= less.high; ++i) {
        const int64_t k = (static_cast<int64_t>(i) + 1 + offset) << shift;
        less.Intersect(high(firsts_[i] - kGain) - k + 1, high(firsts_[i]) - k);
      }
      if (less.low > less.high || (away_ > 0 && high(firsts_[away_ - 1]) >= half)) continue;
      return WinogradFold{.m = static_cast<int32_t>(m_),
                          .start = static_cast<int32_t>(start),
                          .shift = shift,
                          .half = static_cast<int32_t>(half),
                          .less = static_cast<int32_t>(less.low),
                          .offset = static_cast<int32_t>(offset)};
    }
    return std::nullopt;
  }

  const Multiplier f_;
  const int64_t m_;
  const int64_t largest_;
  std::vector<int64_t> firsts_;  // for k - 1, 576 times the first sum with an output of k
  size_t away_ = 0;              // so many of them are rounded away from zero
};

}  // namespace

std::vector<WinogradFold> FoldWinogradStage(const GemmProblem& p,
                                            const std::vector<int32_t>& addends) {
  if (p.stage.min != 0 || p.stage.max != 255) return {};
  std::vector<WinogradFold> folds;
  for (int64_t n = 0; n < p.n; ++n) {
    int64_t largest = 0;
    for (int64_t k = 0; k < p.depth(); ++k) {
      largest += 128 * std::abs(p.weights[n * p.depth() + k] - p.weight_zero_point);
    }
    const auto fold = ChannelFold(p.stage, n, addends[static_cast<size_t>(n)], largest).Find();
    if (!fold) return {};
    folds.push_back(*fold);
  }
  return folds;
}

}  // namespace integra::kernels
