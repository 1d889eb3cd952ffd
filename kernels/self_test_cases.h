// What the cases of the self-test share: values, and comparisons with the references.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "base/buffer.h"
#include "base/error.h"
#include "kernels/self_test.h"

namespace integra::kernels::self_test {

using Bytes = std::vector<uint8_t>;

// Deterministic values: random ones, and runs of the extremes that saturate.
class Values {
 public:
  explicit Values(bool extreme) : extreme_(extreme) {}

  Bytes Unsigned(int64_t count) {
    if (extreme_) return Bytes(static_cast<size_t>(count) + kReadPadding, 255);
    return RandomBytes<uint8_t>(static_cast<size_t>(count) + kReadPadding);
  }
  std::vector<int8_t> Weights(int64_t count) {
    std::vector<int8_t> weights = RandomBytes<int8_t>(static_cast<size_t>(count));
    if (extreme_) {
      for (int8_t& v : weights) v = v % 4 != 0 ? 127 : -128;
    }
    return weights;
  }
  std::vector<int32_t> Words(int64_t count, int32_t below) {
    std::vector<int32_t> words(static_cast<size_t>(count));
    for (int32_t& v : words) {
      v = static_cast<int32_t>(Random() % (2 * static_cast<uint32_t>(below))) - below;
    }
    return words;
  }
  // Per channel, for sums of `depth` products, and spread so that outputs are not all clamped.
  OutputStage Stage(int64_t channels, int64_t depth) {
    OutputStage stage;
    stage.rounding = Random() % 2 ? Rounding::kSingle : Rounding::kDouble;
    stage.zero_point = static_cast<int32_t>(Random() % 256);
    int shift = extreme_ ? 7 : 6;
    for (int64_t k = depth; k > 1; k /= extreme_ ? 2 : 4) ++shift;
    for (int64_t i = 0; i < channels; ++i) {
      stage.multipliers.push_back(
          {static_cast<int32_t>((1u << 30) + Random() % (1u << 30)),
           std::min(shift + static_cast<int32_t>(Random() % 3), int32_t{kMaxShift})});
    }
    return stage;
  }

 private:
  // SplitMix64 (Steele, Lea, Flood 2014), eight bytes at a time: this is part of every start.
  uint64_t Random() {
    uint64_t z = state_ += 0x9E3779B97F4A7C15;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return z ^ z >> 31;
  }
  template <typename T>
  std::vector<T> RandomBytes(size_t count) {
    std::vector<T> bytes(count);
    for (size_t i = 0; i < count; i += sizeof(uint64_t)) {
      const uint64_t random = Random();
      std::memcpy(bytes.data() + i, &random, std::min(sizeof(random), count - i));
    }
    return bytes;
  }

  const bool extreme_;
  uint64_t state_ = 1;
};

// Collects comparisons of one set of kernels.
class Comparison {
 public:
  explicit Comparison(KernelSelfTest& result) : result_(result) {}

  void Begin(const char* family) {
    family_ = family;
    ++result_.families;
  }
  // The first `count` outputs.
  void Compare(const Bytes& got, const Bytes& expected, int64_t count) {
    result_.outputs += count;
    for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
      if (got[i] == expected[i]) continue;
      if (result_.wrong++ > 0) continue;
      result_.detail = StrCat(family_, ": output ", i, " of ", count, " is ", int{got[i]},
                              " instead of ", int{expected[i]});
    }
  }

 private:
  KernelSelfTest& result_;
  const char* family_ = "";
};

inline Bytes Outputs(int64_t count) {
  return Bytes(static_cast<size_t>(count) + kReadPadding, 0xA5);
}

// Layers of weights, and their output stage.
void TestGemm(const KernelSet& kernels, Comparison& comparison);
void TestDepthwise(const KernelSet& kernels, Comparison& comparison);
void TestWinograd(const KernelSet& kernels, std::span<const WinogradForm> forms,
                  Comparison& comparison);
void TestRequantize(const KernelSet& kernels, Comparison& comparison);

}  // namespace integra::kernels::self_test
