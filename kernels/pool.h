// Pooling over windows of an image [H,W,C]: one row of outputs [out_w, C] at a time.
//
// 8-bit values are in the stored domain. Windows are cut off at the image's border: what lies
// outside counts for nothing. Every output's window covers at least one pixel.
#pragma once

#include <cstdint>

#include "kernels/isa.h"

namespace integra::kernels {

struct PoolParams {
  int64_t in_h = 0, in_w = 0, channels = 0, out_w = 0;
  int64_t filter_h = 1, filter_w = 1, stride_h = 1, stride_w = 1;
  int64_t pad_top = 0, pad_left = 0;
  int32_t offset = 0;  // stored - own value: averages are rounded half away from zero in own values
  int32_t clamp_min = 0, clamp_max = 0;  // stored
};

// `image` is the whole of [in_h, in_w, channels]; up to 63 elements behind it may be read (8-bit
// vector functions do). `dst` is row `out_y` of the output.
template <typename T>
using PoolRow = void (*)(const PoolParams& params, const T* image, int64_t out_y, T* dst);

// T is uint8_t or int16_t.
template <typename T>
void AveragePoolReference(const PoolParams& params, const T* image, int64_t out_y, T* dst);
template <typename T>
void MaxPoolReference(const PoolParams& params, const T* image, int64_t out_y, T* dst);

struct PoolChoice {
  PoolRow<uint8_t> row;
  const char* name;
};
PoolChoice ChooseAveragePool(Isa isa);
PoolChoice ChooseMaxPool(Isa isa);

#define INTEGRA_POOL_ROWS(Suffix)                                                         \
  void AveragePool##Suffix(const PoolParams& params, const uint8_t* image, int64_t out_y, \
                           uint8_t* dst);                                                 \
  void MaxPool##Suffix(const PoolParams& params, const uint8_t* image, int64_t out_y, uint8_t* dst)
INTEGRA_POOL_ROWS(Portable);
INTEGRA_POOL_ROWS(Sse41);
INTEGRA_POOL_ROWS(Avx2);
INTEGRA_POOL_ROWS(Avx512);
#undef INTEGRA_POOL_ROWS

}  // namespace integra::kernels
