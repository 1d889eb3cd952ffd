// A histogram of real numbers that needs no range beforehand, forgets the order in which values
// came, and merges exactly: one pass over any number of samples, on any number of threads, gives
// the same counts.
#pragma once

#include <cstdint>
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
  // Adds values. NaN and infinite ones are counted apart and left out of everything else.
  Added Add(std::span<const float> values);
  void Merge(const Histogram& other);

  uint64_t count() const { return count_; }  // finite values, zeros included
  uint64_t zeros() const { return zeros_; }  // values that are exactly 0 (and in no bin)
  uint64_t not_finite() const { return not_finite_; }
  Range extremes() const { return extremes_; }  // [0, 0] where there is no value

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
  void Count(std::span<const float> values);  // adds to bins that are wide enough; 0 counts, too
  void GrowFor(float magnitude);
  void Coarsen(int exponent);

  int exponent_ = -1000;  // k; unset while there is no bin
  std::vector<uint64_t> counts_;
  uint64_t count_ = 0;
  uint64_t zeros_ = 0;
  uint64_t not_finite_ = 0;
  Range extremes_;
};

}  // namespace integra::quantize
