// Weights of a GEMM packed for products of bytes. Included by gemm_bytes.cc alone.
//
// vpmaddubsw adds two products of an unsigned and a signed byte in 16 bits, and saturates. Two such
// sums are added before they are widened to 32 bits: four products, of two steps of four bytes.
// They fit if the largest unsigned byte times the sum of the positive weights of the four, and of
// the negative ones, does. How large that byte may be, the width of the window, is chosen here. In
// the few groups of two steps whose weights are larger, one of the steps is moved behind all groups
// of its tile: an extra group has one or two such steps, and reads their bytes from elsewhere.
//
// Layers of few channels, for which finding outliers takes too long, are packed for whole values,
// up to 255, instead: the sums of each step are widened by themselves, and fit where the weights of
// a pair of values are not too large (byte_pairs.h). In the few steps where they are, the weights
// of the second value of each pair are moved.
#pragma once

#include <immintrin.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/buffer.h"
#include "kernels/avx2/byte_pairs.h"
#include "kernels/avx2/byte_rows.h"
#include "kernels/avx2/gemm_store.h"
#include "kernels/gemm.h"

namespace integra::kernels::avx2 {
namespace {

constexpr int64_t kStep = 4;   // bytes of a row
constexpr int64_t kGroup = 2;  // steps

// The largest sum of positive, or of negative weights that are added in one 16-bit lane, of two
// steps of `bytes` or of one, with null.
INTEGRA_INLINE int32_t LargestLaneSum(const int8_t* a, const int8_t* b, int64_t bytes) {
  const __m256i zero = _mm256_setzero_si256(), ones = _mm256_set1_epi8(1);
  __m256i largest = zero;
  for (int64_t i = 0; i < bytes; i += 32) {
    const __m256i v = _mm256_load_si256(reinterpret_cast<const __m256i*>(a + i));
    const __m256i u =
        b != nullptr ? _mm256_load_si256(reinterpret_cast<const __m256i*>(b + i)) : zero;
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

INTEGRA_INLINE bool IsAfterRelu(int32_t zero_point) { return zero_point < 32 || zero_point > 223; }

INTEGRA_INLINE int32_t ExpectedOutliers(int32_t width, int32_t zero_point) {
  const bool after_relu = IsAfterRelu(zero_point);
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
        extra_counts_(static_cast<size_t>(tiles_ + 1) * sizeof(int32_t)) {
    // (Without a ReLU few values are outliers, and weights are mostly too large for whole values.)
    if (n_ < kFewestOfWindows && IsAfterRelu(p.src_zero_point) && p.depth() % kShuffled == 0) {
      ValueOrder found = FindOrder(p);
      takes_whole_ = found.large * 1000 <= kMostLargePairs * tiles_ * steps();
      if (takes_whole_) order_ = std::move(found.order);
    }
    for (int64_t tile = 0; tile < tiles_; ++tile) Pack(p, tile);
    if (!takes_whole_) ChooseWindow(p.src_zero_point);
  }

  int64_t groups() const { return groups_; }
  int64_t steps() const { return groups_ * kGroup; }
  // Whether packed for whole values; else for those of a window.
  bool takes_whole() const { return takes_whole_; }
  // The order of the values of a row (FindOrder), or null: as they are.
  const uint8_t* order() const { return order_.data<uint8_t>(); }
  Window window() const { return window_; }
  // How many of 1000 steps may be outliers: with more, 16-bit products take less time.
  int64_t most_outliers() const { return 100 * (kWideCost - 1000) / OutlierCost(n_); }
  // Thousandths of the time of products of windows without outliers and extra groups that these are
  // expected to take.
  int32_t cost() const { return cost_; }
  static constexpr int32_t kWideCost = 1600;  // of 16-bit products

  size_t bytes() const {
    return weights_.size() + order_.size() + extra_weights_.size() + locations_.size() +
           extra_counts_.size() + extra_offsets_.size();
  }

  // Moves what is too large for 16 bits; the weights can be used after this.
  void Arrange() {
    const int64_t most = takes_whole_ ? CountLargePairs() : CountLarge(window_.width);
    extra_weights_ = AlignedBuffer(static_cast<size_t>(most * kExtraBytes));
    extra_offsets_ = AlignedBuffer(static_cast<size_t>(most * kGroup) * sizeof(int32_t));
    if (!takes_whole_) {
      locations_ = AlignedBuffer(static_cast<size_t>(tiles_ * steps()) * sizeof(int32_t));
    }
    for (int64_t tile = 0; tile < tiles_; ++tile) {
      ExtraStep end = {extra_counts_.data<int32_t>()[tile], false};
      if (takes_whole_) {
        MoveSecondValues(tile, end);
      } else {
        MoveLargeSteps(tile, end);
      }
      extra_counts_.data<int32_t>()[tile + 1] = end.groups;
    }
    largest_ = AlignedBuffer();
  }

  // [groups][kGroup][channels][kStep]
  const int8_t* tile(int64_t tile) const { return weights_.data<int8_t>() + TilePlace(tile); }
  // Where the weights of a tile's steps are, for At(). (Not of whole values.)
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
  int64_t StepBytes(int64_t tile) const { return Channels(tile) * kStep; }
  int64_t TilePlace(int64_t tile) const { return tile * kTileChannels * steps() * kStep; }
  int8_t* StepOf(int64_t tile, int64_t step) const {
    return weights_.data<int8_t>() + TilePlace(tile) + step * StepBytes(tile);
  }

  void Pack(const GemmProblem& p, int64_t tile) {
    const int64_t step_bytes = StepBytes(tile);
    for (int64_t i = 0; i < std::min(Channels(tile), n_ - tile * kTileChannels); ++i) {
      const int8_t* const from = p.weights + (tile * kTileChannels + i) * p.depth();
      int8_t* place = StepOf(tile, 0) + VectorOutputStage::Shuffled(i) * kStep;
      int64_t k = 0;
      if (order() != nullptr) {
        for (; k < p.depth(); k += kShuffled) {
          alignas(16) int8_t ordered[kShuffled];
          const auto load = [k](const void* base) __attribute__((always_inline)) {
            return _mm_loadu_si128(
                reinterpret_cast<const __m128i*>(static_cast<const char*>(base) + k));
          };
          _mm_store_si128(reinterpret_cast<__m128i*>(ordered),
                          _mm_shuffle_epi8(load(from), load(order())));
          for (int64_t j = 0; j < kShuffled; j += kStep, place += step_bytes) {
            std::memcpy(place, ordered + j, kStep);
          }
        }
        continue;
      }
      for (; k + kStep <= p.depth(); k += kStep, place += step_bytes) {
        std::memcpy(place, from + k, kStep);
      }
      for (; k < p.depth(); ++k, ++place) *place = from[k];
    }
  }

  // Whether a value of `width` times such a sum of weights does not fit in 16 bits.
  static bool TooLarge(int32_t sum, int32_t width) { return sum * width > 32767; }

  bool HasLargePairs(int64_t tile, int64_t step) const {
    return TooLarge(LargestLaneSum(StepOf(tile, step), nullptr, StepBytes(tile)), 255);
  }

  int64_t CountLargePairs() const {
    int64_t large = 0;
    for (int64_t tile = 0; tile < tiles_; ++tile) {
      for (int64_t step = 0; step < steps(); ++step) large += HasLargePairs(tile, step) ? 1 : 0;
    }
    return large;
  }

  int64_t CountLarge(int32_t width) const {
    int64_t large = 0;
    for (int64_t i = 0; i < tiles_ * groups_; ++i) {
      large += TooLarge(largest_.data<int32_t>()[i], width) ? 1 : 0;
    }
    return large;
  }

  void ChooseWindow(int32_t zero_point) {
    int32_t most = 1;
    largest_ = AlignedBuffer(static_cast<size_t>(tiles_ * groups_) * sizeof(int32_t));
    for (int64_t i = 0; i < tiles_ * groups_; ++i) {
      const int64_t tile = i / groups_, step = i % groups_ * kGroup;
      const int32_t largest =
          LargestLaneSum(StepOf(tile, step), StepOf(tile, step + 1), StepBytes(tile));
      largest_.data<int32_t>()[i] = largest;
      most = std::max(most, largest);
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

  // Where the next step of a tile's extra groups goes.
  struct ExtraStep {
    int32_t groups;
    bool second;  // of the last group
  };

  // Weights of `step` behind a tile's groups; returns their location.
  int32_t Append(int64_t tile, int64_t step, const int8_t* weights, ExtraStep& end) {
    const int64_t bytes = StepBytes(tile);
    auto* const extra = extra_weights_.data<int8_t>();
    int64_t place = (end.groups - 1) * kExtraBytes + bytes;
    if (!end.second ||
        (!takes_whole_ &&
         TooLarge(LargestLaneSum(extra + place - bytes, weights, bytes), window_.width))) {
      place = end.groups++ * kExtraBytes;
      end.second = false;
    }
    std::memcpy(extra + place, weights, static_cast<size_t>(bytes));
    extra_offsets_.data<int32_t>()[(end.groups - 1) * kGroup + (end.second ? 1 : 0)] =
        static_cast<int32_t>(step * kStep);
    end.second = !end.second;
    return ~static_cast<int32_t>(place);
  }

  void MoveLargeSteps(int64_t tile, ExtraStep& end) {
    auto* const locations = locations_.data<int32_t>() + tile * steps();
    for (int64_t s = 0; s < steps(); ++s) {
      locations[s] = static_cast<int32_t>(StepOf(tile, s) - weights_.data<int8_t>());
    }
    for (int64_t g = 0; g < groups_; ++g) {
      if (!TooLarge(largest_.data<int32_t>()[tile * groups_ + g], window_.width)) continue;
      const int64_t s = g * kGroup + 1;
      locations[s] = Append(tile, s, StepOf(tile, s), end);
      std::memset(StepOf(tile, s), 0, static_cast<size_t>(StepBytes(tile)));
    }
  }

  void MoveSecondValues(int64_t tile, ExtraStep& end) {
    for (int64_t s = 0; s < steps(); ++s) {
      if (!HasLargePairs(tile, s)) continue;
      alignas(32) int8_t seconds[kTileChannels * kStep] = {};
      for (int64_t i = 1; i < StepBytes(tile); i += 2) std::swap(seconds[i], StepOf(tile, s)[i]);
      Append(tile, s, seconds, end);
    }
  }

  static constexpr int64_t kMostLargePairs = 250;  // of 1000 steps
  static constexpr int64_t kFewestOfWindows = 64;  // channels

  // Of an extra group. (Tiles of 8 channels use half of it: there is only the last.)
  static constexpr int64_t kExtraBytes = kGroup * kTileChannels * kStep;

  // What one takes, in hundredths of a step: it is found once, and multiplied for each tile.
  static int64_t OutlierCost(int64_t n) { return 210 + 900 * kTileChannels / n; }

  const int64_t n_, groups_, tiles_;
  AlignedBuffer order_;
  AlignedBuffer weights_;
  AlignedBuffer largest_;  // int32_t: LargestLaneSum of each tile and group
  bool takes_whole_ = false;
  Window window_ = {0, 255};
  int32_t cost_ = 0;  // (of whole values little)
  AlignedBuffer extra_weights_;
  AlignedBuffer locations_;
  AlignedBuffer extra_counts_;  // int32_t: of extra groups before each tile
  AlignedBuffer extra_offsets_;
};

}  // namespace
}  // namespace integra::kernels::avx2
