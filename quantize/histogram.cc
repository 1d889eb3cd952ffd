#include "quantize/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace integra::quantize {
namespace {

constexpr int kHalf = Histogram::kBins / 2;
constexpr int kUnset = -1000;

// The smallest k with magnitude < kHalf * 2^k. Values below 2^-100 count as if they were that.
int ExponentFor(double magnitude) {
  int exponent = 0;
  std::frexp(std::max(magnitude, 0x1p-100), &exponent);  // magnitude < 2^exponent
  return exponent - (std::bit_width(static_cast<unsigned>(kHalf)) - 1);
}

}  // namespace

void Histogram::Coarsen(int exponent) {
  const int shift = exponent - exponent_;
  std::vector<uint64_t> coarse(kBins, 0);
  for (int i = 0; i < kBins; ++i) {
    if (counts_[static_cast<size_t>(i)] == 0) continue;
    // floor(bin / 2^shift), bins counted from zero
    const int bin = shift < 31 ? (i - kHalf) >> shift : (i < kHalf ? -1 : 0);
    coarse[static_cast<size_t>(bin + kHalf)] += counts_[static_cast<size_t>(i)];
  }
  counts_ = std::move(coarse);
  exponent_ = exponent;
}

void Histogram::GrowFor(float magnitude) {
  const int exponent = ExponentFor(magnitude);
  if (exponent_ == kUnset) {
    exponent_ = exponent;
    counts_.assign(kBins, 0);
  } else if (exponent > exponent_) {
    Coarsen(exponent);
  }
}

Histogram::Added Histogram::Add(std::span<const float> values) {
  // Extremes first, so that the bins change at most once per call.
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  float low = kInfinity, high = -kInfinity;
  uint64_t finite = 0;
  for (const float x : values) {
    const bool good = std::abs(x) < kInfinity;
    finite += good;
    low = good && x < low ? x : low;
    high = good && x > high ? x : high;
  }
  Added added{{low, high}, values.size() - finite};
  not_finite_ += added.not_finite;
  if (finite == 0) return {{}, added.not_finite};
  if (count_ == 0) extremes_ = {low, high};
  extremes_ = {std::min<double>(extremes_.low, low), std::max<double>(extremes_.high, high)};
  count_ += finite;
  GrowFor(std::max(std::abs(low), std::abs(high)));
  // In double a product with a power of two is exact, and so is rounding it down.
  const double inverse_width = std::ldexp(1.0, -exponent_);
  uint64_t* middle = counts_.data() + kHalf;
  for (const float x : values) {
    if (x == 0) {
      ++zeros_;
    } else if (std::abs(x) < kInfinity) {
      const double scaled = x * inverse_width;
      const int toward_zero = static_cast<int>(scaled);
      ++middle[toward_zero - (scaled < toward_zero ? 1 : 0)];
    }
  }
  return added;
}

void Histogram::Merge(const Histogram& other) {
  not_finite_ += other.not_finite_;
  if (other.count_ == 0) return;
  if (count_ == 0) {
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
