#include "quantize/observer.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "base/error.h"

namespace integra::quantize {
namespace {

constexpr RangeMethod kMethods[] = {RangeMethod::kMinMax,     RangeMethod::kMovingAverage,
                                    RangeMethod::kPercentile, RangeMethod::kEntropy,
                                    RangeMethod::kMse,        RangeMethod::kDynamic};

Range Intersect(Range a, Range b) { return {std::max(a.low, b.low), std::min(a.high, b.high)}; }

}  // namespace

const char* NameOf(RangeMethod method) {
  switch (method) {
    case RangeMethod::kMinMax:
      return "minmax";
    case RangeMethod::kMovingAverage:
      return "moving_average";
    case RangeMethod::kPercentile:
      return "percentile";
    case RangeMethod::kEntropy:
      return "entropy";
    case RangeMethod::kMse:
      return "mse";
    case RangeMethod::kDynamic:
      return "dynamic";
  }
  return "?";
}

bool NeedsHistogram(RangeMethod method) {
  return method == RangeMethod::kPercentile || method == RangeMethod::kEntropy ||
         method == RangeMethod::kMse;
}

std::optional<RangeMethod> ParseRangeMethod(std::string_view name) {
  for (const RangeMethod method : kMethods) {
    if (name == NameOf(method)) return method;
  }
  return std::nullopt;
}

void Observer::AddSampleRange(Range sample) {
  if (samples_++ == 0) {
    average_ = sample;
    return;
  }
  average_.low = momentum_ * average_.low + (1 - momentum_) * sample.low;
  average_.high = momentum_ * average_.high + (1 - momentum_) * sample.high;
}

void Observer::Merge(const Observer& other) {
  histogram_.Merge(other.histogram_);
  if (other.samples_ > 0) AddSampleRange(other.average_);
}

std::vector<int64_t> Observer::ToNumbers() const {
  std::vector<int64_t> numbers = {samples_, std::bit_cast<int64_t>(average_.low),
                                  std::bit_cast<int64_t>(average_.high)};
  const std::vector<int64_t> histogram = histogram_.ToNumbers();
  numbers.insert(numbers.end(), histogram.begin(), histogram.end());
  return numbers;
}

void Observer::FromNumbers(std::span<const int64_t> numbers) {
  samples_ = numbers[0];
  average_ = {std::bit_cast<double>(numbers[1]), std::bit_cast<double>(numbers[2])};
  histogram_ = Histogram::FromNumbers(numbers.subspan(3));
}

Range ChooseRange(const Observer& observer, const RangeOptions& options, Symmetry symmetry,
                  int bits) {
  const Histogram& histogram = observer.histogram();
  if (histogram.empty()) {
    Fail(ErrorCode::kInvalidArgument, "no values were observed to choose a range from");
  }
  const Range all = histogram.extremes();
  switch (options.method) {
    case RangeMethod::kMinMax:
    case RangeMethod::kDynamic:
      return all;
    case RangeMethod::kMovingAverage:
      return observer.samples() == 0 ? all : Intersect(observer.moving_average(), all);
    case RangeMethod::kPercentile:
      return PercentileRange(histogram, options.percentile);
    case RangeMethod::kEntropy:
      return EntropyRange(histogram, bits);
    case RangeMethod::kMse:
      return MseRange(histogram, symmetry, bits);
  }
  return all;
}

Range PercentileRange(const Histogram& histogram, double percentile) {
  const Range all = histogram.extremes();
  const double share = percentile / 100;
  if (!(share > 0.5 && share < 1)) return all;
  // The value below which `target` of the values lie. Zeros are a point between the bins.
  const auto bins = histogram.bins();
  const auto value_at = [&](double target) {
    double below = 0;
    bool zeros_passed = histogram.zeros() == 0;
    for (const Histogram::Bin& bin : bins) {
      if (!zeros_passed && bin.low >= 0) {
        below += static_cast<double>(histogram.zeros());
        zeros_passed = true;
        if (below >= target) return 0.0;
      }
      const auto n = static_cast<double>(bin.count);
      if (below + n >= target) return bin.low + bin.width * (target - below) / n;
      below += n;
    }
    return zeros_passed ? all.high : 0.0;
  };
  const auto count = static_cast<double>(histogram.count());
  return Intersect({value_at((1 - share) * count), value_at(share * count)}, all);
}

Range EntropyRange(const Histogram& histogram, int bits) {
  const Range all = histogram.extremes();
  const auto bins = histogram.bins();
  if (bins.empty()) return all;
  // Magnitudes: bin i holds |x| in [i, i + 1) widths. For negative bins the edges swap.
  const double width = bins[0].width;
  std::vector<double> counts;
  for (const Histogram::Bin& bin : bins) {
    const double edge = bin.low >= 0 ? bin.low : -(bin.low + width);
    const auto i = static_cast<size_t>(std::llround(edge / width));
    if (counts.size() <= i) counts.resize(i + 1, 0);
    counts[i] += static_cast<double>(bin.count);
  }
  const bool one_sided = all.low >= 0 || all.high <= 0;
  const size_t levels = size_t{1} << (one_sided ? bits : bits - 1);
  if (counts.size() <= levels) return all;
  // Sums over the bins before i, so that a candidate costs as much as it has levels, not bins.
  const size_t size_of_all = counts.size();
  std::vector<double> before(size_of_all + 1, 0), filled(before), logs(before);
  for (size_t i = 0; i < size_of_all; ++i) {
    const double n = counts[i];
    before[i + 1] = before[i] + n;
    filled[i + 1] = filled[i] + (n > 0 ? 1 : 0);
    logs[i + 1] = logs[i] + (n > 0 ? n * std::log(n) : 0);
  }
  const double total = before.back();

  constexpr size_t kCandidates = 512;
  const size_t stride = std::max<size_t>(1, (size_of_all - levels) / kCandidates);
  double best = std::numeric_limits<double>::infinity();
  size_t best_size = size_of_all;
  // From the whole range down, so that equal divergences keep the wider range.
  for (size_t size = size_of_all;; size -= stride) {
    // P: the counts, where the last bin has all that is clipped, over `total`. Q: each level's
    // counts spread evenly over those of its bins that are not empty, over `inside`. The divergence
    // is the sum of P log(P / Q), here taken apart: sum n log n, with n = total P, minus sum n log
    // Q, minus total log total; all over total.
    const double inside = before[size];
    const double last = counts[size - 1], clipped = last + total - inside;
    double sum = logs[size - 1] + (clipped > 0 ? clipped * std::log(clipped) : 0);
    constexpr double kSmall = 1e-9;  // stands for the probability 0 of a bin that Q leaves empty
    for (size_t level = 0; level < levels; ++level) {
      const size_t begin = level * size / levels, end = (level + 1) * size / levels;
      const double n = before[end] - before[begin];
      const bool has_last = end == size;
      const double here = has_last ? n - last + clipped : n;
      if (here == 0) continue;
      const double q = n > 0 ? n / (filled[end] - filled[begin]) / inside : 0;
      if (has_last && last == 0) {
        sum -= n > 0 ? n * std::log(std::max(q, kSmall)) : 0;
        sum -= clipped > 0 ? clipped * std::log(kSmall) : 0;
      } else {
        sum -= here * std::log(std::max(q, kSmall));
      }
    }
    const double divergence = sum / total - std::log(total);
    if (divergence < best) {
      best = divergence;
      best_size = size;
    }
    if (size < levels + stride) break;
  }
  const double threshold = static_cast<double>(best_size) * width;
  return Intersect({-threshold, threshold}, all);
}

}  // namespace integra::quantize
