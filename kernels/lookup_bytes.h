// Table lookup with byte shuffles, for one instruction set: see channel_sums.h about how it is
// included.
//
// A shuffle looks up a byte's low four bits in one of the table's 16 rows, and gives 0 for bytes
// that are negative as signed ones. Rows 0 to 7 are for indices below 128: from one row to the
// next, 16 is subtracted, so that an index is negative once its own row has passed. Before that
// every row answers; rows are therefore held as differences from the row before, which add up. Rows
// 8 to 15 do the same for the other indices, whose sign is changed first.
#pragma once

#include "kernels/activation.h"

namespace integra::kernels {
namespace {

// V: the Vectors of an instruction set.
template <typename V>
inline void LookupBytes(const uint8_t* table, const uint8_t* src, int64_t count, uint8_t* dst) {
  using Vector = typename V::Vector;
  Vector rows[16];
  for (int r = 0; r < 16; ++r) {
    rows[r] = V::Load16Everywhere(table + 16 * r);
    if (r % 8 != 0) rows[r] = V::Xor(rows[r], V::Load16Everywhere(table + 16 * (r - 1)));
  }
  const Vector row_size = V::Set8(16), sign = V::Set8(-128);
  int64_t i = 0;
  for (; i + V::kBytes <= count; i += V::kBytes) {
    Vector low = V::Load(src + i), high = V::Xor(low, sign), found = V::Set32(0);
#pragma GCC unroll 8
    for (int r = 0; r < 8; ++r) {
      found = V::Xor(found, V::Shuffle8(rows[r], low));
      found = V::Xor(found, V::Shuffle8(rows[8 + r], high));
      low = V::SubtractSaturated8(low, row_size);
      high = V::SubtractSaturated8(high, row_size);
    }
    V::Store(dst + i, found);
  }
  for (; i < count; ++i) dst[i] = table[src[i]];
}

}  // namespace
}  // namespace integra::kernels
