// How far two sets of values are apart.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace integra::analysis {

// Accumulates pairs of a reference value a and a compared value b.
class Difference {
 public:
  void Add(std::span<const float> a, std::span<const float> b);

  int64_t count() const { return count_; }
  double mean_error() const { return count_ == 0 ? 0 : sum_error_ / static_cast<double>(count_); }
  double worst_error() const { return worst_; }
  // 10 log10(sum a^2 / sum (a - b)^2): infinite where all are equal, minus infinite where all a are
  // 0 and not all b.
  double sqnr_db() const;
  double a_min() const { return a_min_; }  // 0 where nothing was added
  double a_max() const { return a_max_; }
  double b_min() const { return b_min_; }
  double b_max() const { return b_max_; }

 private:
  int64_t count_ = 0;
  double sum_error_ = 0, worst_ = 0, signal_ = 0, noise_ = 0;
  double a_min_ = 0, a_max_ = 0, b_min_ = 0, b_max_ = 0;
};

// The indices of the `k` largest scores, largest first; of equal ones the lower index comes first.
std::vector<int64_t> TopK(std::span<const float> scores, size_t k);

}  // namespace integra::analysis
