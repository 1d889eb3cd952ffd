// Rows of a GEMM's left matrix as bytes that are small enough for vpmaddubsw. Included by
// gemm_bytes.cc alone.
#pragma once

#include <immintrin.h>

#include <bit>
#include <cstdint>

#include "base/buffer.h"
#include "kernels/avx2/output_stage.h"

namespace integra::kernels::avx2 {
namespace {

// The values that the fast products take: first <= x <= first + width.
struct Window {
  int32_t first, width;
};

// What a value outside of the window has beyond its border, with the three other ones of its step:
// magnitudes of one sign, at most kMostMagnitude.
struct Outlier {
  uint32_t magnitudes;
  uint32_t sign;       // 1 or -1, twice 16 bits
  uint32_t not_first;  // all ones, or 0 for the first one of a row
  int32_t step;
  int32_t row;
};
// A pair of products with 8-bit weights then fits in 16 bits.
constexpr int kMostMagnitude = 128;

class OutlierList {
 public:
  // Of one block: each step may have too much and too little, both of them in two parts.
  static constexpr int64_t kOfBlock = 32;

  // `room`: for `most` and those of one more block.
  OutlierList(Outlier* room, int64_t most, int64_t steps)
      : first_(room), end_(room), most_(most), steps_(steps) {}

  // Steps `from`, from + 1 ... have what is above and below the window. False where there are too
  // many.
  __attribute__((noinline)) bool Add(int64_t from, int64_t steps, __m256i above, __m256i below) {
    if (count() > most_) return false;
    const __m256i limit = _mm256_set1_epi8(static_cast<char>(kMostMagnitude));
    const __m256i zero = _mm256_setzero_si256();
    const __m256i both = _mm256_or_si256(above, below);
    const __m256i none = _mm256_cmpeq_epi32(both, zero);
    auto some = ~static_cast<unsigned>(_mm256_movemask_ps((__m256)none)) & 0xff;
    if (steps < 8) some &= (1u << steps) - 1;
    // Mostly a step has values above or below, and they are one outlier.
    const __m256i no_above = _mm256_cmpeq_epi32(above, zero);
    const __m256i no_below = _mm256_cmpeq_epi32(below, zero);
    const __m256i mixed = _mm256_andnot_si256(_mm256_or_si256(no_above, no_below), both);
    if (_mm256_testz_si256(both, mixed) &&
        _mm256_testz_si256(_mm256_subs_epu8(both, limit), both)) {
      alignas(32) uint32_t values[8], signs[8];
      _mm256_store_si256(reinterpret_cast<__m256i*>(values), both);
      _mm256_store_si256(reinterpret_cast<__m256i*>(signs),
                         _mm256_blendv_epi8(_mm256_set1_epi32(static_cast<int>(kMinus)),
                                            _mm256_set1_epi32(kPlus), no_below));
      for (; some != 0; some &= some - 1) {
        const int i = std::countr_zero(some);
        Append(from + i, values[i], signs[i]);
      }
      return true;
    }
    alignas(32) uint32_t parts[4][8];
    const __m256i values[4] = {_mm256_min_epu8(above, limit), _mm256_subs_epu8(above, limit),
                               _mm256_min_epu8(below, limit), _mm256_subs_epu8(below, limit)};
    for (int i = 0; i < 4; ++i) {
      _mm256_store_si256(reinterpret_cast<__m256i*>(parts[i]), values[i]);
    }
    for (; some != 0; some &= some - 1) {
      const int i = std::countr_zero(some);
      for (int part = 0; part < 4; ++part) {
        if (parts[part][i] != 0) Append(from + i, parts[part][i], part < 2 ? kPlus : kMinus);
      }
    }
    return true;
  }

  int64_t count() const { return end_ - first_; }

 private:
  static constexpr uint32_t kPlus = 0x00010001, kMinus = 0xffffffff;

  // Steps come in order.
  INTEGRA_MEMBER void Append(int64_t step, uint32_t magnitudes, uint32_t sign) {
    uint32_t not_first = 0xffffffff;
    if (step >= row_end_) {
      do {
        ++row_;
        row_end_ += steps_;
      } while (step >= row_end_);
      not_first = 0;
    }
    *end_++ = {magnitudes, sign, not_first, static_cast<int32_t>(step - row_end_ + steps_), row_};
  }

  Outlier* const first_;
  Outlier* end_;
  const int64_t most_, steps_;
  int64_t row_end_ = 0;
  int32_t row_ = -1;
};

INTEGRA_INLINE __m256i LoadBytes(const uint8_t* from) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}
INTEGRA_INLINE void StoreBytes(uint8_t* to, __m256i v) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), v);
}

// `bytes` of x, which begin at step `from` of all rows, as values of the window less its first one,
// up to 31 bytes more. False where there are too many outliers. x may be y.
INTEGRA_INLINE bool TakeWindow(const uint8_t* x, int64_t bytes, Window window, int64_t from,
                               uint8_t* y, OutlierList& outliers) {
  const auto all = [](int32_t v) __attribute__((always_inline)) {
    return _mm256_set1_epi8(static_cast<char>(v));
  };
  const __m256i first = all(window.first), width = all(window.width);
  const __m256i last = all(window.first + window.width);
  for (int64_t i = 0; i < bytes; i += 32) {
    const __m256i v = LoadBytes(x + i);
    const __m256i above = _mm256_subs_epu8(v, last), below = _mm256_subs_epu8(first, v);
    StoreBytes(y + i, _mm256_min_epu8(_mm256_subs_epu8(v, first), width));
    const __m256i outside = _mm256_or_si256(above, below);
    if (__builtin_expect(_mm256_testz_si256(outside, outside), 1)) continue;
    if (!outliers.Add(from + i / 4, (bytes - i) / 4, above, below)) return false;
  }
  return true;
}

// Rows with their values in another order (FindOrder).
class RowOrder {
 public:
  // Null: as they are.
  RowOrder(const uint8_t* order, int64_t depth) {
    if (order == nullptr) return;
    // Where the depth is no multiple of 32, vectors repeat after two rows.
    bytes_ = depth % 32 == 0 ? depth : 2 * depth;
    shuffles_ = AlignedBuffer(static_cast<size_t>(bytes_));
    for (int64_t i = 0; i < bytes_; ++i) shuffles_.data<uint8_t>()[i] = order[i % depth];
  }

  size_t bytes() const { return shuffles_.size(); }

  // `bytes` of x, from the first one of a row on, up to 31 bytes more. x may be y.
  INTEGRA_MEMBER void Take(const uint8_t* x, int64_t bytes, uint8_t* y) const {
    for (int64_t i = 0, j = 0; i < bytes; i += 32) {
      StoreBytes(y + i,
                 _mm256_shuffle_epi8(LoadBytes(x + i), LoadBytes(shuffles_.data<uint8_t>() + j)));
      j = j + 32 < bytes_ ? j + 32 : 0;
    }
  }

 private:
  int64_t bytes_ = 0;  // of shuffles
  AlignedBuffer shuffles_;
};

}  // namespace
}  // namespace integra::kernels::avx2
