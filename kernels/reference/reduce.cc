#include "kernels/reduce.h"

#include <algorithm>
#include <bit>

namespace integra::kernels {

Multiplier MeanScale(Multiplier scale, int64_t count) {
  const auto bits = static_cast<int>(std::bit_width(static_cast<uint64_t>(count))) - 1;
  const int shift = std::min({bits, 32, 31 - scale.s});
  const int64_t m = (int64_t{scale.m} << shift) / count;
  return {static_cast<int32_t>(m), scale.s + shift};
}

template <typename T>
void ReduceSum(const SumParams& p, const ReduceOffsets& offsets, const T* src, T* dst) {
  for (int64_t i = 0; i < offsets.output_count; ++i) {
    const T* first = src + offsets.outputs[i];
    int32_t sum = 0;
    for (int64_t r = 0; r < offsets.reduced_count; ++r) sum += first[offsets.reduced[r]];
    const int64_t y = MultiplyDouble(int64_t{sum} - p.zero_sum, p.scale) + p.output_zero;
    dst[i] = static_cast<T>(std::clamp<int64_t>(y, p.clamp_min, p.clamp_max));
  }
}

template <typename T>
void ReduceMax(const ReduceOffsets& offsets, const T* src, T* dst) {
  for (int64_t i = 0; i < offsets.output_count; ++i) {
    const T* first = src + offsets.outputs[i];
    T largest = first[offsets.reduced[0]];
    for (int64_t r = 1; r < offsets.reduced_count; ++r) {
      largest = std::max(largest, first[offsets.reduced[r]]);
    }
    dst[i] = largest;
  }
}

template <typename T>
void ReduceMin(const ReduceOffsets& offsets, const T* src, T* dst) {
  for (int64_t i = 0; i < offsets.output_count; ++i) {
    const T* first = src + offsets.outputs[i];
    T smallest = first[offsets.reduced[0]];
    for (int64_t r = 1; r < offsets.reduced_count; ++r) {
      smallest = std::min(smallest, first[offsets.reduced[r]]);
    }
    dst[i] = smallest;
  }
}

template void ReduceSum<uint8_t>(const SumParams&, const ReduceOffsets&, const uint8_t*, uint8_t*);
template void ReduceSum<int16_t>(const SumParams&, const ReduceOffsets&, const int16_t*, int16_t*);
template void ReduceMax<uint8_t>(const ReduceOffsets&, const uint8_t*, uint8_t*);
template void ReduceMax<int16_t>(const ReduceOffsets&, const int16_t*, int16_t*);
template void ReduceMin<uint8_t>(const ReduceOffsets&, const uint8_t*, uint8_t*);
template void ReduceMin<int16_t>(const ReduceOffsets&, const int16_t*, int16_t*);

}  // namespace integra::kernels
