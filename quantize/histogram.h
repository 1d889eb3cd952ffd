// A histogram of real numbers that needs no range beforehand, forgets the order in which values
// came, and merges exactly: one pass over any number of samples, on any number of threads, gives
// the same counts.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "quantize/scheme.h"

namespace integra::quantize {

// Bins are 2^k wide and start at multiples of 2^k, with 0 at an edge. k grows as larger values
// come, by adding neighbouring bins up, so it depends on the largest magnitude alone: at least a
// quarter of the bins lies below it.
class Histogram {
 public:
  static constexpr int kBins = 8192;  // half of them for negative values

  // What one call of Add() saw.
  struct Added {
    Range extremes;  // [0, 0] where there was no finite value
    uint64_t not_finite = 0;
  };
  // How many of the values are counted: about `most`, in runs of neighbours spread evenly over all;
  // 0: none. `seed` says which.
  struct Share {
    uint64_t most = std::numeric_limits<uint64_t>::max();
    uint64_t seed = 0;
  };
  // Adds values: every one to the extremes, and a share of them to the counts. NaN and infinite
  // ones are counted apart and left out of everything else.
  Added Add(std::span<const float> values, Share share);
  Added Add(std::span<const float> values) { return Add(values, Share()); }
  void Merge(const Histogram& other);

  bool empty() const { return exponent_ == kUnset; }  // no finite value was added
  uint64_t count() const { return count_; }  // finite values that were counted, zeros included
  uint64_t zeros() const { return zeros_; }  // values that are exactly 0 (and in no bin)
  uint64_t not_finite() const { return not_finite_; }
  Range extremes() const { return extremes_; }  // of all values; [0, 0] where there is none

  // One bin that is not empty: [low, low + width), `count` values.
  struct Bin {
    double low;
    double width;
    uint64_t count;
    double center() const { return low + width / 2; }
  };
  // In ascending order, zeros left out.
  std::vector<Bin> bins() const;

  // All of it as numbers, and back. Numbers that no histogram gives are taken without a word, but
  // do no harm.
  static constexpr int64_t kNumbers = 6 + kBins;
  std::vector<int64_t> ToNumbers() const;
  static Histogram FromNumbers(std::span<const int64_t> numbers);

 private:
  void GrowFor(float magnitude);
  void Coarsen(int exponent);

  static constexpr int kUnset = -1000;
  int exponent_ = kUnset;  // k; unset while there is no bin
  std::vector<uint64_t> counts_;
  uint64_t count_ = 0;
  uint64_t zeros_ = 0;
  uint64_t not_finite_ = 0;
  Range extremes_;
};

}  // namespace integra::quantize
