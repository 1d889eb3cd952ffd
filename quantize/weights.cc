#include "quantize/weights.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "quantize/observer.h"

namespace integra::quantize {
namespace {

Range RangeOfWeights(std::span<const float> values, const WeightRecipe& recipe) {
  switch (recipe.range.method) {
    case RangeMethod::kMse:
      return MseRange(values, recipe.symmetry, recipe.bits);
    case RangeMethod::kPercentile:
    case RangeMethod::kEntropy: {
      Observer observer;
      observer.AddValues(values);
      return ChooseRange(observer, recipe.range, recipe.symmetry, recipe.bits);
    }
    case RangeMethod::kMinMax:
    case RangeMethod::kMovingAverage:
    case RangeMethod::kDynamic:
      break;
  }
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return {*low, *high};
}

bool AllZero(std::span<const float> values) {
  return std::all_of(values.begin(), values.end(), [](float x) { return x == 0; });
}

}  // namespace

const WeightRecipe& WeightRecipeOf(const Recipe& recipe, const std::string& node) {
  const auto found = recipe.nodes.find(node);
  return found != recipe.nodes.end() && found->second.weights ? *found->second.weights
                                                              : recipe.weights;
}

ChannelLayout ChannelLayout::Of(const Shape& shape, int axis) {
  ChannelLayout layout;
  for (size_t i = 0; i < shape.size(); ++i) {
    const auto position = static_cast<int>(i);
    (position < axis    ? layout.outer
     : position == axis ? layout.channels
                        : layout.inner) *= shape[i];
  }
  return layout;
}

std::vector<float> ChannelLayout::Channel(std::span<const float> weights, int64_t channel) const {
  std::vector<float> values(static_cast<size_t>(per_channel()));
  ForEach(channel, [&](size_t i, size_t at) { values[i] = weights[at]; });
  return values;
}

std::vector<QuantParams> ChooseWeightParams(std::span<const float> weights,
                                            const ChannelLayout& layout,
                                            const WeightRecipe& recipe) {
  int64_t group = 1;
  if (recipe.granularity == Granularity::kPerTensor) group = layout.channels;
  if (recipe.granularity == Granularity::kPerGroup) group = std::min(recipe.group, layout.channels);
  std::vector<QuantParams> params(static_cast<size_t>(layout.channels));
  std::vector<bool> dead(params.size(), false);
  float largest = 0;
  for (int64_t begin = 0; begin < layout.channels; begin += group) {
    const int64_t end = std::min(begin + group, layout.channels);
    std::vector<float> values;
    for (int64_t c = begin; c < end; ++c) {
      const std::vector<float> channel = layout.Channel(weights, c);
      values.insert(values.end(), channel.begin(), channel.end());
    }
    const bool zero = AllZero(values);
    const QuantParams chosen = ChooseParams(RangeOfWeights(values, recipe), recipe.symmetry,
                                            recipe.bits, StorageOf(recipe));
    for (int64_t c = begin; c < end; ++c) {
      params[static_cast<size_t>(c)] = chosen;
      dead[static_cast<size_t>(c)] = zero;
    }
    if (!zero) largest = std::max(largest, chosen.scale);
  }
  for (size_t c = 0; c < params.size(); ++c) {
    if (dead[c] && largest > 0) params[c].scale = largest;
  }
  return params;
}

DataType StorageOf(const WeightRecipe& recipe) {
  return recipe.symmetry == Symmetry::kAsymmetric ? DataType::kUInt8 : DataType::kInt8;
}

int64_t FitBias(std::span<const float> bias, float input_scale, std::vector<QuantParams>& params) {
  constexpr double kLargestBias = 1 << 30;
  int64_t raised = 0;
  for (size_t c = 0; c < bias.size(); ++c) {
    // The product of the scales stays a normal float32, too.
    const double needed =
        std::max(std::abs(static_cast<double>(bias[c])) / kLargestBias, 1e-30) / input_scale;
    if (params[c].scale >= needed) continue;
    params[c].scale = std::nextafter(static_cast<float>(needed), INFINITY);
    ++raised;
  }
  return raised;
}

std::vector<uint8_t> RoundWeights(std::span<const float> weights, const ChannelLayout& layout,
                                  const std::vector<QuantParams>& params) {
  std::vector<uint8_t> rounded(weights.size());
  for (int64_t c = 0; c < layout.channels; ++c) {
    const QuantParams p = params[static_cast<size_t>(c)];
    layout.ForEach(c, [&](size_t, size_t at) {
      rounded[at] = static_cast<uint8_t>(QuantizeValue(weights[at], p));
    });
  }
  return rounded;
}

std::vector<int32_t> RoundBias(std::span<const float> bias, float input_scale,
                               const std::vector<QuantParams>& params) {
  std::vector<int32_t> rounded(bias.size());
  for (size_t c = 0; c < bias.size(); ++c) {
    const double scale = static_cast<double>(input_scale) * params[c].scale;
    rounded[c] = static_cast<int32_t>(std::round(bias[c] / scale));
  }
  return rounded;
}

Quantization QuantizationOf(const std::vector<QuantParams>& params, Granularity granularity,
                            int axis) {
  Quantization quantization;
  quantization.axis = axis;
  const bool one = granularity == Granularity::kPerTensor &&
                   std::all_of(params.begin(), params.end(),
                               [&](const QuantParams& p) { return p == params[0]; });
  for (const QuantParams& p : params) {
    quantization.scale.push_back(p.scale);
    quantization.zero_point.push_back(p.zero_point);
    if (one) break;
  }
  return quantization;
}

}  // namespace integra::quantize
