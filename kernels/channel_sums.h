// Sums of pixels, channel by channel: what vector kernels of pooling and means are made of.
//
// Plain C++ that compilers turn into vector code. Only .cc files of kernels/ include it, each
// compiled for one instruction set; everything is in an unnamed namespace, so that no function
// compiled for one set can be linked into code for another.
#pragma once

#include <cstdint>

namespace integra::kernels {
namespace {

// Channels at a time. Loops run over whole groups of kLanes, reading past the last channel.
constexpr int64_t kBlock = 256;
constexpr int64_t kLanes = 64;

class ChannelSums {
 public:
  // Of `channels` <= kBlock channels.
  explicit ChannelSums(int64_t channels) : lanes_((channels + kLanes - 1) / kLanes * kLanes) {
    for (int64_t c = 0; c < lanes_; ++c) sum_[c] = 0;
    for (int64_t c = 0; c < lanes_; ++c) part_[c] = 0;
  }

  void Add(const uint8_t* pixel) {
    waiting_[waiting_count_++] = pixel;
    if (waiting_count_ == 4) AddFour();
  }

  const uint32_t* Finish() {
    for (int i = 0; i < waiting_count_; ++i) {
      for (int64_t c = 0; c < lanes_; ++c) {
        part_[c] = static_cast<uint16_t>(part_[c] + waiting_[i][c]);
      }
    }
    Widen();
    return sum_;
  }

 private:
  void AddFour() {
    const uint8_t *a = waiting_[0], *b = waiting_[1], *d = waiting_[2], *e = waiting_[3];
    for (int64_t first = 0; first < lanes_; first += kLanes) {
      for (int64_t c = first; c < first + kLanes; ++c) {
        part_[c] = static_cast<uint16_t>(part_[c] + static_cast<uint16_t>(a[c] + b[c]) +
                                         static_cast<uint16_t>(d[c] + e[c]));
      }
    }
    waiting_count_ = 0;
    added_ += 4;
    if (added_ > 248) Widen();  // 248 + 4 + 3 pixels of 255 still fit in 16 bits
  }

  void Widen() {
    for (int64_t c = 0; c < lanes_; ++c) sum_[c] += part_[c];
    for (int64_t c = 0; c < lanes_; ++c) part_[c] = 0;
    added_ = 0;
  }

  alignas(64) uint32_t sum_[kBlock];
  alignas(64) uint16_t part_[kBlock];
  const uint8_t* waiting_[4];
  int waiting_count_ = 0;
  int added_ = 0;
  int64_t lanes_;
};

}  // namespace
}  // namespace integra::kernels
