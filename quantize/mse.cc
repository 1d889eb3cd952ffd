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
// `error(range)` is evaluated from wide to narrow, and equal errors keep the wider range.
template <typename Error>
Range Search(Range all, bool symmetric, const Error& error) {
  all = {std::min(all.low, 0.0), std::max(all.high, 0.0)};
  Range best = all;
  double best_error = error(all);
  const auto try_range = [&](Range range) {
    const double e = error(range);
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

double SquaredErrorOfBins(const std::vector<Histogram::Bin>& bins, const QuantParams& params) {
  const Range inside = RepresentedRange(params);
  const double scale = params.scale;
  const double inverse = 1 / scale;
  double sum = 0;
  for (const Histogram::Bin& bin : bins) {
    const double x = bin.center();
    double squared = 0;
    if (x < inside.low || x > inside.high) {
      const double d = x - std::clamp(x, inside.low, inside.high);
      squared = d * d;
    } else if (scale >= 2 * bin.width) {
      const double steps = x * inverse;
      const double d = (steps - std::nearbyint(steps)) * scale;
      squared = d * d;
    } else {
      squared = scale * scale / 12;  // the bin is too wide to tell: uniform rounding noise
    }
    sum += squared * static_cast<double>(bin.count);
  }
  return sum;
}

}  // namespace

double MeanSquaredError(const Histogram& histogram, const QuantParams& params) {
  if (histogram.count() == 0) return 0;
  return SquaredErrorOfBins(histogram.bins(), params) / static_cast<double>(histogram.count());
}

double MeanSquaredError(std::span<const float> values, const QuantParams& params) {
  double sum = 0;
  for (const float x : values) {
    const double d = x - DequantizeValue(QuantizeValue(x, params), params);
    sum += d * d;
  }
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

Range MseRange(const Histogram& histogram, Symmetry symmetry, int bits) {
  const auto bins = histogram.bins();
  return Search(histogram.extremes(), symmetry != Symmetry::kAsymmetric, [&](Range range) {
    // int16 storage takes every number of bits; the storage type does not change the error.
    return SquaredErrorOfBins(bins, ChooseParams(range, symmetry, bits, DataType::kInt16));
  });
}

Range MseRange(std::span<const float> values, Symmetry symmetry, int bits) {
  return Search(Extremes(values), symmetry != Symmetry::kAsymmetric, [&](Range range) {
    return MeanSquaredError(values, ChooseParams(range, symmetry, bits, DataType::kInt16));
  });
}

}  // namespace integra::quantize
