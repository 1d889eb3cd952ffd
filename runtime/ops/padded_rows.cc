#include "runtime/ops/padded_rows.h"

#include <algorithm>
#include <cstring>

#include "base/buffer.h"

namespace integra::runtime {
namespace {

// Pixels of `bytes` bytes, every `step` bytes of `from`, side by side to `to`: kWhole bytes of each
// in one go or, for 0, all in pieces. Copies whole 16 bytes and so up to 15 bytes too many, which
// the next pixel overwrites.
template <int64_t kWhole>
void GatherPixels(const uint8_t* from, int64_t step, int64_t count, int64_t bytes, uint8_t* to) {
  static_assert(kReadPadding >= 16);
#pragma GCC unroll 4
  for (int64_t i = 0; i < count; ++i, from += step, to += bytes) {
    if constexpr (kWhole != 0) {
      std::memcpy(to, from, kWhole);
    } else {
      int64_t c = 0;
      for (; c + 64 <= bytes; c += 64) std::memcpy(to + c, from + c, 64);
      for (; c < bytes; c += 16) std::memcpy(to + c, from + c, 16);
    }
  }
}

void GatherPixels(const uint8_t* from, int64_t step, int64_t count, int64_t bytes, uint8_t* to) {
  if (bytes <= 16) return GatherPixels<16>(from, step, count, bytes, to);
  if (bytes <= 32) return GatherPixels<32>(from, step, count, bytes, to);
  if (bytes <= 48) return GatherPixels<48>(from, step, count, bytes, to);
  GatherPixels<0>(from, step, count, bytes, to);
}

}  // namespace

int64_t RowsPerStripe(int64_t rows, int64_t most, int threads, int64_t multiple) {
  if (threads == 1) return most;
  const int64_t rounds = (rows + most * threads - 1) / (most * threads);
  const int64_t even = (rows + rounds * threads - 1) / (rounds * threads);
  return std::min(most, (even + multiple - 1) / multiple * multiple);
}

PaddedRows::PaddedRows(const kernels::Conv2dParams& p, int64_t channel_multiplicity,
                       int64_t column_planes)
    : y(p.y),
      x(p.x),
      channels(p.in_channels),
      multiplicity(channel_multiplicity),
      planes(column_planes),
      zero_point(p.src_zero_point) {
  const int64_t columns = x.reach(x.output);
  copied = multiplicity > 1 || planes > 1 || y.pad_before > 0 || x.pad_before > 0 ||
           y.reach(y.output) > y.input || columns > x.input;
  const int64_t positions = copied ? (columns + planes - 1) / planes : x.input;
  plane = positions * channels * multiplicity;
  pitch = planes * plane;
  // (Planes past the last column, of a stride above the kernel, are never read.)
  for (int64_t f = 0; f < std::min(planes, columns); ++f) inside_.push_back(InsideOf(f));
}

size_t PaddedRows::copy_bytes(int64_t output_rows) const {
  if (!copied) return 0;
  return AlignUp(static_cast<size_t>(y.reach(output_rows) * pitch)) + kReadPadding;
}

PaddedRows::Inside PaddedRows::InsideOf(int64_t f) const {
  const int64_t pixel = channels * multiplicity;
  const int64_t positions = plane / pixel;
  const int64_t first = std::max<int64_t>(0, (x.pad_before - f + planes - 1) / planes);
  const int64_t column = first * planes + f - x.pad_before;
  const int64_t inside = std::max<int64_t>(0, (x.input - column + planes - 1) / planes);
  const int64_t begin = std::min(first, positions);
  const int64_t count = std::min(positions - begin, inside);
  return {count > 0 ? column : 0, count, begin * pixel, count * pixel,
          (positions - begin - count) * pixel};
}

void PaddedRows::PadRow(uint8_t* to) const {
  for (const Inside& inside : inside_) {
    std::memset(to, zero_point, static_cast<size_t>(inside.bytes_before));
    to += inside.bytes_before + inside.bytes;
    std::memset(to, zero_point, static_cast<size_t>(inside.bytes_after));
    to += inside.bytes_after;
  }
}

void PaddedRows::CopyRow(const uint8_t* row, uint8_t* to) const {
  uint8_t* const whole = to;
  const int64_t pixel = channels * multiplicity;
  // GatherPixels writes past its last pixel, but not past the row: padding comes after it.
  for (const Inside& inside : inside_) {
    const uint8_t* from = row + inside.column * channels;
    uint8_t* middle = to + inside.bytes_before;
    to += plane;
    if (multiplicity > 1) {
      for (int64_t i = 0; i < inside.count; ++i, from += planes * channels) {
        for (int64_t k = 0; k < pixel; ++k) *middle++ = from[k / multiplicity];
      }
    } else if (planes > 1) {
      GatherPixels(from, planes * channels, inside.count, pixel, middle);
    } else {
      std::memcpy(middle, from, static_cast<size_t>(inside.bytes));
    }
  }
  PadRow(whole);
}

const uint8_t* PaddedRows::Prepare(const uint8_t* image, int64_t first, int64_t rows,
                                   std::byte* scratch) const {
  const int64_t row_bytes = x.input * channels;
  const int64_t first_input = first * y.stride - y.pad_before;
  if (!copied) return image + first_input * row_bytes;

  auto* to = reinterpret_cast<uint8_t*>(scratch);
  for (int64_t i = 0; i < y.reach(rows); ++i, to += pitch) {
    const int64_t row = first_input + i;
    if (row >= 0 && row < y.input) {
      CopyRow(image + row * row_bytes, to);
    } else {
      std::memset(to, zero_point, static_cast<size_t>(pitch));
    }
  }
  return reinterpret_cast<const uint8_t*>(scratch);
}

}  // namespace integra::runtime
