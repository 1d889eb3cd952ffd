// The range with the smallest mean squared quantization error.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "quantize/observer.h"

namespace integra::quantize {
namespace {

// Searches ranges within `all`. The error as a function of the clipping points has several minima
// (all the more with few bits), so: a coarse grid, then finer ones around the best point.
// error(range, limit) is evaluated from wide to narrow, and equal errors keep the wider range; it
// may stop at `limit`.
template <typename Error>
Range Search(Range all, bool symmetric, const Error& error) {
  all = {std::min(all.low, 0.0), std::max(all.high, 0.0)};
  Range best = all;
  double best_error = error(all, std::numeric_limits<double>::infinity());
  const auto try_range = [&](Range range) {
    const double e = error(range, best_error);
    if (e < best_error) {
      best_error = e;
      best = range;
    }
  };
  if (symmetric || all.low == 0 || all.high == 0) {  // one clipping point
    constexpr int kCoarse = 64, kFine = 8;
    const auto clip = [&](double t) { return Range{all.low * t, all.high * t}; };
    int center = kCoarse;
    for (int i = kCoarse - 1; i > 0; --i) {
      const double before = best_error;
      try_range(clip(double(i) / kCoarse));
      if (best_error < before) center = i;
    }
    for (int i = kFine - 1; i > -kFine; --i) {
      const double t = double(center * kFine + i) / (kCoarse * kFine);
      if (t < 1) try_range(clip(t));
    }
    return best;
  }
  constexpr int kCoarse = 16, kFine = 4;
  for (int i = kCoarse; i > 0; --i) {
    for (int j = kCoarse; j > 0; --j) try_range({all.low * i / kCoarse, all.high * j / kCoarse});
  }
  // NOLINTNEXTLINE(clang-analyzer-security.FloatLoopCounter): powers of two, which are exact.
  for (double step = 1.0 / (kCoarse * kFine); step > 1e-3; step /= kFine) {
    const Range middle = best;
    for (int i = kFine; i >= -kFine; --i) {
      for (int j = kFine; j >= -kFine; --j) {
        try_range({std::clamp(middle.low + i * step * all.low, all.low, 0.0),
                   std::clamp(middle.high + j * step * all.high, 0.0, all.high)});
      }
    }
  }
  return best;
}

Range Extremes(std::span<const float> values) {
  Range all;
  for (const float x : values) {
    all.low = std::min<double>(all.low, x);
    all.high = std::max<double>(all.high, x);
  }
  return all;
}

// The squared error of all values; `limit` or more where it is as large.
double SquaredError(std::span<const float> values, const QuantParams& params, double limit) {
  constexpr size_t kBetweenLooks = 256;
  double sum = 0;
  for (size_t start = 0; start < values.size() && sum < limit; start += kBetweenLooks) {
    for (const float x : values.subspan(start, std::min(kBetweenLooks, values.size() - start))) {
      const double d = x - DequantizeValue(QuantizeValue(x, params), params);
      sum += d * d;
    }
  }
  return sum;
}

// Sums over the bins of a histogram from the left, so that the squared error of all values that are
// rounded to one level takes a few subtractions, however many bins they lie in. Values count as
// their bin's centre, in units of half a bin: odd integers, whose sums are exact.
class BinSums {
 public:
  explicit BinSums(const Histogram& histogram) {
    const auto bins = histogram.bins();
    if (bins.empty()) return;
    unit_ = bins[0].width / 2;
    first_ = std::llround(bins.front().low / bins[0].width);
    const auto size =
        static_cast<size_t>(std::llround(bins.back().low / bins[0].width) - first_ + 1);
    sums_.resize(size + 1);
    for (const Histogram::Bin& bin : bins) {
      const auto i = static_cast<size_t>(std::llround(bin.low / bin.width) - first_);
      const auto n = static_cast<double>(bin.count);
      const double x = 2 * static_cast<double>(first_ + static_cast<int64_t>(i)) + 1;
      sums_[i + 1] = {n, n * x, n * x * x};
    }
    for (size_t i = 0; i < size; ++i) sums_[i + 1] += sums_[i];
  }

  // The squared error of all values; `limit` or more where it is certain to be as large.
  double SquaredError(const QuantParams& params, double limit) const {
    if (sums_.empty()) return 0;
    const Range inside = RepresentedRange(params);
    const double scale = params.scale / unit_;  // in units
    const double low = inside.low / unit_, high = inside.high / unit_;
    const size_t begin = IndexOf(low), end = IndexOf(high);
    const double top = limit / (unit_ * unit_);
    double error = ErrorTo(low, 0, begin) + ErrorTo(high, end, sums_.size() - 1);
    if (scale < 4) {  // a bin is too wide to tell: uniform rounding noise
      error += scale * scale / 12 * (sums_[end].count - sums_[begin].count);
      return error * unit_ * unit_;
    }
    size_t from = begin;
    for (int32_t q = params.levels.min; q < params.levels.max && error < top; ++q) {
      const double level = scale * (q - params.zero_point);
      const size_t to = std::min(IndexOf(level + scale / 2), end);
      if (to > from) error += ErrorTo(level, from, to);
      from = std::max(from, to);
    }
    error += ErrorTo(high, from, end);
    return error * unit_ * unit_;
  }

 private:
  struct Sums {
    double count = 0, x = 0, square = 0;
    Sums& operator+=(const Sums& other) {
      count += other.count;
      x += other.x;
      square += other.square;
      return *this;
    }
  };

  // The first bin whose centre is at `x` units or above.
  size_t IndexOf(double x) const {
    const double i = std::ceil((x - 1) / 2) - static_cast<double>(first_);
    return static_cast<size_t>(std::clamp(i, 0.0, static_cast<double>(sums_.size() - 1)));
  }

  // What it costs to represent the values of bins [from, to) by `level`.
  double ErrorTo(double level, size_t from, size_t to) const {
    if (from >= to) return 0;
    const Sums &a = sums_[from], &b = sums_[to];
    const double n = b.count - a.count;
    return (b.square - a.square) - 2 * level * (b.x - a.x) + level * level * n;
  }

  double unit_ = 1;
  int64_t first_ = 0;       // the number of the first bin, counted from 0
  std::vector<Sums> sums_;  // of the bins before i
};

}  // namespace

double MeanSquaredError(const Histogram& histogram, const QuantParams& params) {
  if (histogram.count() == 0) return 0;
  const double error =
      BinSums(histogram).SquaredError(params, std::numeric_limits<double>::infinity());
  return error / static_cast<double>(histogram.count());
}

double MeanSquaredError(std::span<const float> values, const QuantParams& params) {
  if (values.empty()) return 0;
  return SquaredError(values, params, std::numeric_limits<double>::infinity()) /
         static_cast<double>(values.size());
}

Range MseRange(const Histogram& histogram, Symmetry symmetry, int bits) {
  const BinSums sums(histogram);
  return Search(
      histogram.extremes(), symmetry != Symmetry::kAsymmetric, [&](Range range, double limit) {
        // int16 storage takes every number of bits and does not change the error.
        return sums.SquaredError(ChooseParams(range, symmetry, bits, DataType::kInt16), limit);
      });
}

Range MseRange(std::span<const float> values, Symmetry symmetry, int bits) {
  return Search(
      Extremes(values), symmetry != Symmetry::kAsymmetric, [&](Range range, double limit) {
        return SquaredError(values, ChooseParams(range, symmetry, bits, DataType::kInt16), limit);
      });
}

}  // namespace integra::quantize
