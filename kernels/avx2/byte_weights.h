// Weights of a GEMM packed for products of bytes. Included by gemm_bytes.cc alone.
//
// vpmaddubsw adds two products of an unsigned and a signed byte in 16 bits, and saturates. Two such
// sums are added before they are widened to 32 bits: four products, of two steps of four bytes.
// They fit if the largest unsigned byte times the sum of the positive weights of the four, and of
// the negative ones, does. How large that byte may be, the width of the window, is chosen here. In
// the few groups of two steps whose weights are larger, one of the steps is moved behind all groups
// of its tile: an extra group has one or two such steps, and reads their bytes from elsewhere.
#pragma once

#include <immintrin.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/buffer.h"
#include "kernels/avx2/byte_rows.h"
#include "kernels/avx2/gemm_store.h"
#include "kernels/gemm.h"

namespace integra::kernels::avx2 {
namespace {

constexpr int64_t kStep = 4;   // bytes of a row
constexpr int64_t kGroup = 2;  // steps

// The largest sum of positive, or of negative weights that are added in one 16-bit lane, of two
// steps of `bytes`.
INTEGRA_INLINE int32_t LargestLaneSum(const int8_t* a, const int8_t* b, int64_t bytes) {
  const __m256i zero = _mm256_setzero_si256(), ones = _mm256_set1_epi8(1);
  __m256i largest = zero;
  for (int64_t i = 0; i < bytes; i += 32) {
    const __m256i v = _mm256_load_si256(reinterpret_cast<const __m256i*>(a + i));
    const __m256i u = _mm256_load_si256(reinterpret_cast<const __m256i*>(b + i));
    const __m256i positive = _mm256_add_epi16(_mm256_maddubs_epi16(ones, _mm256_max_epi8(v, zero)),
                                              _mm256_maddubs_epi16(ones, _mm256_max_epi8(u, zero)));
    const __m256i negative = _mm256_add_epi16(_mm256_maddubs_epi16(ones, _mm256_min_epi8(v, zero)),
                                              _mm256_maddubs_epi16(ones, _mm256_min_epi8(u, zero)));
    largest =
        _mm256_max_epi16(largest, _mm256_max_epi16(positive, _mm256_sub_epi16(zero, negative)));
  }
  const __m128i half =
      _mm_max_epi16(_mm256_castsi256_si128(largest), _mm256_extracti128_si256(largest, 1));
  const __m128i least = _mm_minpos_epu16(_mm_xor_si128(half, _mm_set1_epi16(-1)));
  return 65535 - _mm_extract_epi16(least, 0);
}

// How many of 1000 steps have a value outside of a window of `width`, about: measured on
// MobileNetV2, MobileNetV1 and DS-CNN. Values after a ReLU fall off from the zero point at the end
// of their range, others to both sides of it.
struct OutlierShare {
  int32_t width, after_relu, other;
};
constexpr OutlierShare kOutlierShares[] = {{64, 400, 220}, {80, 290, 130}, {96, 220, 65},
                                           {112, 170, 28}, {128, 120, 12}, {192, 30, 0},
                                           {255, 0, 0}};

INTEGRA_INLINE int32_t ExpectedOutliers(int32_t width, int32_t zero_point) {
  const bool after_relu = zero_point < 32 || zero_point > 223;
  const OutlierShare* to = kOutlierShares + 1;
  while (to->width < width) ++to;
  const OutlierShare* const from = to - 1;
  const int32_t low = after_relu ? from->after_relu : from->other;
  const int32_t high = after_relu ? to->after_relu : to->other;
  return low + (high - low) * (width - from->width) / (to->width - from->width);
}

class ByteWeights {
 public:
  // What a tile of channels has behind its groups.
  struct Extra {
    const int8_t* weights;   // [count][kGroup][channels][kStep]
    const int32_t* offsets;  // [count][kGroup]: in bytes, of a row
    int64_t count;
  };

  explicit ByteWeights(const GemmProblem& p)
      : n_(p.n),
        groups_((p.depth() + kGroup * kStep - 1) / (kGroup * kStep)),
        tiles_((p.n + kTileChannels - 1) / kTileChannels),
        weights_(static_cast<size_t>((n_ + 7) / 8 * 8 * steps() * kStep)),
        largest_(static_cast<size_t>(tiles_ * groups_) * sizeof(int32_t)) {
    for (int64_t tile = 0; tile < tiles_; ++tile) Pack(p, tile);
    ChooseWindow(p.src_zero_point);
  }

  // How many of 1000 steps may be outliers: with more, 16-bit products take less time.
  static int64_t MostOutliers(int64_t n) { return 60000 / OutlierCost(n); }

  int64_t groups() const { return groups_; }
  int64_t steps() const { return groups_ * kGroup; }
  Window window() const { return window_; }
  // Thousandths of the time without outliers and extra groups that products are expected to take.
  int32_t cost() const { return cost_; }
  size_t bytes() const {
    return weights_.size() + extra_weights_.size() + locations_.size() + extra_counts_.size() +
           extra_offsets_.size();
  }

  // The weights can be used after this.
  void MoveLargeSteps() {
    const int64_t large = CountLarge(window_.width);
    extra_weights_ = AlignedBuffer(static_cast<size_t>(large * kExtraBytes));
    locations_ = AlignedBuffer(static_cast<size_t>(tiles_ * steps()) * sizeof(int32_t));
    extra_counts_ = AlignedBuffer(static_cast<size_t>(tiles_ + 1) * sizeof(int32_t));
    extra_offsets_ = AlignedBuffer(static_cast<size_t>(large * kGroup) * sizeof(int32_t));
    auto* const counts = extra_counts_.data<int32_t>();
    for (int64_t tile = 0; tile < tiles_; ++tile) {
      counts[tile + 1] = static_cast<int32_t>(MoveLargeSteps(tile, counts[tile]));
    }
    largest_ = AlignedBuffer();
  }

  // [groups][kGroup][channels][kStep]
  const int8_t* tile(int64_t tile) const { return weights_.data<int8_t>() + TilePlace(tile); }
  // Where the weights of a tile's steps are, for At().
  const int32_t* locations(int64_t tile) const {
    return locations_.data<int32_t>() + tile * steps();
  }
  const int8_t* At(int32_t location) const {
    return location >= 0 ? weights_.data<int8_t>() + location
                         : extra_weights_.data<int8_t>() + ~location;
  }
  Extra extra(int64_t tile) const {
    const int32_t* const counts = extra_counts_.data<int32_t>();
    return {extra_weights_.data<int8_t>() + counts[tile] * kExtraBytes,
            extra_offsets_.data<int32_t>() + counts[tile] * kGroup,
            counts[tile + 1] - counts[tile]};
  }

 private:
  int64_t Channels(int64_t tile) const { return TileWidth(n_, tile * kTileChannels); }
  int64_t TilePlace(int64_t tile) const { return tile * kTileChannels * steps() * kStep; }
  void Pack(const GemmProblem& p, int64_t tile) {
    const int64_t channels = Channels(tile), step_bytes = channels * kStep;
    int8_t* const to = weights_.data<int8_t>() + TilePlace(tile);
    for (int64_t i = 0; i < std::min(channels, n_ - tile * kTileChannels); ++i) {
      const int8_t* const from = p.weights + (tile * kTileChannels + i) * p.depth();
      int8_t* place = to + VectorOutputStage::Shuffled(i) * kStep;
      int64_t k = 0;
      for (; k + kStep <= p.depth(); k += kStep, place += step_bytes) {
        std::memcpy(place, from + k, kStep);
      }
      for (; k < p.depth(); ++k, ++place) *place = from[k];
    }
    for (int64_t g = 0; g < groups_; ++g) {
      const int8_t* const group = to + g * kGroup * step_bytes;
      largest_.data<int32_t>()[tile * groups_ + g] =
          LargestLaneSum(group, group + step_bytes, step_bytes);
    }
  }

  // Whether a value of `width` times such a sum of weights does not fit in 16 bits.
  static bool TooLarge(int32_t sum, int32_t width) { return sum * width > 32767; }

  int64_t CountLarge(int32_t width) const {
    int64_t large = 0;
    for (int64_t i = 0; i < tiles_ * groups_; ++i) {
      large += TooLarge(largest_.data<int32_t>()[i], width) ? 1 : 0;
    }
    return large;
  }

  void ChooseWindow(int32_t zero_point) {
    int32_t most = 1;
    for (int64_t i = 0; i < tiles_ * groups_; ++i) {
      most = std::max(most, largest_.data<int32_t>()[i]);
    }
    // One that needs no extra groups, and narrow enough ones that a step by itself fits.
    const int32_t widths[] = {std::clamp(32767 / most, 64, 255), kMostMagnitude, 112, 96, 80};
    cost_ = INT32_MAX;
    for (const int32_t width : widths) {
      const int64_t extra = CountLarge(width) * 1000 / (tiles_ * groups_);
      const int32_t outliers = ExpectedOutliers(width, zero_point);
      const auto cost = static_cast<int32_t>(1000 + extra + outliers * OutlierCost(n_) / 100);
      if (cost >= cost_) continue;
      cost_ = cost;
      window_ = {std::clamp(zero_point - width / 2, 0, 255 - width), width};
    }
  }

  // Returns the number of extra groups with those of this tile, `first` without.
  int64_t MoveLargeSteps(int64_t tile, int64_t first) {
    const int64_t step_bytes = Channels(tile) * kStep;
    auto* const locations = locations_.data<int32_t>() + tile * steps();
    for (int64_t s = 0; s < steps(); ++s) {
      locations[s] = static_cast<int32_t>(TilePlace(tile) + s * step_bytes);
    }
    int64_t end = first;
    bool half = false;  // the last group has one step
    for (int64_t g = 0; g < groups_; ++g) {
      if (!TooLarge(largest_.data<int32_t>()[tile * groups_ + g], window_.width)) continue;
      const int64_t step = g * kGroup + 1;
      int8_t* const from = weights_.data<int8_t>() + locations[step];
      int64_t place = (end - 1) * kExtraBytes + step_bytes;
      int8_t* const extra = extra_weights_.data<int8_t>();
      if (!half ||
          TooLarge(LargestLaneSum(extra + place - step_bytes, from, step_bytes), window_.width)) {
        place = end++ * kExtraBytes;
        half = false;
      }
      std::memcpy(extra + place, from, static_cast<size_t>(step_bytes));
      std::memset(from, 0, static_cast<size_t>(step_bytes));
      locations[step] = ~static_cast<int32_t>(place);
      extra_offsets_.data<int32_t>()[(end - 1) * kGroup + (half ? 1 : 0)] =
          static_cast<int32_t>(step * kStep);
      half = !half;
    }
    return end;
  }

  // Of an extra group. (Tiles of 8 channels use half of it: there is only the last.)
  static constexpr int64_t kExtraBytes = kGroup * kTileChannels * kStep;

  // What one takes, in hundredths of a step: it is found once, and multiplied for each tile.
  static int64_t OutlierCost(int64_t n) { return 210 + 900 * kTileChannels / n; }

  const int64_t n_, groups_, tiles_;
  AlignedBuffer weights_;
  AlignedBuffer largest_;  // int32_t: LargestLaneSum of each tile and group
  Window window_ = {0, 255};
  int32_t cost_ = 0;
  AlignedBuffer extra_weights_;
  AlignedBuffer locations_;
  AlignedBuffer extra_counts_;  // int32_t: of extra groups before each tile
  AlignedBuffer extra_offsets_;
};

}  // namespace
}  // namespace integra::kernels::avx2
