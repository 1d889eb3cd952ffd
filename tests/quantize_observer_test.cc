#include "quantize/observer.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "integra/error.hpp"

namespace integra::quantize {
namespace {

constexpr auto kAsymmetric = Symmetry::kAsymmetric;
constexpr auto kRestricted = Symmetry::kSymmetricRestricted;

std::vector<float> Normal(int count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0.5f, 1.0f);
  std::vector<float> values(static_cast<size_t>(count));
  for (float& x : values) x = normal(random);
  return values;
}

bool Same(const Histogram& a, const Histogram& b) {
  const auto x = a.bins(), y = b.bins();
  if (a.count() != b.count() || a.zeros() != b.zeros() || !(a.extremes() == b.extremes()) ||
      x.size() != y.size()) {
    return false;
  }
  for (size_t i = 0; i < x.size(); ++i) {
    if (x[i].low != y[i].low || x[i].width != y[i].width || x[i].count != y[i].count) return false;
  }
  return true;
}

TEST_CASE("histogram: the same counts in any order, in any parts") {
  std::vector<float> values = Normal(5000, 1);
  values.insert(values.end(), {1e-30f, -1e-30f, 0.0f, -0.0f, 300.0f, -4096.0f, 1e-42f});
  Histogram forward, backward, left, right;
  for (const float x : values) forward.Add(std::span(&x, 1));
  std::vector<float> reversed(values.rbegin(), values.rend());
  backward.Add(reversed);
  left.Add(std::span(values).first(2000));
  right.Add(std::span(values).subspan(2000));
  Histogram left_first = left, right_first = right;
  left_first.Merge(right);
  right_first.Merge(left);
  CHECK(Same(forward, backward));
  CHECK(Same(forward, left_first));
  CHECK(Same(forward, right_first));
  CHECK(forward.count() == values.size());
  CHECK(forward.zeros() == 2);
  CHECK(forward.extremes() == Range{-4096.0, 300.0});
}

TEST_CASE("histogram: bins hold what they say") {
  Histogram histogram;
  const std::vector<float> values = Normal(1000, 2);
  histogram.Add(values);
  uint64_t total = histogram.zeros();
  for (const Histogram::Bin& bin : histogram.bins()) {
    uint64_t inside = 0;
    for (const float x : values) inside += x >= bin.low && x < bin.low + bin.width;
    CHECK(inside == bin.count);
    total += bin.count;
  }
  CHECK(total == values.size());
}

// So many values that they are counted by the block: zeros, a wider range in the middle, a rest.
TEST_CASE("histogram: many values are counted as single ones are") {
  std::vector<float> values = Normal(20000, 3);
  for (size_t i = 0; i < values.size(); i += 3) values[i] = i % 2 == 0 ? 0.0f : -0.0f;
  for (size_t i = 9000; i < 9500; ++i) values[i] *= 100;
  values[19999] = -1e4f;
  Histogram whole, one_by_one;
  const Histogram::Added added = whole.Add(values);
  for (const float x : values) one_by_one.Add(std::span(&x, 1));
  CHECK(Same(whole, one_by_one));
  CHECK(added.extremes == whole.extremes());
  whole.Add(values);  // nothing was left behind
  for (const float x : values) one_by_one.Add(std::span(&x, 1));
  CHECK(Same(whole, one_by_one));
}

TEST_CASE("histogram: a share of the values has the shape of all, and no extreme is missed") {
  constexpr int kCount = 1 << 20;
  std::vector<float> values = Normal(kCount, 4);
  values[777777] = 50;
  values[3] = -60;
  Histogram all, share, other, none;
  all.Add(values);
  const Histogram::Added added = share.Add(values, {.most = 1 << 17, .seed = 1});
  other.Add(values, {.most = 1 << 17, .seed = 2});
  none.Add(values, {.most = 0});
  CHECK(added.extremes == Range{-60, 50});
  CHECK(share.count() == 1 << 17);
  CHECK(none.count() == 0);
  CHECK_FALSE(none.empty());
  CHECK(none.extremes() == Range{-60, 50});
  CHECK_FALSE(Same(share, other));
  for (const double percentile : {75.0, 99.0, 99.9}) {
    const Range expected = PercentileRange(all, percentile);
    for (const Histogram& part : {share, other}) {
      const Range range = PercentileRange(part, percentile);
      CHECK(range.low == doctest::Approx(expected.low).epsilon(0.03));
      CHECK(range.high == doctest::Approx(expected.high).epsilon(0.03));
    }
  }
  // Values with a period, as those of channels have: no phase is preferred.
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i / 256 % 8);
  Histogram periodic;
  periodic.Add(values, {.most = 1 << 17, .seed = 3});
  CHECK(periodic.bins().size() == 7);
  for (const Histogram::Bin& bin : periodic.bins()) {
    CHECK(static_cast<double>(bin.count) == doctest::Approx((1 << 17) / 8.0).epsilon(0.4));
  }
  // A fault is found wherever it is.
  values[5000] = NAN;
  CHECK(share.Add(values, {.most = 256}).not_finite == 1);
}

TEST_CASE("histogram: NaN and infinity are counted apart") {
  Histogram histogram;
  const float infinity = std::numeric_limits<float>::infinity();
  histogram.Add(std::vector<float>{NAN, 1.0f, infinity, -infinity, 2.0f});
  CHECK(histogram.not_finite() == 3);
  CHECK(histogram.count() == 2);
  CHECK(histogram.extremes() == Range{1.0, 2.0});
  Histogram other;
  other.Add(std::vector<float>{NAN});
  other.Merge(histogram);
  CHECK(other.not_finite() == 4);
  CHECK(other.count() == 2);
}

TEST_CASE("moving average: order of samples, momentum 0.9") {
  Observer observer(0.9);
  observer.AddValues(std::vector<float>{-2, 20});
  observer.AddSampleRange({0, 10});
  observer.AddSampleRange({-2, 20});
  const Range range =
      ChooseRange(observer, {.method = RangeMethod::kMovingAverage}, kAsymmetric, 8);
  CHECK(range.low == doctest::Approx(-0.2));
  CHECK(range.high == doctest::Approx(11.0));
}

TEST_CASE("minmax takes everything; nothing observed is an error") {
  Observer observer;
  CHECK_THROWS_AS(ChooseRange(observer, RangeOptions(), kAsymmetric, 8), Error);
  observer.AddValues(std::vector<float>{-3, 7});
  CHECK(ChooseRange(observer, {.method = RangeMethod::kMinMax}, kAsymmetric, 8) == Range{-3, 7});
}

TEST_CASE("percentile: ranks of a known ramp") {
  // 1..1000: the 99th percentile lies at 990 of 1000 values.
  std::vector<float> ramp(1000);
  std::iota(ramp.begin(), ramp.end(), 1.0f);
  Histogram histogram;
  histogram.Add(ramp);
  const Range range = PercentileRange(histogram, 99);
  CHECK(range.low == doctest::Approx(11).epsilon(0.1));
  CHECK(range.high == doctest::Approx(991).epsilon(0.002));
  CHECK(PercentileRange(histogram, 100) == Range{1, 1000});
  // A spike of zeros holds every rank but the last few.
  Histogram spike;
  std::vector<float> values(10000, 0.0f);
  values[5] = 5;
  spike.Add(values);
  CHECK(PercentileRange(spike, 99.9) == Range{0, 0});
}

TEST_CASE("mse: the error of known values") {
  // Scale 1, levels -1..1 (2 bits, restricted): 0.25 -> 0, 0.75 -> 1, 3 -> 1.
  const QuantParams p = ChooseParams({-1, 1}, kRestricted, 2, DataType::kInt8);
  REQUIRE(p.scale == 1.0f);
  const std::vector<float> values = {0.25f, 0.75f, 3.0f, 0.0f};
  const double expected = (0.0625 + 0.0625 + 4) / 4;
  CHECK(MeanSquaredError(values, p) == doctest::Approx(expected));
  Histogram histogram;
  histogram.Add(values);
  CHECK(MeanSquaredError(histogram, p) == doctest::Approx(expected).epsilon(0.001));
}

TEST_CASE("mse: clips an outlier, keeps what it must") {
  std::vector<float> values = Normal(100000, 3);
  values.push_back(20);
  Observer observer;
  observer.AddValues(values);
  for (const Symmetry symmetry : {kAsymmetric, kRestricted}) {
    // At 4 bits one clipped value costs less than 100000 values in coarser steps.
    const Range range = MseRange(observer.histogram(), symmetry, 4);
    CHECK(range.high < 8);
    const auto error = [&](Range r) {
      return MeanSquaredError(observer.histogram(), ChooseParams(r, symmetry, 4, DataType::kInt8));
    };
    CHECK(error(range) < 0.8 * error(observer.histogram().extremes()));
    CHECK(MeanSquaredError(values, ChooseParams(range, symmetry, 4, DataType::kInt8)) ==
          doctest::Approx(error(range)).epsilon(0.05));
  }
  // Uniform data have no tail: nothing to clip.
  std::vector<float> ramp(2551);
  for (size_t i = 0; i < ramp.size(); ++i) ramp[i] = static_cast<float>(i) / 10;
  const Range range = MseRange(ramp, kAsymmetric, 8);
  CHECK(range.high > 250);
}

TEST_CASE("mse: no range of a fine grid is better by much") {
  const std::vector<float> values = Normal(20000, 4);
  Histogram histogram;
  histogram.Add(values);
  for (const int bits : {3, 4, 8}) {
    const Range best = MseRange(histogram, kAsymmetric, bits);
    const auto error = [&](Range r) {
      return MeanSquaredError(histogram, ChooseParams(r, kAsymmetric, bits, DataType::kInt8));
    };
    const Range all = histogram.extremes();
    double grid_best = error(all);
    for (int i = 1; i <= 40; ++i) {
      for (int j = 1; j <= 40; ++j) {
        grid_best = std::min(grid_best, error({all.low * i / 40, all.high * j / 40}));
      }
    }
    CAPTURE(bits);
    CHECK(error(best) <= 1.02 * grid_best);
  }
}

TEST_CASE("entropy: cuts a long thin tail, keeps a uniform distribution") {
  std::mt19937 random(5);
  std::vector<float> values;
  std::exponential_distribution<float> exponential(1.0f);
  for (int i = 0; i < 100000; ++i) values.push_back(exponential(random));
  values.push_back(200.0f);
  Histogram tail;
  tail.Add(values);
  const Range cut = EntropyRange(tail, 8);
  CHECK(cut.low == doctest::Approx(0).epsilon(0.01));
  CHECK(cut.high < 100);
  CHECK(cut.high > 2);

  Histogram uniform;
  std::uniform_real_distribution<float> flat(-1, 1);
  std::vector<float> level(100000);
  for (float& x : level) x = flat(random);
  uniform.Add(level);
  const Range kept = EntropyRange(uniform, 8);
  CHECK(kept.high > 0.9);
  CHECK(kept.low < -0.9);
}

TEST_CASE("every method stays within the observed values and copes with constants") {
  for (const float constant : {0.0f, 3.0f, -2.0f}) {
    Observer observer;
    observer.AddValues(std::vector<float>(100, constant));
    observer.AddSampleRange({constant, constant});
    for (const RangeMethod method :
         {RangeMethod::kMinMax, RangeMethod::kMovingAverage, RangeMethod::kPercentile,
          RangeMethod::kEntropy, RangeMethod::kMse}) {
      CAPTURE(NameOf(method));
      CAPTURE(constant);
      const Range range = ChooseRange(observer, {.method = method}, kAsymmetric, 8);
      const QuantParams p = ChooseParams(range, kAsymmetric, 8, DataType::kUInt8);
      CHECK(DequantizeValue(QuantizeValue(constant, p), p) ==
            doctest::Approx(constant).epsilon(0.01));
    }
  }
}

}  // namespace
}  // namespace integra::quantize
