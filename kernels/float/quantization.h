// Between real values and the quantized grid: real = scale * (q - zero_point).
#pragma once

#include <cstdint>
#include <span>

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

// real[i] = the value of its quantized neighbour: Quantize, then Dequantize.
void FakeQuantize(const QuantizedGrid& grid, float* real);

}  // namespace integra::kernels
