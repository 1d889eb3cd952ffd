#include "kernels/gather.h"

#include <cstring>

namespace integra::kernels {

template <typename Index>
int64_t FindOutside(const Index* indices, int64_t count, int64_t axis) {
  for (int64_t i = 0; i < count; ++i) {
    if (indices[i] < 0 || int64_t{indices[i]} >= axis) return i;
  }
  return -1;
}

template <typename Index>
void Gather(const GatherParams& p, const std::byte* src, const Index* indices, std::byte* dst) {
  const auto bytes = static_cast<size_t>(p.inner_bytes);
  for (int64_t b = 0; b < p.batch; ++b) {
    for (int64_t o = 0; o < p.outer; ++o) {
      const std::byte* from = src + (b * p.outer + o) * p.axis * p.inner_bytes;
      for (int64_t i = 0; i < p.coords; ++i) {
        std::memcpy(dst, from + int64_t{indices[b * p.coords + i]} * p.inner_bytes, bytes);
        dst += bytes;
      }
    }
  }
}

template <typename Index>
int64_t FindOutsideNd(const GatherNdParams& p, const Index* indices) {
  const auto k = static_cast<int64_t>(p.dims.size());
  for (int64_t i = 0; i < p.count * k; ++i) {
    if (indices[i] < 0 || int64_t{indices[i]} >= p.dims[static_cast<size_t>(i % k)]) return i;
  }
  return -1;
}

template <typename Index>
void GatherNd(const GatherNdParams& p, const std::byte* src, const Index* indices, std::byte* dst) {
  for (int64_t i = 0; i < p.count; ++i) {
    int64_t offset = 0;
    for (const int64_t dim : p.dims) offset = offset * dim + int64_t{*indices++};
    std::memcpy(dst + i * p.inner_bytes, src + offset * p.inner_bytes,
                static_cast<size_t>(p.inner_bytes));
  }
}

template <typename T, typename Index>
void ArgExtremum(bool largest, int64_t outer, int64_t axis, int64_t inner, const T* src,
                 Index* dst) {
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t i = 0; i < inner; ++i) {
      const T* x = src + o * axis * inner + i;
      T best = *x;
      int64_t at = 0;
      for (int64_t k = 1; k < axis; ++k) {
        const T value = x[k * inner];
        if (largest ? value > best : value < best) {
          best = value;
          at = k;
        }
      }
      dst[o * inner + i] = static_cast<Index>(at);
    }
  }
}

#define GATHERS(Index)                                                                   \
  template int64_t FindOutside(const Index*, int64_t, int64_t);                          \
  template void Gather(const GatherParams&, const std::byte*, const Index*, std::byte*); \
  template int64_t FindOutsideNd(const GatherNdParams&, const Index*);                   \
  template void GatherNd(const GatherNdParams&, const std::byte*, const Index*, std::byte*);
GATHERS(int16_t)
GATHERS(int32_t)
GATHERS(int64_t)
#undef GATHERS

#define EXTREMA(T)                                                                \
  template void ArgExtremum(bool, int64_t, int64_t, int64_t, const T*, int32_t*); \
  template void ArgExtremum(bool, int64_t, int64_t, int64_t, const T*, int64_t*);
EXTREMA(uint8_t)
EXTREMA(int16_t)
EXTREMA(int32_t)
EXTREMA(int64_t)
#undef EXTREMA

}  // namespace integra::kernels
