// Average and maximum pooling for one instruction set: see channel_sums.h about how it is included.
#pragma once

#include <type_traits>

#include "kernels/channel_sums.h"
#include "kernels/pool.h"

namespace integra::kernels {
namespace {

// Part of the image that the window of an output covers.
struct Covered {
  int64_t top, bottom, left, right;
  int64_t count() const { return (bottom - top) * (right - left); }
};

inline Covered CoveredBy(const PoolParams& p, int64_t out_y, int64_t out_x) {
  const int64_t y = out_y * p.stride_h - p.pad_top, x = out_x * p.stride_w - p.pad_left;
  const int64_t bottom = y + p.filter_h, right = x + p.filter_w;
  return {y < 0 ? 0 : y, bottom > p.in_h ? p.in_h : bottom, x < 0 ? 0 : x,
          right > p.in_w ? p.in_w : right};
}

// dst = clamp(round(sum / count)), half away from zero in own values.
inline void Average(const PoolParams& p, const uint32_t* sums, int64_t count, int64_t channels,
                    uint8_t* dst) {
  const auto n = static_cast<int32_t>(count);
  const int32_t moved = p.offset * n, half = n / 2;
  if (n < 4096) {
    // floor(t * magic / 2^32) = floor(t / n) where t * (n * magic - 2^32) < 2^32; t < 256 * n.
    const uint64_t magic = (uint64_t{1} << 32) / static_cast<uint32_t>(n) + 1;
    for (int64_t c = 0; c < channels; ++c) {
      // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): ChannelSums has set it
      const int32_t sum = static_cast<int32_t>(sums[c]) - moved;
      const auto magnitude = static_cast<uint32_t>((sum < 0 ? -sum : sum) + half);
      const auto quotient = static_cast<int32_t>(magnitude * magic >> 32);
      int32_t y = (sum < 0 ? -quotient : quotient) + p.offset;
      y = y < p.clamp_min ? p.clamp_min : y;
      dst[c] = static_cast<uint8_t>(y > p.clamp_max ? p.clamp_max : y);
    }
    return;
  }
  for (int64_t c = 0; c < channels; ++c) {
    // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): ChannelSums has set it
    const int64_t sum = int64_t{sums[c]} - int64_t{p.offset} * count;
    int64_t y = (sum + (sum > 0 ? half : -half)) / n + p.offset;
    y = y < p.clamp_min ? p.clamp_min : y;
    dst[c] = static_cast<uint8_t>(y > p.clamp_max ? p.clamp_max : y);
  }
}

// Up to so many pixels, 16 bits do: t * (n * magic - 2^16) <= (255 n + n/2) * n < 2^16 for 1 < n.
constexpr int64_t kSmallWindow = 16;

// The same of a small window, whose sums stay in registers. V: the Vectors of an instruction set.
template <typename V>
class SmallAverage {
  using Vector = typename V::Vector;
  static constexpr int64_t kChannels = V::kBytes;  // at a time

 public:
  SmallAverage(const PoolParams& p, int64_t count)
      : count_(count),
        moved_(V::Set16(static_cast<int>(p.offset * count))),
        half_(V::Set16(static_cast<int>(count / 2))),
        magic_(V::Set16(static_cast<int>((1 << 16) / count + 1))),
        offset_(V::Set16(p.offset)),
        low_(V::Set8(p.clamp_min)),
        high_(V::Set8(p.clamp_max)) {}

  void Run(const uint8_t* const* pixels, int64_t channels, uint8_t* dst) const {
    for (int64_t c = 0; c < channels; c += kChannels) {
      const Vector bytes = V::Pack16InOrder(Half(pixels, c), Half(pixels, c + kChannels / 2));
      const Vector y = V::MinUnsigned8(V::MaxUnsigned8(bytes, low_), high_);
      if (channels - c >= kChannels) {
        V::Store(dst + c, y);
      } else {
        uint8_t last[kChannels];
        V::Store(last, y);
        for (int64_t i = 0; c + i < channels; ++i) dst[c + i] = last[i];
      }
    }
  }

 private:
  // Averages of half as many channels, in 16 bits.
  Vector Half(const uint8_t* const* pixels, int64_t channel) const {
    Vector sum = V::Widen16(pixels[0] + channel);
    for (int64_t i = 1; i < count_; ++i) sum = V::Add16(sum, V::Widen16(pixels[i] + channel));
    sum = V::Subtract16(sum, moved_);
    const Vector sign = V::ShiftRight16(sum, 15);  // all bits of it
    const Vector magnitude = V::Add16(V::Subtract16(V::Xor(sum, sign), sign), half_);
    const Vector quotient = V::MultiplyHighUnsigned16(magnitude, magic_);
    return V::Add16(V::Subtract16(V::Xor(quotient, sign), sign), offset_);
  }

  const int64_t count_;
  const Vector moved_, half_, magic_, offset_, low_, high_;
};

inline void AverageWindow(const PoolParams& p, const uint8_t* image, const Covered& window,
                          uint8_t* dst) {
  for (int64_t first = 0; first < p.channels; first += kBlock) {
    const int64_t rest = p.channels - first;
    const int64_t channels = rest < kBlock ? rest : kBlock;
    ChannelSums sums(channels);
    for (int64_t y = window.top; y < window.bottom; ++y) {
      const uint8_t* row = image + y * p.in_w * p.channels + first;
      for (int64_t x = window.left; x < window.right; ++x) sums.Add(row + x * p.channels);
    }
    Average(p, sums.Finish(), window.count(), channels, dst + first);
  }
}

// 1 < count <= kSmallWindow pixels.
template <typename V>
inline void AverageSmallWindow(const PoolParams& p, const uint8_t* image, const Covered& window,
                               int64_t count, uint8_t* dst) {
  const uint8_t* pixels[kSmallWindow];
  int64_t x = window.left, y = window.top;
  for (int64_t i = 0; i < count; ++i) {
    pixels[i] = image + (y * p.in_w + x) * p.channels;
    if (++x == window.right) {
      x = window.left;
      ++y;
    }
  }
  SmallAverage<V>(p, count).Run(pixels, p.channels, dst);
}

// V is void where there are no Vectors.
template <typename V>
inline void AveragePoolRow(const PoolParams& p, const uint8_t* image, int64_t out_y, uint8_t* dst) {
  for (int64_t out_x = 0; out_x < p.out_w; ++out_x, dst += p.channels) {
    const Covered window = CoveredBy(p, out_y, out_x);
    if constexpr (!std::is_void_v<V>) {
      const int64_t count = window.count();
      if (count > 1 && count <= kSmallWindow) {
        AverageSmallWindow<V>(p, image, window, count, dst);
        continue;
      }
    }
    AverageWindow(p, image, window, dst);
  }
}

inline void MaxPoolRow(const PoolParams& p, const uint8_t* image, int64_t out_y, uint8_t* dst) {
  const auto low = static_cast<uint8_t>(p.clamp_min), high = static_cast<uint8_t>(p.clamp_max);
  for (int64_t out_x = 0; out_x < p.out_w; ++out_x) {
    const Covered window = CoveredBy(p, out_y, out_x);
    for (int64_t first = 0; first < p.channels; first += kLanes) {
      alignas(64) uint8_t largest[kLanes];
      for (int64_t c = 0; c < kLanes; ++c) largest[c] = low;
      for (int64_t y = window.top; y < window.bottom; ++y) {
        const uint8_t* row = image + y * p.in_w * p.channels + first;
        for (int64_t x = window.left; x < window.right; ++x) {
          const uint8_t* pixel = row + x * p.channels;
          for (int64_t c = 0; c < kLanes; ++c) {
            largest[c] = pixel[c] > largest[c] ? pixel[c] : largest[c];
          }
        }
      }
      for (int64_t c = 0; c < kLanes; ++c) largest[c] = largest[c] > high ? high : largest[c];
      const int64_t rest = p.channels - first;
      const int64_t channels = rest < kLanes ? rest : kLanes;
      for (int64_t c = 0; c < channels; ++c) dst[first + c] = largest[c];
    }
    dst += p.channels;
  }
}

}  // namespace
}  // namespace integra::kernels
