#include "runtime/ops/padded_rows.h"

#include <algorithm>
#include <cstring>

#include "base/buffer.h"

namespace integra::runtime {

PaddedRows::PaddedRows(const kernels::Conv2dParams& p, int64_t channel_multiplicity)
    : y(p.y),
      x(p.x),
      channels(p.in_channels),
      multiplicity(channel_multiplicity),
      zero_point(p.src_zero_point) {
  copied = multiplicity > 1 || y.pad_before > 0 || x.pad_before > 0 ||
           y.reach(y.output) > y.input || x.reach(x.output) > x.input;
  pitch = (copied ? x.reach(x.output) : x.input) * channels * multiplicity;
}

size_t PaddedRows::copy_bytes(int64_t output_rows) const {
  if (!copied) return 0;
  return AlignUp(static_cast<size_t>(y.reach(output_rows) * pitch)) + kReadPadding;
}

const uint8_t* PaddedRows::Prepare(const uint8_t* image, int64_t first, int64_t rows,
                                   std::byte* scratch) const {
  const int64_t row_bytes = x.input * channels;
  const int64_t first_input = first * y.stride - y.pad_before;
  if (!copied) return image + first_input * row_bytes;

  auto* to = reinterpret_cast<uint8_t*>(scratch);
  const int64_t left = x.pad_before * channels * multiplicity;
  const int64_t middle = std::min(row_bytes * multiplicity, pitch - left);
  for (int64_t i = 0; i < y.reach(rows); ++i, to += pitch) {
    const int64_t row = first_input + i;
    if (row < 0 || row >= y.input) {
      std::memset(to, zero_point, static_cast<size_t>(pitch));
      continue;
    }
    const uint8_t* from = image + row * row_bytes;
    std::memset(to, zero_point, static_cast<size_t>(left));
    if (multiplicity == 1) {
      std::memcpy(to + left, from, static_cast<size_t>(middle));
    } else {
      for (int64_t k = 0; k < middle; ++k) to[left + k] = from[k / multiplicity];
    }
    std::memset(to + left + middle, zero_point, static_cast<size_t>(pitch - left - middle));
  }
  return reinterpret_cast<const uint8_t*>(scratch);
}

}  // namespace integra::runtime
