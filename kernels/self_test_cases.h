// What the cases of the self-test share: values, and comparisons with the references.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
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
    Bytes bytes(static_cast<size_t>(count) + kReadPadding);
    for (uint8_t& v : bytes) v = extreme_ ? 255 : static_cast<uint8_t>(random_());
    return bytes;
  }
  std::vector<int8_t> Weights(int64_t count) {
    std::vector<int8_t> weights(static_cast<size_t>(count));
    for (int8_t& v : weights) {
      v = extreme_ ? (random_() % 4 ? 127 : -128) : static_cast<int8_t>(random_());
    }
    return weights;
  }
  std::vector<int32_t> Words(int64_t count, int32_t below) {
    std::vector<int32_t> words(static_cast<size_t>(count));
    for (int32_t& v : words) {
      v = static_cast<int32_t>(random_() % (2 * static_cast<uint32_t>(below))) - below;
    }
    return words;
  }
  // Per channel, for sums of `depth` products, and spread so that outputs are not all clamped.
  OutputStage Stage(int64_t channels, int64_t depth) {
    OutputStage stage;
    stage.rounding = random_() % 2 ? Rounding::kSingle : Rounding::kDouble;
    stage.zero_point = static_cast<int32_t>(random_() % 256);
    int shift = extreme_ ? 7 : 6;
    for (int64_t k = depth; k > 1; k /= extreme_ ? 2 : 4) ++shift;
    for (int64_t i = 0; i < channels; ++i) {
      stage.multipliers.push_back(
          {static_cast<int32_t>((1u << 30) + random_() % (1u << 30)),
           std::min(shift + static_cast<int32_t>(random_() % 3), int32_t{kMaxShift})});
    }
    return stage;
  }

 private:
  const bool extreme_;
  std::minstd_rand random_{1};  // (quick to make and to ask: this is part of every start)
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
void TestWinograd(const KernelSet& kernels, Comparison& comparison);
void TestRequantize(const KernelSet& kernels, Comparison& comparison);

}  // namespace integra::kernels::self_test
