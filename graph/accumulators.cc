#include "graph/accumulators.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "base/dynamic_range.h"
#include "graph/schema.h"

namespace integra::graph {
namespace {

constexpr int64_t kLimit32 = std::numeric_limits<int32_t>::max();
constexpr int64_t kLimit16Bit = int64_t{1} << 47;  // sums of int16 activations, scaled from 64 bits

// Largest |x - zx| that is multiplied with |w - zw|, and largest x as stored that is multiplied
// with either the positive or the negative ones (int8 is stored plus 128, so from 0 to 255).
struct InputRange {
  int64_t distance = 0;
  int64_t stored = 0;
};

InputRange RangeOf(const Tensor& x) {
  const int64_t zx = x.quantization.zero_point[0];
  switch (x.dtype) {
    case DataType::kUInt8:
      return {std::max(255 - zx, zx), 255};
    case DataType::kInt8:
      return {std::max(127 - zx, zx + 128), 255};
    default:
      return {std::max(32767 - zx, zx + 32768), 32768};
  }
}

class DenseSums {
 public:
  DenseSums(const InferContext& context, int64_t outer, int64_t channels, int64_t inner)
      : x_(RangeOf(context.input(0))),
        weights_(context.input(1)),
        bias_(context.has_input(2) ? &context.input(2) : nullptr),
        outer_(outer),
        channels_(channels),
        inner_(inner),
        bias_bits_(context.input(0).quantization.dynamic ? kRatioBits : 0) {}

  // No channel's bound is above this, whatever the weights are: found without reading them.
  // Unsigned, as |-2^63| is no int64.
  uint64_t BoundOfAnyWeights() const {
    const int64_t farthest = weights_.dtype == DataType::kUInt8 ? 255 : 128;
    uint64_t largest_bias = 0;
    for (int64_t c = 0; c < channels_; ++c) largest_bias = std::max(largest_bias, Bias(c));
    const auto products = static_cast<uint64_t>(outer_ * inner_);
    return products * static_cast<uint64_t>(farthest * std::max(x_.distance, x_.stored)) +
           largest_bias;
  }

  uint64_t Bound(int64_t c) const {
    uint64_t positive = 0, negative = 0;  // sums of |w - zw|
    const int64_t zero = ZeroPoint(c);
    for (int64_t o = 0; o < outer_; ++o) {
      const int64_t begin = (o * channels_ + c) * inner_;
      for (int64_t i = begin; i < begin + inner_; ++i) {
        const int64_t d = Weight(i) - zero;
        positive += static_cast<uint64_t>(std::max<int64_t>(d, 0));
        negative += static_cast<uint64_t>(std::max<int64_t>(-d, 0));
      }
    }
    const uint64_t centred = (positive + negative) * static_cast<uint64_t>(x_.distance);
    const uint64_t stored = std::max(positive, negative) * static_cast<uint64_t>(x_.stored);
    return std::max(centred, stored) + Bias(c);
  }

  // Of error messages.
  const char* bias_factor() const {
    static_assert(kRatioBits == 8);
    return bias_bits_ > 0 ? "times 256 (its input's range is dynamic) " : "";
  }

 private:
  int64_t Weight(int64_t i) const {
    return weights_.dtype == DataType::kUInt8 ? int64_t{weights_.data.as<uint8_t>()[i]}
                                              : int64_t{weights_.data.as<int8_t>()[i]};
  }
  int64_t ZeroPoint(int64_t c) const {
    const auto& zero_point = weights_.quantization.zero_point;
    return zero_point[weights_.quantization.per_channel() ? static_cast<size_t>(c) : 0];
  }
  uint64_t Bias(int64_t c) const {  // its absolute value
    if (bias_ == nullptr) return 0;
    const int64_t value = bias_->dtype == DataType::kInt64 ? bias_->data.as<int64_t>()[c]
                                                           : int64_t{bias_->data.as<int32_t>()[c]};
    const uint64_t magnitude =
        value < 0 ? uint64_t{0} - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
    return magnitude << bias_bits_;
  }

  const InputRange x_;
  const Tensor& weights_;
  const Tensor* bias_;
  const int64_t outer_, channels_, inner_;
  const int bias_bits_;  // by which a dynamic range of the input can make the bias larger
};

}  // namespace

int AccumulatorBound::bits() const {
  return 1 + static_cast<int>(std::bit_width(static_cast<uint64_t>(bound)));
}

int AccumulatorBound::limit_bits() const { return limit == kLimit32 ? 32 : 48; }

void CheckAccumulators(const InferContext& context, int64_t outer, int64_t channels,
                       int64_t inner) {
  const DenseSums sums(context, outer, channels, inner);
  const int64_t limit = context.input(0).dtype == DataType::kInt16 ? kLimit16Bit : kLimit32;
  // Up to some 65,000 products per channel no weights can overflow, and need not be read.
  if (!context.wants_bounds() && sums.BoundOfAnyWeights() <= static_cast<uint64_t>(limit)) return;
  AccumulatorBound largest{0, limit, 0};
  for (int64_t c = 0; c < channels; ++c) {
    const uint64_t bound = sums.Bound(c);
    if (bound > static_cast<uint64_t>(limit)) {
      context.FailUnsupported("output channel ", c, " could overflow its ", largest.limit_bits(),
                              "-bit accumulator: |weights| times the largest |input| plus |bias| ",
                              sums.bias_factor(), "add up to ", bound, ", the limit is ", limit,
                              "; smaller weights or fewer inputs per channel are needed");
    }
    if (static_cast<int64_t>(bound) > largest.bound) {
      largest.bound = static_cast<int64_t>(bound);
      largest.channel = c;
    }
  }
  context.ReportBound(largest);
}

std::vector<std::optional<AccumulatorBound>> AccumulatorBounds(const Graph& graph) {
  Graph copy = graph;  // constants are shared; `infer` needs one that it may change
  std::vector<std::optional<AccumulatorBound>> bounds(graph.nodes.size());
  for (size_t n = 0; n < copy.nodes.size(); ++n) {
    InferContext context(copy, copy.nodes[n], &bounds[n]);
    SchemaOf(copy.nodes[n].type).infer(context);
  }
  return bounds;
}

}  // namespace integra::graph
