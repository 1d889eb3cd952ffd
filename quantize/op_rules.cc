#include "quantize/op_rules.h"

#include <map>
#include <string_view>

namespace integra::quantize {
namespace {

// The TensorFlow Lite 8-bit quantization specification
// (https://ai.google.dev/edge/litert/models/quantization_spec), by name, so that operators can be
// listed before they exist.
const std::map<std::string_view, OperatorRule>& Rules() {
  constexpr OperatorRule kFree{ScaleRule::kFree};
  constexpr OperatorRule kShared{ScaleRule::kShared};
  constexpr OperatorRule kIndices{ScaleRule::kIndices};
  constexpr auto weighted = [](int axis) { return OperatorRule{ScaleRule::kWeighted, axis}; };
  // Ranges of 256 steps: [0, 1) in steps of 1/256, [-1, 1) in steps of 1/128, [-16, 0] of 1/16.
  constexpr auto fixed = [](double low, double step) {
    return OperatorRule{ScaleRule::kFixed, 0, low, low + 255 * step};
  };
  static const std::map<std::string_view, OperatorRule> rules = {
      {"add", kFree},
      {"arg_max", kIndices},
      {"arg_min", kIndices},
      {"average_pool_2d", kShared},
      {"batch_matmul", kFree},
      {"batch_to_space_nd", kShared},
      {"concatenation", kShared},
      {"conv_2d", weighted(0)},
      {"depth_to_space", kShared},
      {"depthwise_conv_2d", weighted(3)},
      {"elu", kFree},
      {"expand_dims", kShared},
      {"fully_connected", weighted(0)},
      {"gather", kShared},
      {"hard_swish", kFree},
      {"l2_normalization", fixed(-1, 1.0 / 128)},
      {"leaky_relu", kFree},
      {"log_softmax", fixed(-255.0 / 16, 1.0 / 16)},
      {"logistic", fixed(0, 1.0 / 256)},
      {"max_pool_2d", kShared},
      {"maximum", kShared},
      {"mean", kFree},
      {"minimum", kShared},
      {"mul", kFree},
      {"pack", kShared},
      {"pad", kShared},
      {"prelu", kFree},
      {"reduce_max", kShared},
      {"reduce_min", kShared},
      {"relu", kFree},
      {"relu6", kFree},
      {"relu_n1_to_1", kFree},
      {"reshape", kShared},
      {"resize_bilinear", kShared},
      {"resize_nearest_neighbor", kShared},
      {"slice", kShared},
      {"softmax", fixed(0, 1.0 / 256)},
      {"space_to_batch_nd", kShared},
      {"space_to_depth", kShared},
      {"split", kShared},
      {"squared_difference", kFree},
      {"squeeze", kShared},
      {"strided_slice", kShared},
      {"sub", kFree},
      {"sum", kFree},
      {"tanh", fixed(-1, 1.0 / 128)},
      {"tile", kShared},
      {"transpose", kShared},
      {"transpose_conv", weighted(0)},
      {"unpack", kShared},
  };
  return rules;
}

}  // namespace

std::optional<OperatorRule> RuleOf(graph::OpType type) {
  const auto found = Rules().find(graph::NameOf(type));
  if (found == Rules().end()) return std::nullopt;
  return found->second;
}

}  // namespace integra::quantize
