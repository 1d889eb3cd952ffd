#include "kernels/pool.h"

#include <algorithm>
#include <limits>

namespace integra::kernels {
namespace {

// Calls f(x) for the elements of channel `c` in the window of output (out_y, out_x).
template <typename T, typename F>
void ForWindow(const PoolParams& p, const T* image, int64_t out_y, int64_t out_x, int64_t c,
               const F& f) {
  const int64_t top = out_y * p.stride_h - p.pad_top, left = out_x * p.stride_w - p.pad_left;
  const int64_t bottom = std::min(top + p.filter_h, p.in_h);
  const int64_t right = std::min(left + p.filter_w, p.in_w);
  for (int64_t y = std::max<int64_t>(top, 0); y < bottom; ++y) {
    for (int64_t x = std::max<int64_t>(left, 0); x < right; ++x) {
      f(image[(y * p.in_w + x) * p.channels + c]);
    }
  }
}

}  // namespace

template <typename T>
void AveragePoolReference(const PoolParams& p, const T* image, int64_t out_y, T* dst) {
  for (int64_t out_x = 0; out_x < p.out_w; ++out_x) {
    for (int64_t c = 0; c < p.channels; ++c) {
      int64_t sum = 0, count = 0;
      ForWindow(p, image, out_y, out_x, c, [&](T x) {
        sum += x - p.offset;
        ++count;
      });
      const int64_t half = sum > 0 ? count / 2 : -(count / 2);
      const int64_t average = (sum + half) / count + p.offset;
      *dst++ = static_cast<T>(std::clamp<int64_t>(average, p.clamp_min, p.clamp_max));
    }
  }
}

template <typename T>
void MaxPoolReference(const PoolParams& p, const T* image, int64_t out_y, T* dst) {
  for (int64_t out_x = 0; out_x < p.out_w; ++out_x) {
    for (int64_t c = 0; c < p.channels; ++c) {
      T largest = std::numeric_limits<T>::lowest();
      ForWindow(p, image, out_y, out_x, c, [&](T x) { largest = std::max(largest, x); });
      *dst++ = static_cast<T>(std::clamp<int32_t>(largest, p.clamp_min, p.clamp_max));
    }
  }
}

template void AveragePoolReference<uint8_t>(const PoolParams&, const uint8_t*, int64_t, uint8_t*);
template void AveragePoolReference<int16_t>(const PoolParams&, const int16_t*, int64_t, int16_t*);
template void MaxPoolReference<uint8_t>(const PoolParams&, const uint8_t*, int64_t, uint8_t*);
template void MaxPoolReference<int16_t>(const PoolParams&, const int16_t*, int64_t, int16_t*);

}  // namespace integra::kernels
