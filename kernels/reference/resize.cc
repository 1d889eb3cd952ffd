#include "kernels/resize.h"

#include <cstring>

namespace integra::kernels {

template <typename T>
void BilinearReference(const BilinearParams& p, const T* lower, const T* upper, int32_t fraction,
                       int32_t*, T* dst) {
  const int64_t row_one = int64_t{1} << p.row_bits, column_one = int64_t{1} << p.column_bits;
  const int64_t one = row_one * column_one;
  for (int64_t x = 0; x < p.out_w; ++x) {
    const Neighbors& n = p.columns[x];
    for (int64_t c = 0; c < p.channels; ++c) {
      const auto at = [&](const T* row, int32_t column) {
        return int64_t{row[column * p.channels + c]} - p.offset;
      };
      const int64_t left =
          at(lower, n.lower) * (row_one - fraction) + at(upper, n.lower) * fraction;
      const int64_t right =
          at(lower, n.upper) * (row_one - fraction) + at(upper, n.upper) * fraction;
      const int64_t v = left * (column_one - n.fraction) + right * n.fraction;
      const int64_t half = v > 0 ? one / 2 : -(one / 2);
      *dst++ = static_cast<T>((v + half) / one + p.offset);
    }
  }
}

template void BilinearReference<uint8_t>(const BilinearParams&, const uint8_t*, const uint8_t*,
                                         int32_t, int32_t*, uint8_t*);
template void BilinearReference<int16_t>(const BilinearParams&, const int16_t*, const int16_t*,
                                         int32_t, int32_t*, int16_t*);

void BilinearSoft(const SoftBilinearParams& p, const SoftNeighbors& row, const uint8_t* lower,
                  const uint8_t* upper, SoftFloat* blend, uint8_t* dst) {
  using soft_float::Add;
  using soft_float::Multiply;
  const int64_t width = p.in_w * p.channels;
  SoftFloat lower_products[256], upper_products[256];
  for (int32_t v = 0; v < 256; ++v) {
    lower_products[v] = Multiply(SoftFloat::FromInt(v), row.lower_weight);
    upper_products[v] = Multiply(SoftFloat::FromInt(v), row.upper_weight);
  }
  for (int64_t i = 0; i < width; ++i) blend[i] = lower_products[lower[i]];
  for (int64_t i = 0; i < width; ++i) blend[width + i] = upper_products[upper[i]];
  for (int64_t x = 0; x < p.out_w; ++x) {
    const SoftNeighbors& n = p.columns[x];
    const SoftFloat* left = blend + n.lower * p.channels;
    const SoftFloat* right = blend + n.upper * p.channels;
    for (int64_t c = 0; c < p.channels; ++c) {
      SoftFloat sum = Multiply(left[c], n.lower_weight);
      sum = Add(sum, Multiply(left[width + c], n.lower_weight));
      sum = Add(sum, Multiply(right[c], n.upper_weight));
      sum = Add(sum, Multiply(right[width + c], n.upper_weight));
      sum = Add(sum, soft_float::kHalf);
      *dst++ = static_cast<uint8_t>(soft_float::ToInt32(sum));
    }
  }
}

void NearestRow(const uint8_t* src, const int32_t* columns, int64_t out_w, int64_t pixel_bytes,
                uint8_t* dst) {
  const auto bytes = static_cast<size_t>(pixel_bytes);
  for (int64_t x = 0; x < out_w; ++x, dst += bytes) {
    std::memcpy(dst, src + columns[x] * pixel_bytes, bytes);
  }
}

}  // namespace integra::kernels
