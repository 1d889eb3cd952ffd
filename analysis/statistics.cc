#include "analysis/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace integra::analysis {

void Difference::Add(std::span<const float> a, std::span<const float> b) {
  if (count_ == 0 && !a.empty()) {
    a_min_ = a_max_ = a[0];
    b_min_ = b_max_ = b[0];
  }
  count_ += static_cast<int64_t>(a.size());
  for (size_t i = 0; i < a.size(); ++i) {
    const double x = a[i], y = b[i];
    const double error = x == y ? 0 : std::abs(x - y);  // equal infinities do not differ
    sum_error_ += error;
    signal_ += x * x;
    noise_ += error * error;
    worst_ = std::max(worst_, error);
    a_min_ = std::min(a_min_, x);
    a_max_ = std::max(a_max_, x);
    b_min_ = std::min(b_min_, y);
    b_max_ = std::max(b_max_, y);
  }
}

double Difference::sqnr_db() const {
  if (noise_ == 0) return std::numeric_limits<double>::infinity();
  return 10 * std::log10(signal_ / noise_);
}

std::vector<int64_t> TopK(std::span<const float> scores, size_t k) {
  std::vector<int64_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  k = std::min(k, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(k), order.end(),
                    [&](int64_t i, int64_t j) {
                      const float x = scores[static_cast<size_t>(i)];
                      const float y = scores[static_cast<size_t>(j)];
                      return x > y || (x == y && i < j);
                    });
  order.resize(k);
  return order;
}

}  // namespace integra::analysis
