#include "quantize/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "quantize/random.h"

namespace integra::quantize {
namespace {

constexpr int kHalf = Histogram::kBins / 2;

// The smallest k with magnitude < kHalf * 2^k. Values below 2^-100 count as if they were that.
int ExponentFor(double magnitude) {
  int exponent = 0;
  std::frexp(std::max(magnitude, 0x1p-100), &exponent);  // magnitude < 2^exponent
  return exponent - (std::bit_width(static_cast<unsigned>(kHalf)) - 1);
}

constexpr size_t kBlock = 256;  // values that are looked at together: they stay in the cache

// Whether all of a block lies within [low, high]; NaN lies nowhere. Without branches, as the loops
// below, so that compilers make vector code of it.
bool AllWithin(std::span<const float> block, float low, float high) {
  int32_t within = 0;
  for (const float x : block) within += (x >= low) & (x <= high);
  return within == static_cast<int32_t>(block.size());
}

uint64_t CountZeros(std::span<const float> block) {
  int32_t zeros = 0;
  for (const float x : block) zeros += x == 0;
  return static_cast<uint64_t>(zeros);
}

// bins[i] = floor(block[i] / width) + half. A product with a power of two is exact (a value so
// small that it underflows counts as 0).
void FindBins(std::span<const float> block, float inverse_width, int32_t* bins) {
  for (size_t i = 0; i < block.size(); ++i) {
    const float scaled = block[i] * inverse_width;
    const auto toward_zero = static_cast<int32_t>(scaled);
    bins[i] = toward_zero - (scaled < static_cast<float>(toward_zero) ? 1 : 0) + kHalf;
  }
}

// Counts many values quickly. Equal neighbours are frequent (the zeros of a ReLU), and each would
// wait for the count of the one before: four counters of each bin take turns.
class Tally {
 public:
  Tally() {
    all_.resize(size_t{Histogram::kBins} * kTurns);
    counters_ = all_.data();
  }

  void Add(const int32_t* bins, size_t count) {
    uint32_t* counters = counters_;
    size_t i = 0;
    for (; i + kTurns <= count; i += kTurns) {
      for (size_t turn = 0; turn < kTurns; ++turn) ++counters[bins[i + turn] * kTurns + turn];
    }
    for (; i < count; ++i) ++counters[bins[i] * kTurns];
  }

  // Moves everything into `counts`; all that was added lies in bins [first, last].
  void MoveTo(std::vector<uint64_t>& counts, int32_t first, int32_t last) {
    for (auto bin = static_cast<size_t>(first); bin <= static_cast<size_t>(last); ++bin) {
      uint32_t* own = counters_ + bin * kTurns;
      counts[bin] += uint64_t{own[0]} + own[1] + own[2] + own[3];
      std::fill_n(own, kTurns, 0);
    }
  }

 private:
  static constexpr size_t kTurns = 4;
  static thread_local std::vector<uint32_t> all_;  // 0 between uses
  uint32_t* counters_;
};

thread_local std::vector<uint32_t> Tally::all_;

// Which blocks of values are counted: `wanted` of `blocks`, one of each of as many equal stretches,
// at a random place in it, so that no period of the values meets one of the choice.
class ChosenBlocks {
 public:
  ChosenBlocks(size_t blocks, size_t wanted, uint64_t seed)
      : blocks_(blocks), wanted_(std::min(wanted, blocks)), seed_(seed) {
    Choose();
  }

  // To be asked in ascending order.
  bool Contains(size_t block) {
    if (stretch_ == wanted_ || block != chosen_) return false;
    ++stretch_;
    Choose();
    return true;
  }

 private:
  void Choose() {
    if (stretch_ == wanted_) return;
    const size_t begin = stretch_ * blocks_ / wanted_, end = (stretch_ + 1) * blocks_ / wanted_;
    chosen_ = begin + Mix(seed_ + stretch_) % (end - begin);
  }

  const size_t blocks_, wanted_;
  const uint64_t seed_;
  size_t stretch_ = 0, chosen_ = 0;
};

}  // namespace

void Histogram::Coarsen(int exponent) {
  const int shift = exponent - exponent_;
  std::vector<uint64_t> coarse(kBins, 0);
  for (int i = 0; i < kBins; ++i) {
    if (counts_[static_cast<size_t>(i)] == 0) continue;
    // floor(bin / 2^shift), bins counted from zero
    const int bin = kHalf + (shift < 31 ? (i - kHalf) >> shift : (i < kHalf ? -1 : 0));
    coarse[static_cast<size_t>(bin)] += counts_[static_cast<size_t>(i)];
  }
  counts_ = std::move(coarse);
  exponent_ = exponent;
}

void Histogram::GrowFor(float magnitude) {
  const int exponent = ExponentFor(magnitude);
  if (empty()) {
    exponent_ = exponent;
    counts_.assign(kBins, 0);
  } else if (exponent > exponent_) {
    Coarsen(exponent);
  }
}

// Calibration spends most of its own time here.
Histogram::Added Histogram::Add(std::span<const float> values, Share share) {
  const size_t blocks = (values.size() + kBlock - 1) / kBlock;
  const size_t wanted = share.most == 0 ? 0 : std::max<uint64_t>(1, share.most / kBlock);
  ChosenBlocks chosen(blocks, wanted, share.seed);
  constexpr size_t kWorthTally = 32;  // blocks; the values of fewer are counted as they come
  const bool one_by_one = std::min(blocks, wanted) < kWorthTally;
  const bool is_new = empty();
  Tally tally;
  Added added;
  float finite[kBlock];
  int32_t bins[kBlock];
  bool any = false;
  float low = 0, high = 0;  // of the values so far
  const auto add_up = [&] {
    const float ends[] = {low, high};
    int32_t bins_of_ends[2];
    FindBins(ends, std::ldexp(1.0f, -exponent_), bins_of_ends);
    tally.MoveTo(counts_, bins_of_ends[0], bins_of_ends[1]);
  };
  for (size_t i = 0; i < blocks; ++i) {
    auto block = values.subspan(i * kBlock, std::min(kBlock, values.size() - i * kBlock));
    const bool counts = chosen.Contains(i);
    if (!any || !AllWithin(block, low, high)) {
      const auto is_finite = [](float x) { return std::isfinite(x); };
      const float* end = std::ranges::copy_if(block, finite, is_finite).out;
      added.not_finite += block.size() - static_cast<size_t>(end - finite);
      if (end == finite) continue;
      block = {finite, end};
      if (any && !one_by_one) add_up();  // what follows may change the bins
      const auto [least, most] = std::ranges::minmax(block);
      low = any ? std::min(low, least) : least;
      high = any ? std::max(high, most) : most;
      any = true;
      GrowFor(std::max(std::abs(low), std::abs(high)));
    }
    if (!counts) continue;
    FindBins(block, std::ldexp(1.0f, -exponent_), bins);
    if (one_by_one) {
      for (size_t k = 0; k < block.size(); ++k) ++counts_[static_cast<size_t>(bins[k])];
    } else {
      tally.Add(bins, block.size());
    }
    const uint64_t zeros = CountZeros(block);
    counts_[kHalf] -= zeros;  // where they are, or will be when the tally is added up
    zeros_ += zeros;
    count_ += block.size();
  }
  not_finite_ += added.not_finite;
  if (!any) return added;
  if (!one_by_one) add_up();
  added.extremes = {low + 0.0, high + 0.0};  // no -0
  if (is_new) extremes_ = added.extremes;
  extremes_ = {std::min(extremes_.low, added.extremes.low),
               std::max(extremes_.high, added.extremes.high)};
  return added;
}

void Histogram::Merge(const Histogram& other) {
  not_finite_ += other.not_finite_;
  if (other.empty()) return;
  if (empty()) {
    const uint64_t not_finite = not_finite_;
    *this = other;
    not_finite_ = not_finite;
    return;
  }
  extremes_ = {std::min(extremes_.low, other.extremes_.low),
               std::max(extremes_.high, other.extremes_.high)};
  count_ += other.count_;
  zeros_ += other.zeros_;
  Histogram coarse;
  const Histogram* added = &other;
  if (other.exponent_ > exponent_) {
    Coarsen(other.exponent_);
  } else if (other.exponent_ < exponent_) {
    coarse = other;
    coarse.Coarsen(exponent_);
    added = &coarse;
  }
  for (size_t i = 0; i < kBins; ++i) counts_[i] += added->counts_[i];
}

std::vector<int64_t> Histogram::ToNumbers() const {
  std::vector<int64_t> numbers = {exponent_,
                                  static_cast<int64_t>(count_),
                                  static_cast<int64_t>(zeros_),
                                  static_cast<int64_t>(not_finite_),
                                  std::bit_cast<int64_t>(extremes_.low),
                                  std::bit_cast<int64_t>(extremes_.high)};
  numbers.insert(numbers.end(), counts_.begin(), counts_.end());
  numbers.resize(kNumbers, 0);
  return numbers;
}

Histogram Histogram::FromNumbers(std::span<const int64_t> numbers) {
  Histogram histogram;
  const auto exponent = static_cast<int>(std::clamp<int64_t>(numbers[0], kUnset, 1000));
  if (exponent == kUnset) return histogram;
  histogram.exponent_ = exponent;
  histogram.count_ = static_cast<uint64_t>(numbers[1]);
  histogram.zeros_ = static_cast<uint64_t>(numbers[2]);
  histogram.not_finite_ = static_cast<uint64_t>(numbers[3]);
  histogram.extremes_ = {std::bit_cast<double>(numbers[4]), std::bit_cast<double>(numbers[5])};
  histogram.counts_.assign(numbers.begin() + (kNumbers - kBins), numbers.end());
  return histogram;
}

std::vector<Histogram::Bin> Histogram::bins() const {
  std::vector<Bin> all;
  const double width = std::ldexp(1.0, exponent_);
  for (int i = 0; i < static_cast<int>(counts_.size()); ++i) {
    const uint64_t n = counts_[static_cast<size_t>(i)];
    if (n > 0) all.push_back({(i - kHalf) * width, width, n});
  }
  return all;
}

}  // namespace integra::quantize
