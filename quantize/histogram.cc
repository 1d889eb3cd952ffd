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

struct Scan {
  double low = 0, high = 0;
  uint64_t zeros = 0;
  uint64_t not_finite = 0;
  bool all_finite = true;  // else the others are not set
};

// Compares floats as integers: NaN needs no care, and so the loop becomes vector code.
Scan ScanValues(std::span<const float> values) {
  constexpr int32_t kMagnitude = 0x7fffffff, kInfinity = 0x7f800000;
  int32_t low = std::numeric_limits<int32_t>::max();
  int32_t high = std::numeric_limits<int32_t>::min();
  int32_t zeros = 0;
  Scan scan;
  constexpr size_t kBlock = size_t{1} << 30;  // `zeros` fits
  for (size_t start = 0; start < values.size(); start += kBlock) {
    for (const float x : values.subspan(start, std::min(kBlock, values.size() - start))) {
      const auto bits = std::bit_cast<int32_t>(x);
      const int32_t ordered = bits ^ ((bits >> 31) & kMagnitude);  // in the order of the floats
      low = std::min(low, ordered);
      high = std::max(high, ordered);
      zeros += (bits & kMagnitude) == 0;
    }
    scan.zeros += static_cast<uint64_t>(zeros);
    zeros = 0;
  }
  const auto value = [](int32_t ordered) {
    return double{std::bit_cast<float>(ordered ^ ((ordered >> 31) & kMagnitude))} + 0.0;
  };
  scan.all_finite = values.empty() || (high < kInfinity && low > (kInfinity ^ -1));
  if (!values.empty() && scan.all_finite) {
    scan.low = value(low);
    scan.high = value(high);
  }
  return scan;
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

// Calibration spends most of its time here: the loops below have no branches, and compilers make
// vector code of all but the counting itself.

Histogram::Added Histogram::Add(std::span<const float> values) {
  Scan scan = ScanValues(values);
  std::vector<float> finite;
  if (!scan.all_finite) {
    for (const float x : values) {
      if (std::isfinite(x)) finite.push_back(x);
    }
    const uint64_t bad = values.size() - finite.size();
    not_finite_ += bad;
    if (finite.empty()) return {{}, bad};
    values = finite;
    scan = ScanValues(values);
    scan.not_finite = bad;
  }
  if (values.empty()) return {};
  if (count_ == 0) extremes_ = {scan.low, scan.high};
  extremes_ = {std::min(extremes_.low, scan.low), std::max(extremes_.high, scan.high)};
  count_ += values.size();
  zeros_ += scan.zeros;
  GrowFor(static_cast<float>(std::max(std::abs(scan.low), std::abs(scan.high))));
  Count(values);
  counts_[kHalf] -= scan.zeros;  // Count() has put them there
  return {{scan.low, scan.high}, scan.not_finite};
}

void Histogram::Count(std::span<const float> values) {
  // A product with a power of two is exact (a value so small that it underflows counts as 0).
  const float inverse_width = std::ldexp(1.0f, -exponent_);
  // Equal neighbours are frequent (the zeros of a ReLU), and each would wait for the count of the
  // one before: four tables take turns. They are small enough to stay in the cache.
  constexpr size_t kTables = 4;
  constexpr size_t kWorthTables = size_t{1} << 13;
  constexpr size_t kBlock = 512;
  int32_t bins[kBlock];
  const auto find_bins = [&](const float* x, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      const float scaled = x[i] * inverse_width;
      const auto toward_zero = static_cast<int32_t>(scaled);
      bins[i] = toward_zero - (scaled < static_cast<float>(toward_zero) ? 1 : 0) + kHalf;
    }
  };
  if (values.size() < kWorthTables) {
    for (size_t start = 0; start < values.size(); start += kBlock) {
      const size_t count = std::min(kBlock, values.size() - start);
      find_bins(values.data() + start, count);
      for (size_t i = 0; i < count; ++i) ++counts_[static_cast<size_t>(bins[i])];
    }
    return;
  }
  constexpr size_t kMost = size_t{1} << 30;  // counts fit into 32 bits
  thread_local std::vector<uint32_t> tables;
  tables.resize(kTables * kBins);
  for (size_t begin = 0; begin < values.size(); begin += kMost) {
    const auto part = values.subspan(begin, std::min(kMost, values.size() - begin));
    std::fill(tables.begin(), tables.end(), 0);
    uint32_t* table = tables.data();
    for (size_t start = 0; start < part.size(); start += kBlock) {
      const size_t count = std::min(kBlock, part.size() - start);
      find_bins(part.data() + start, count);
      size_t i = 0;
      for (; i + kTables <= count; i += kTables) {
        ++table[bins[i]];
        ++table[kBins + bins[i + 1]];
        ++table[2 * kBins + bins[i + 2]];
        ++table[3 * kBins + bins[i + 3]];
      }
      for (; i < count; ++i) ++table[bins[i]];
    }
    for (size_t i = 0; i < kBins; ++i) {
      counts_[i] +=
          uint64_t{table[i]} + table[kBins + i] + table[2 * kBins + i] + table[3 * kBins + i];
    }
  }
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
  if (exponent == kUnset || numbers[1] == 0) return histogram;
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
