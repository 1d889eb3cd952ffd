// Observers: from the values that a tensor takes over a calibration set to the range that its
// scale shall represent.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "quantize/histogram.h"
#include "quantize/scheme.h"

namespace integra::quantize {

const char* NameOf(RangeMethod method);  // "minmax", "moving_average" ... as recipes have them
std::optional<RangeMethod> ParseRangeMethod(std::string_view name);

// Whether it looks at more than extremes.
bool NeedsHistogram(RangeMethod method);

// What is remembered of one tensor; its size does not depend on the number of values.
class Observer {
 public:
  explicit Observer(double momentum = 0.9) : momentum_(momentum) {}

  // Adds values to the histogram; order does not matter.
  void AddValues(std::span<const float> values) { histogram_.Add(values); }
  void AddHistogram(const Histogram& histogram) { histogram_.Merge(histogram); }
  // Adds the extremes of one sample to the moving average; call it in the order of the samples.
  void AddSampleRange(Range sample);
  // Adds another observer's histogram, and its moving average as if it were one more sample.
  void Merge(const Observer& other);

  // For a checkpoint (quantize/checkpoint.h): all but the momentum.
  static constexpr int64_t kNumbers = 3 + Histogram::kNumbers;
  std::vector<int64_t> ToNumbers() const;
  void FromNumbers(std::span<const int64_t> numbers);

  const Histogram& histogram() const { return histogram_; }
  Range moving_average() const { return average_; }
  int64_t samples() const { return samples_; }

 private:
  double momentum_;
  Histogram histogram_;
  Range average_;
  int64_t samples_ = 0;
};

// The range that `method` chooses for values that will be quantized with `symmetry` and `bits`.
// It lies within the extremes of the values. Throws kInvalidArgument where nothing was observed.
Range ChooseRange(const Observer& observer, const RangeOptions& options, Symmetry symmetry,
                  int bits);

// --- The methods, on their own (for tests and for weights) ---

// The values at ranks (1 - p/100) and p/100 of all values, linear within a bin.
Range PercentileRange(const Histogram& histogram, double percentile);

// Expected squared error, per value, of quantizing the histogram's values with these parameters.
double MeanSquaredError(const Histogram& histogram, const QuantParams& params);
Range MseRange(const Histogram& histogram, Symmetry symmetry, int bits);
// The same for values at hand (a channel of weights), without rounding them to bins.
double MeanSquaredError(std::span<const float> values, const QuantParams& params);
Range MseRange(std::span<const float> values, Symmetry symmetry, int bits);

// Migacz 2017, "8-bit Inference with TensorRT": clip magnitudes at T, spread the histogram over the
// scheme's levels, choose the T whose distribution has the smallest divergence from the clipped
// original. It looks at the shape of the distribution only, not at how far clipped values are
// moved, and is known to clip far too much on some networks (long tails, few distinct values).
Range EntropyRange(const Histogram& histogram, int bits);

}  // namespace integra::quantize
