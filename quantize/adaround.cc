#include "quantize/adaround.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "graph/graph.h"
#include "graph/schema.h"
#include "runtime/float/float_plan.h"

namespace integra::quantize {
namespace {

// A A^T of a matrix of `rows` rows, by a network with one dense layer: as fast as float mode.
std::vector<float> TimesOwnTransposed(std::vector<float> matrix, int64_t rows, int64_t columns,
                                      bool reference) {
  graph::Graph product;
  const auto add = [&](const char* name, Shape shape) {
    graph::Tensor& tensor = product.tensors.emplace_back();
    tensor.name.append(name);
    tensor.shape = std::move(shape);
  };
  add("x", {rows, columns});
  add("weights", {rows, columns});
  add("y", {rows, rows});
  product.tensors[1].data = SharedBytes::Own(std::move(matrix));
  product.nodes.push_back({"product", graph::OpType::kFullyConnected, {0, 1}, {2}, {}});
  product.inputs = {0};
  product.outputs = {2};
  graph::Validate(product);
  floats::FloatPlan plan(product, {.reference = reference});
  plan.Import(0, product.tensors[1].data.as<std::byte>());
  plan.Run();
  const float* y = plan.tensor(2).floats();
  return {y, y + rows * rows};
}

// E[x x^T] of `count` vectors of K values, [K, K].
std::vector<float> Gram(std::span<const float> x, int64_t count, int64_t k, bool reference) {
  // The values as [K, count]: both operands of a product in the layout of a dense layer.
  std::vector<float> columns(x.size());
  const float share = 1 / std::sqrt(static_cast<float>(count));
  constexpr int64_t kTile = 32;
  for (int64_t s0 = 0; s0 < count; s0 += kTile) {
    for (int64_t i0 = 0; i0 < k; i0 += kTile) {
      for (int64_t i = i0; i < std::min(i0 + kTile, k); ++i) {
        for (int64_t s = s0; s < std::min(s0 + kTile, count); ++s) {
          columns[static_cast<size_t>(i * count + s)] = x[static_cast<size_t>(s * k + i)] * share;
        }
      }
    }
  }
  return TimesOwnTransposed(std::move(columns), k, count, reference);
}

// The same for every channel of a depthwise layer by itself: [taps, taps, channels].
std::vector<float> DepthwiseGrams(const LayerSamples& samples) {
  const int64_t taps = samples.taps, channels = samples.channels;
  std::vector<float> grams(static_cast<size_t>(taps * taps * channels), 0.0f);
  const float share = 1 / static_cast<float>(samples.count);
  for (int64_t s = 0; s < samples.count; ++s) {
    const float* patch = samples.values.data() + s * taps * channels;
    for (int64_t i = 0; i < taps; ++i) {
      for (int64_t j = 0; j < taps; ++j) {
        const float *a = patch + i * channels, *b = patch + j * channels;
        float* sum = grams.data() + (i * taps + j) * channels;
        for (int64_t c = 0; c < channels; ++c) sum[c] += a[c] * b[c] * share;
      }
    }
  }
  return grams;
}

std::vector<float> OfChannel(const std::vector<float>& grams, int64_t channel, int64_t channels) {
  std::vector<float> own(grams.size() / static_cast<size_t>(channels));
  for (size_t i = 0; i < own.size(); ++i) {
    own[i] = grams[i * static_cast<size_t>(channels) + static_cast<size_t>(channel)];
  }
  return own;
}

// From E[x x^T] to the covariance.
void Center(const std::vector<double>& mean, std::vector<float>& gram) {
  const size_t k = mean.size();
  for (size_t i = 0; i < k; ++i) {
    for (size_t j = 0; j < k; ++j) {
      gram[i * k + j] = static_cast<float>(gram[i * k + j] - mean[i] * mean[j]);
    }
  }
}

int32_t StoredValue(uint8_t byte, const QuantParams& params) {
  return params.levels.min < 0 ? int32_t{static_cast<int8_t>(byte)} : int32_t{byte};
}

// Rounds one channel; `real` are its weights, `q` gets the integers.
void RoundChannel(std::span<const float> real, const std::vector<float>& gram,
                  const QuantParams& params, std::vector<int32_t>& q) {
  const size_t k = real.size();
  std::vector<float> error(k), gradient(k, 0);  // error in steps; gradient = gram * error
  std::vector<int32_t> other(k);
  const auto add_row = [&](size_t i, float factor) {
    const float* row = gram.data() + i * k;
    for (size_t j = 0; j < k; ++j) gradient[j] += factor * row[j];
  };
  for (size_t i = 0; i < k; ++i) {
    q[i] = QuantizeValue(real[i], params);
    error[i] = static_cast<float>(q[i] - params.zero_point - double{real[i]} / params.scale);
    other[i] = std::clamp(error[i] > 0 ? q[i] - 1 : q[i] + 1, params.levels.min, params.levels.max);
    if (std::abs(error[i]) >= 1) other[i] = q[i];  // clipped: stays at the end of the range
  }
  for (size_t i = 0; i < k; ++i) {
    if (error[i] != 0) add_row(i, error[i]);
  }
  constexpr int kMaxRounds = 20;
  for (int round = 0; round < kMaxRounds; ++round) {
    bool changed = false;
    for (size_t i = 0; i < k; ++i) {
      const auto step = static_cast<float>(other[i] - q[i]);
      if (step == 0) continue;
      // (e + d)^T G (e + d) - e^T G e for d = step in coordinate i. What float sums cannot tell
      // from nothing is no gain.
      const float own = gram[i * k + i];
      const float change = step * (2 * gradient[i] + step * own);
      if (change >= -1e-4f * own) continue;
      std::swap(q[i], other[i]);
      error[i] += step;
      add_row(i, step);
      changed = true;
    }
    if (!changed) break;
  }
}

}  // namespace

std::vector<uint8_t> RoundAdaptively(std::span<const float> weights, const ChannelLayout& layout,
                                     const std::vector<QuantParams>& params,
                                     const LayerSamples& samples, const RoundingOptions& options) {
  std::vector<uint8_t> rounded(weights.size());
  const int64_t k = layout.per_channel();
  std::vector<float> gram = samples.depthwise
                                ? DepthwiseGrams(samples)
                                : Gram(samples.values, samples.count, k, options.reference);
  if (!samples.depthwise && options.centered) Center(samples.mean, gram);
  std::vector<int32_t> q(static_cast<size_t>(k));
  for (int64_t c = 0; c < layout.channels; ++c) {
    if (samples.depthwise) {
      const int64_t channel = c / (layout.channels / samples.channels);
      std::vector<float> own_gram = OfChannel(gram, channel, samples.channels);
      if (options.centered) Center(samples.MeanForChannel(c, layout.channels), own_gram);
      RoundChannel(layout.Channel(weights, c), own_gram, params[static_cast<size_t>(c)], q);
    } else {
      RoundChannel(layout.Channel(weights, c), gram, params[static_cast<size_t>(c)], q);
    }
    layout.ForEach(c, [&](size_t i, size_t at) { rounded[at] = static_cast<uint8_t>(q[i]); });
  }
  return rounded;
}

std::vector<float> MeanShift(std::span<const float> weights, std::span<const uint8_t> rounded,
                             const ChannelLayout& layout, const std::vector<QuantParams>& params,
                             const LayerSamples& samples) {
  std::vector<double> mean;
  std::vector<float> shift(static_cast<size_t>(layout.channels));
  for (int64_t c = 0; c < layout.channels; ++c) {
    if (c == 0 || samples.depthwise) mean = samples.MeanForChannel(c, layout.channels);
    const QuantParams& p = params[static_cast<size_t>(c)];
    double sum = 0;
    layout.ForEach(c, [&](size_t i, size_t at) {
      const double real = DequantizeValue(StoredValue(rounded[at], p), p);
      sum += (real - weights[at]) * mean[i];
    });
    shift[static_cast<size_t>(c)] = static_cast<float>(sum);
  }
  return shift;
}

}  // namespace integra::quantize
