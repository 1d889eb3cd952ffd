#include "quantize/adaround.h"

#include <algorithm>
#include <cmath>

namespace integra::quantize {
namespace {

// E[x] of `count` vectors of K values.
std::vector<double> Mean(std::span<const float> x, int64_t count, int64_t k) {
  std::vector<double> mean(static_cast<size_t>(k), 0);
  for (int64_t s = 0; s < count; ++s) {
    for (int64_t i = 0; i < k; ++i)
      mean[static_cast<size_t>(i)] += x[static_cast<size_t>(s * k + i)];
  }
  for (double& m : mean) m /= static_cast<double>(std::max<int64_t>(count, 1));
  return mean;
}

// E[x x^T] of `count` vectors of K values, [K, K], or their covariance.
std::vector<double> Gram(std::span<const float> x, int64_t count, int64_t k, bool centered) {
  const auto n = static_cast<size_t>(k);
  std::vector<double> gram(n * n, 0);
  for (int64_t s = 0; s < count; ++s) {
    const float* v = x.data() + s * k;
    for (size_t i = 0; i < n; ++i) {
      if (v[i] == 0) continue;
      const double vi = v[i];
      double* row = gram.data() + i * n;
      for (size_t j = 0; j <= i; ++j) row[j] += vi * static_cast<double>(v[j]);
    }
  }
  std::vector<double> mean(n, 0);
  if (centered) mean = Mean(x, count, k);
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j <= i; ++j) {
      gram[i * n + j] /= static_cast<double>(std::max<int64_t>(count, 1));
      gram[i * n + j] -= mean[i] * mean[j];
      gram[j * n + i] = gram[i * n + j];
    }
  }
  return gram;
}

int32_t StoredValue(uint8_t byte, const QuantParams& params) {
  return params.levels.min < 0 ? int32_t{static_cast<int8_t>(byte)} : int32_t{byte};
}

// Rounds one channel; `real` are its weights, `q` gets the integers.
void RoundChannel(std::span<const float> real, const std::vector<double>& gram,
                  const QuantParams& params, std::vector<int32_t>& q) {
  const size_t k = real.size();
  std::vector<double> error(k), gradient(k, 0);  // error in steps; gradient = gram * error
  std::vector<int32_t> other(k);
  for (size_t i = 0; i < k; ++i) {
    q[i] = QuantizeValue(real[i], params);
    error[i] = q[i] - params.zero_point - static_cast<double>(real[i]) / params.scale;
    other[i] = std::clamp(error[i] > 0 ? q[i] - 1 : q[i] + 1, params.levels.min, params.levels.max);
    if (std::abs(error[i]) >= 1) other[i] = q[i];  // clipped: stays at the end of the range
  }
  for (size_t j = 0; j < k; ++j) {
    if (error[j] == 0) continue;
    const double* row = gram.data() + j * k;
    for (size_t i = 0; i < k; ++i) gradient[i] += error[j] * row[i];
  }
  constexpr int kMaxRounds = 20;
  for (int round = 0; round < kMaxRounds; ++round) {
    bool changed = false;
    for (size_t i = 0; i < k; ++i) {
      const int32_t step = other[i] - q[i];
      if (step == 0) continue;
      // (e + d)^T G (e + d) - e^T G e for d = step in coordinate i.
      const double change = step * (2 * gradient[i] + step * gram[i * k + i]);
      if (change >= -1e-12 * (1 + gram[i * k + i])) continue;
      std::swap(q[i], other[i]);
      error[i] += step;
      const double* row = gram.data() + i * k;
      for (size_t j = 0; j < k; ++j) gradient[j] += step * row[j];
      changed = true;
    }
    if (!changed) break;
  }
}

}  // namespace

std::vector<uint8_t> RoundAdaptively(std::span<const float> weights, const ChannelLayout& layout,
                                     const std::vector<QuantParams>& params,
                                     const LayerSamples& samples, bool centered) {
  std::vector<uint8_t> rounded(weights.size());
  const int64_t k = layout.per_channel();
  std::vector<double> gram;
  std::vector<int32_t> q(static_cast<size_t>(k));
  for (int64_t c = 0; c < layout.channels; ++c) {
    if (c == 0 || samples.depthwise) {
      const std::vector<float> x = samples.ForChannel(c, layout.channels);
      gram = Gram(x, samples.count, k, centered);
    }
    RoundChannel(layout.Channel(weights, c), gram, params[static_cast<size_t>(c)], q);
    for (int64_t i = 0; i < k; ++i) {
      rounded[static_cast<size_t>(layout.index(c, i))] =
          static_cast<uint8_t>(q[static_cast<size_t>(i)]);
    }
  }
  return rounded;
}

std::vector<float> MeanShift(std::span<const float> weights, std::span<const uint8_t> rounded,
                             const ChannelLayout& layout, const std::vector<QuantParams>& params,
                             const LayerSamples& samples) {
  const int64_t k = layout.per_channel();
  std::vector<double> mean;
  std::vector<float> shift(static_cast<size_t>(layout.channels));
  for (int64_t c = 0; c < layout.channels; ++c) {
    if (c == 0 || samples.depthwise) {
      const std::vector<float> x = samples.ForChannel(c, layout.channels);
      mean = Mean(x, samples.count, k);
    }
    const QuantParams& p = params[static_cast<size_t>(c)];
    double sum = 0;
    for (int64_t i = 0; i < k; ++i) {
      const auto at = static_cast<size_t>(layout.index(c, i));
      const double real = DequantizeValue(StoredValue(rounded[at], p), p);
      sum += (real - weights[at]) * mean[static_cast<size_t>(i)];
    }
    shift[static_cast<size_t>(c)] = static_cast<float>(sum);
  }
  return shift;
}

}  // namespace integra::quantize
