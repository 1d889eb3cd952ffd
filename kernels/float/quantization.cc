#include "kernels/float/quantization.h"

namespace integra::kernels {
namespace {

constexpr int64_t kElementsWorthThreads = 32768;

// The part of Quantize() that does not depend on the type: round(x / scale), clamped so that the
// zero point can be added. The clamp comes first: the conversion to an integer must not overflow.
inline int32_t Nearest(float x, float scale, float low, float high) {
  float t = x / scale;
  t = t > low ? t : low;  // NaN too
  t = t < high ? t : high;
  return RoundHalfAway(t);
}

// The nearest whole number of |x| < 2^51: what an addition leaves where the last bit counts ones.
inline double Whole(double x) {
  constexpr double kOnes = 6755399441055744.0;  // 1.5 * 2^52
  return (x + kOnes) - kOnes;
}

// Calls f(first element, elements, scale, zero point) for every run of one scale.
template <typename F>
inline void ForEachRun(const QuantizedGrid& grid, const F& f) {
  int64_t at = 0;
  for (int64_t o = 0; o < grid.outer; ++o) {
    for (int64_t c = 0; c < grid.channels; ++c, at += grid.inner) {
      f(at, grid.inner, grid.scale[static_cast<size_t>(c)],
        grid.zero_point[static_cast<size_t>(c)]);
    }
  }
}

}  // namespace

template <typename T>
void Dequantize(const QuantizedGrid& grid, const T* q, int32_t shift, float* real) {
  ForEachRun(grid, [&](int64_t at, int64_t n, float scale, int32_t zero_point) {
    // 8 and 16 bits: the difference is exact in float, so that one product is rounded once.
    for (int64_t i = at; i < at + n; ++i) {
      if constexpr (sizeof(T) <= 2) {
        real[i] = scale * static_cast<float>(static_cast<int32_t>(q[i]) + shift - zero_point);
      } else {
        real[i] = static_cast<float>(static_cast<double>(scale) *
                                     static_cast<double>(int64_t{q[i]} + shift - zero_point));
      }
    }
  });
}

template <typename T>
void Quantize(const QuantizedGrid& grid, const float* real, int32_t shift, T* q) {
  ForEachRun(grid, [&](int64_t at, int64_t n, float scale, int32_t zero_point) {
    const auto low = static_cast<float>(grid.low - zero_point);
    const auto high = static_cast<float>(grid.high - zero_point);
    for (int64_t i = at; i < at + n; ++i) {
      q[i] = static_cast<T>(Nearest(real[i], scale, low, high) + zero_point - shift);
    }
  });
}

void FakeQuantize(const QuantizedGrid& grid, float* real, int threads) {
  ForEachRun(grid, [&](int64_t at, int64_t n, float scale, int32_t zero_point) {
    const auto low = static_cast<float>(grid.low - zero_point);
    const auto high = static_cast<float>(grid.high - zero_point);
    const bool shared = threads > 1 && n >= kElementsWorthThreads;
#pragma omp parallel for simd num_threads(threads) if (parallel : shared)
    for (int64_t i = at; i < at + n; ++i) {
      real[i] = scale * static_cast<float>(Nearest(real[i], scale, low, high));
    }
  });
}

void FakeQuantize(const QuantizedGrid& grid, const AccumulatorRounding& rounding, float* real,
                  int threads) {
  if (rounding.empty()) return FakeQuantize(grid, real, threads);
  const float scale = grid.scale[0];
  const double low = grid.low - grid.zero_point[0], high = grid.high - grid.zero_point[0];
  const int32_t origin = rounding.origin;
  const double* sums = rounding.sums_per_real.data();
  const double* parts = rounding.parts_per_sum.data();
  const double* steps = rounding.steps_per_part.data();
  const auto channels = static_cast<int64_t>(rounding.sums_per_real.size());
  const bool shared = threads > 1 && grid.inner >= kElementsWorthThreads;
#pragma omp parallel for num_threads(threads) if (shared)
  for (int64_t row = 0; row < grid.inner; row += channels) {
    float* x = real + row;
#pragma omp simd
    for (int64_t c = 0; c < channels; ++c) {
      double t = Whole(Whole(x[c] * sums[c]) * parts[c]) * steps[c];
      t = t > low ? t : low;
      t = t < high ? t : high;
      x[c] = scale * static_cast<float>(RoundHalfAway(static_cast<float>(t + origin)) - origin);
    }
  }
}

template void Dequantize(const QuantizedGrid&, const int8_t*, int32_t, float*);
template void Dequantize(const QuantizedGrid&, const uint8_t*, int32_t, float*);
template void Dequantize(const QuantizedGrid&, const int16_t*, int32_t, float*);
template void Dequantize(const QuantizedGrid&, const int32_t*, int32_t, float*);
template void Dequantize(const QuantizedGrid&, const int64_t*, int32_t, float*);
template void Quantize(const QuantizedGrid&, const float*, int32_t, int8_t*);
template void Quantize(const QuantizedGrid&, const float*, int32_t, uint8_t*);
template void Quantize(const QuantizedGrid&, const float*, int32_t, int16_t*);

}  // namespace integra::kernels
