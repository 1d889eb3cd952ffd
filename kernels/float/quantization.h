// Between real values and the quantized grid: real = scale * (q - zero_point).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace integra::kernels {

// How scales lie over a tensor's elements, which are seen as [outer, channels, inner]: channel c
// has scale[c] and zero_point[c]. One scale for the whole tensor is channels = 1, inner = all
// elements. Quantized values are clamped to [low, high], which lies within the element type.
struct QuantizedGrid {
  int64_t outer = 1, channels = 1, inner = 0;
  std::span<const float> scale;
  std::span<const int32_t> zero_point;
  int32_t low = 0, high = 0;

  int64_t count() const { return outer * channels * inner; }
};

// The nearest integer to x, half away from zero, for |x| < 2^31 (std::round, but vectorizable).
inline int32_t RoundHalfAway(float x) {
  const auto whole = static_cast<int32_t>(x);
  const float rest = x - static_cast<float>(whole);
  return whole + (rest >= 0.5f ? 1 : 0) - (rest <= -0.5f ? 1 : 0);
}

// real[i] = scale * (q[i] + shift - zero_point), rounded once. T: int8, uint8, int16, int32 or
// int64.
template <typename T>
void Dequantize(const QuantizedGrid& grid, const T* q, int32_t shift, float* real);

// q[i] = clamp(round(real[i] / scale) + zero_point) - shift, the quotient in float32 and half away
// from zero, as LiteRT's reference does. NaN becomes `low`. T: int8, uint8, int16 or int32.
template <typename T>
void Quantize(const QuantizedGrid& grid, const float* real, int32_t shift, T* q);

// real[i] = the value of its quantized neighbour: Quantize, then Dequantize. `threads` of OpenMP
// share out the work where it is worth it.
void FakeQuantize(const QuantizedGrid& grid, float* real, int threads = 1);

// What lies between accumulators and whole steps of a tensor with one scale; a vector has an entry
// per channel (the innermost dimension). Real values are accumulators up to the errors of float32
// sums, which are taken out first; then they are rounded to parts of a step and then to steps,
// half away from zero of (value / scale + origin). A part may be a step.
struct AccumulatorRounding {
  std::vector<double> sums_per_real;
  std::vector<double> parts_per_sum;
  std::vector<double> steps_per_part;
  int32_t origin = 0;

  void Add(double real_per_sum, double scale, double parts_per_step) {
    sums_per_real.push_back(1 / real_per_sum);
    parts_per_sum.push_back(real_per_sum / scale * parts_per_step);
    steps_per_part.push_back(1 / parts_per_step);
  }
  bool empty() const { return sums_per_real.empty(); }
};

// FakeQuantize for values that come from accumulators; plain FakeQuantize where `rounding` is
// empty.
void FakeQuantize(const QuantizedGrid& grid, const AccumulatorRounding& rounding, float* real,
                  int threads = 1);

}  // namespace integra::kernels
