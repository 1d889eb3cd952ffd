#include "quantize/rewrite.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/dynamic_range.h"
#include "base/error.h"
#include "graph/dynamic_range.h"
#include "graph/schema.h"
#include "quantize/adaround.h"
#include "quantize/op_rules.h"
#include "quantize/scale_groups.h"
#include "quantize/stopwatch.h"
#include "quantize/weights.h"

namespace integra::quantize {
namespace {

using graph::Graph;
using graph::kNoTensor;
using graph::Node;
using graph::Tensor;
using graph::TensorId;

// The parameters that an operator's own range stands for: those of 8 bits as they are, and in 16
// bits, whose operators all end within [-1, 1), steps of 2^-15.
QuantParams FixedParams(const Range& range, DataType dtype) {
  if (dtype != DataType::kInt16) return ChooseParams(range, Symmetry::kAsymmetric, 8, dtype);
  constexpr double kLargest = 32767.0 / 32768;
  return ChooseParams({-kLargest, kLargest}, Symmetry::kSymmetricRestricted, 16, dtype);
}

class Rewriter {
 public:
  Rewriter(Graph graph, const Calibration& calibration, const Recipe& recipe, bool reference,
           Report& report)
      : graph_(std::move(graph)),
        calibration_(calibration),
        recipe_(recipe),
        reference_(reference),
        report_(report),
        groups_(graph_) {}

  Graph Run() {
    FindProducers();
    FindClamped();
    Stopwatch watch;
    QuantizeActivations();
    report_.times.push_back({"choosing ranges", watch.Lap()});
    for (size_t i = 0; i < graph_.nodes.size(); ++i) QuantizeNode(graph_.nodes[i]);
    report_.times.push_back({"rounding weights", watch.Lap()});
    graph::Validate(graph_);
    return std::move(graph_);
  }

 private:
  std::span<const float> FloatsOf(const Tensor& tensor) const {
    return {tensor.data.as<float>(), tensor.data.size() / sizeof(float)};
  }

  void FindProducers() {
    for (const Node& node : graph_.nodes) {
      for (const TensorId id : node.outputs) {
        if (id != kNoTensor) producer_[id] = &node;
      }
    }
  }

  // A minimum or maximum with a constant is the same before rounding and after it, whatever lies
  // beyond the range of its result: neither the constant nor a tensor that only it reads need be
  // represented.
  void FindClamped() {
    std::map<TensorId, int> readers;
    for (const TensorId id : graph_.outputs) ++readers[id];
    for (const Node& node : graph_.nodes) {
      for (const TensorId id : node.inputs) ++readers[id];
    }
    for (const Node& node : graph_.nodes) {
      if (node.type != graph::OpType::kMinimum && node.type != graph::OpType::kMaximum) continue;
      const bool first = graph_.tensor(node.inputs[0]).is_constant();
      const bool second = graph_.tensor(node.inputs[1]).is_constant();
      if (first == second) continue;
      const TensorId constant = node.inputs[first ? 0 : 1], other = node.inputs[first ? 1 : 0];
      if (readers[constant] == 1) clamped_.insert(constant);
      if (readers[other] == 1 && producer_.contains(other)) clamped_.insert(other);
    }
  }

  // --- Activations ---

  ActivationRecipe RecipeFor(TensorId id) const {
    ActivationRecipe recipe = recipe_.activations;
    const auto producer = producer_.find(id);
    if (producer == producer_.end()) {
      recipe.range = recipe_.inputs;
    } else if (const auto node = recipe_.nodes.find(producer->second->name);
               node != recipe_.nodes.end() && node->second.output) {
      recipe = *node->second.output;
    }
    recipe.dtype = recipe_.activations.dtype;  // one type throughout the network
    return recipe;
  }

  // Everything that the members of a group have seen. A constant counts by its values.
  Observer ObserverOf(const std::vector<TensorId>& members) {
    Observer all;
    for (const TensorId id : members) {
      if (clamped_.contains(id)) continue;
      const Tensor& tensor = graph_.tensor(id);
      const TensorId original = groups_.original_of(id);
      if (tensor.is_constant()) {
        Observer constant;
        constant.AddValues(FloatsOf(tensor));
        all.Merge(constant);
      } else {
        all.Merge(calibration_.observers.at(static_cast<size_t>(original)));
      }
    }
    return all;
  }

  void QuantizeActivations() {
    std::map<TensorId, std::vector<TensorId>> members;
    for (size_t i = 0; i < graph_.tensors.size(); ++i) {
      const auto id = static_cast<TensorId>(i);
      if (groups_.group_of(id) != kNoTensor) members[groups_.group_of(id)].push_back(id);
    }
    for (const auto& [group, ids] : members) {
      const ActivationRecipe recipe = RecipeFor(group);
      const Observer observer = ObserverOf(ids);
      QuantParams params;
      std::string method = "fixed";
      if (const auto fixed = groups_.fixed_range(group)) {
        params = FixedParams(*fixed, recipe.dtype);
      } else {
        method = NameOf(recipe.range.method);
        const Range range = ChooseRange(observer, recipe.range, recipe.symmetry, recipe.bits);
        params = ChooseParams(range, recipe.symmetry, recipe.bits, recipe.dtype);
        if (range.MaxAbs() == 0) {
          report_.notes.push_back(StrCat("tensor '", graph_.tensor(group).name,
                                         "' is 0 in every calibration sample: scale 1"));
        }
      }
      const bool wanted = method == NameOf(RangeMethod::kDynamic);
      const bool dynamic = wanted && CanBeDynamic(ids);
      if (wanted && !dynamic) method = NameOf(RangeMethod::kMinMax);
      for (const TensorId id : ids) {
        SetActivation(id, params, recipe.dtype);
        graph_.tensor(id).quantization.dynamic = dynamic;
        AddReport(id, method, params);
      }
    }
  }

  // uint8_t also for int8, whose bytes it holds.
  template <typename T>
  SharedBytes RoundTo(const Tensor& tensor, const QuantParams& params) const {
    std::vector<T> rounded;
    for (const float x : FloatsOf(tensor)) {
      rounded.push_back(static_cast<T>(QuantizeValue(x, params)));
    }
    return SharedBytes::Own(std::move(rounded));
  }

  // Whether every member of a group can have the range that one layer finds. A note says why not.
  bool CanBeDynamic(const std::vector<TensorId>& members) {
    const auto is_member = [&](TensorId id) {
      return std::find(members.begin(), members.end(), id) != members.end();
    };
    const auto keep_static = [&](const auto&... reason) {
      report_.notes.push_back(
          StrCat("tensor '", graph_.tensor(members[0]).name, "' has a static range: ", reason...));
      return false;
    };
    for (const auto* ends : {&graph_.inputs, &graph_.outputs}) {
      if (std::any_of(ends->begin(), ends->end(), is_member)) {
        return keep_static("the network's inputs and outputs have one");
      }
    }
    for (const TensorId id : members) {
      const Shape& shape = graph_.tensor(id).shape;
      if (graph_.tensor(id).is_constant() || shape.empty() || shape[0] != 1) {
        return keep_static("'", graph_.tensor(id).name, "' is not of one sample");
      }
    }
    int finders = 0;
    for (const Node& node : graph_.nodes) {
      const bool reads = std::any_of(node.inputs.begin(), node.inputs.end(), is_member);
      const bool makes = std::any_of(node.outputs.begin(), node.outputs.end(), is_member);
      if (!reads && !makes) continue;
      if (!graph::FindsRange(node.type) && !graph::KeepsRange(node)) {
        return keep_static("node '", node.name, "' (", graph::NameOf(node.type),
                           ") does not work with a dynamic one");
      }
      if (makes && graph::FindsRange(node.type)) ++finders;
    }
    return finders == 1 || keep_static("several layers share it");
  }

  void SetActivation(TensorId id, const QuantParams& params, DataType dtype) {
    Tensor& tensor = graph_.tensor(id);
    params_[id] = params;
    if (tensor.is_constant()) {
      SharedBytes rounded = dtype == DataType::kInt16 ? RoundTo<int16_t>(tensor, params)
                                                      : RoundTo<uint8_t>(tensor, params);
      if (recipe_.keep_float_weights) tensor.float_data = tensor.data;
      tensor.data = std::move(rounded);
    }
    tensor.dtype = dtype;
    tensor.quantization = {{params.scale}, {params.zero_point}, 0};
  }

  void AddReport(TensorId id, const std::string& method, const QuantParams& params) {
    const Tensor& tensor = graph_.tensor(id);
    if (tensor.is_constant()) return;
    ActivationReport entry;
    entry.tensor = tensor.name;
    if (const auto producer = producer_.find(id); producer != producer_.end()) {
      entry.node = producer->second->name;
    }
    entry.method = method;
    const auto original = static_cast<size_t>(groups_.original_of(id));
    const Range seen = calibration_.observers.at(original).histogram().extremes();
    entry.seen_low = seen.low;
    entry.seen_high = seen.high;
    const Range represented = RepresentedRange(params);
    entry.low = represented.low;
    entry.high = represented.high;
    entry.scale = params.scale;
    entry.zero_point = params.zero_point;
    report_.activations.push_back(std::move(entry));
  }

  // --- Nodes ---

  void QuantizeNode(Node& node) {
    const auto rule = RuleOf(node.type);  // Fails for none: ScaleGroups has
    if (rule->rule == ScaleRule::kWeighted) QuantizeWeights(node, rule->channel_axis);
    const graph::OperatorSchema& schema = graph::SchemaOf(node.type);
    for (const graph::AttributeSchema& attribute : schema.attributes) {
      if (attribute.name == std::string("rounding")) {
        node.attributes["rounding"] = std::string("single");
      }
    }
    if (schema.derive != nullptr) schema.derive(graph_, node);
    // Fewer levels than the type holds: the clamp keeps the rest unused.
    const auto params = params_.find(node.outputs[0]);
    if (params != params_.end() && node.has("clamp") &&
        !graph_.tensor(node.outputs[0]).quantization.dynamic) {
      auto clamp = node.integers("clamp");
      clamp[0] = std::max<int64_t>(clamp[0], params->second.levels.min);
      clamp[1] = std::min<int64_t>(clamp[1], params->second.levels.max);
      node.attributes["clamp"] = std::move(clamp);
    }
  }

  WeightRecipe WeightRecipeFor(const Node& node) const {
    const WeightRecipe& recipe = WeightRecipeOf(recipe_, node.name);
    if (recipe.symmetry != Symmetry::kAsymmetric) return recipe;
    if (recipe.granularity != Granularity::kPerTensor ||
        recipe_.activations.dtype != DataType::kUInt8) {
      Fail(ErrorCode::kUnsupported, graph::Describe(graph_, node),
           ": asymmetric weights need the granularity per_tensor and uint8 activations");
    }
    return recipe;
  }

  void QuantizeWeights(Node& node, int axis) {
    const WeightRecipe recipe = WeightRecipeFor(node);
    const LayerSamples* samples = SamplesFor(node, recipe);
    if (recipe_.bias_correction && samples != nullptr && node.input(2) == kNoTensor) AddBias(node);
    const TensorId weights_id = OwnConstant(node, 1, "weights");
    const TensorId bias_id = node.input(2) == kNoTensor ? kNoTensor : OwnConstant(node, 2, "bias");
    Tensor& weights = graph_.tensor(weights_id);
    const float input_scale = graph_.tensor(node.inputs[0]).quantization.scale.at(0);
    const ChannelLayout layout = ChannelLayout::Of(weights.shape, axis);
    const std::vector<float> values(FloatsOf(weights).begin(), FloatsOf(weights).end());
    std::vector<QuantParams> params = ChooseWeightParams(values, layout, recipe);
    std::vector<float> bias(static_cast<size_t>(layout.channels), 0.0f);
    if (bias_id != kNoTensor) {
      const auto floats = FloatsOf(graph_.tensor(bias_id));
      std::copy(floats.begin(), floats.end(), bias.begin());
    }
    FitBiasPerTensor(node, recipe, bias, input_scale, params);
    const bool adaptive = recipe.rounding == WeightRounding::kAdaptive && samples != nullptr;
    std::vector<uint8_t> rounded = adaptive ? RoundAdaptively(values, layout, params, *samples,
                                                              {recipe_.bias_correction, reference_})
                                            : RoundWeights(values, layout, params);
    if (recipe_.bias_correction && samples != nullptr) {
      const std::vector<float> shift = MeanShift(values, rounded, layout, params, *samples);
      for (size_t c = 0; c < bias.size(); ++c) bias[c] -= shift[c];
    }
    ReplaceConstant(weights, SharedBytes::Own(std::move(rounded)), StorageOf(recipe),
                    QuantizationOf(params, recipe.granularity, axis));
    if (bias_id == kNoTensor) return;
    Quantization bias_quantization = weights.quantization;
    bias_quantization.axis = 0;
    for (float& scale : bias_quantization.scale) scale *= input_scale;
    std::fill(bias_quantization.zero_point.begin(), bias_quantization.zero_point.end(), 0);
    ReplaceConstant(graph_.tensor(bias_id), SharedBytes::Own(RoundBias(bias, input_scale, params)),
                    DataType::kInt32, std::move(bias_quantization));
  }

  // The samples that the recipe's helpers need; null where none do or none were taken.
  const LayerSamples* SamplesFor(const Node& node, const WeightRecipe& recipe) {
    if (!recipe_.bias_correction && recipe.rounding == WeightRounding::kNearest) return nullptr;
    const auto found = calibration_.layers.find(node.name);
    if (found != calibration_.layers.end()) return &found->second;
    report_.notes.push_back(StrCat("node '", node.name,
                                   "': bias correction and adaptive rounding "
                                   "do not know layers of this kind; rounded to nearest"));
    return nullptr;
  }

  void AddBias(Node& node) {
    Tensor bias;
    bias.name = node.name + "/bias";
    while (graph_.Find(bias.name)) bias.name += "'";
    const int64_t channels = graph_.tensor(node.outputs[0]).shape.back();
    bias.shape = {channels};
    bias.data = SharedBytes::Own(std::vector<float>(static_cast<size_t>(channels), 0.0f));
    node.inputs.resize(3, kNoTensor);
    node.inputs[2] = static_cast<TensorId>(graph_.tensors.size());
    graph_.tensors.push_back(std::move(bias));
  }

  void FitBiasPerTensor(const Node& node, const WeightRecipe& recipe,
                        const std::vector<float>& bias, float input_scale,
                        std::vector<QuantParams>& params) {
    const bool dynamic = graph_.tensor(node.inputs[0]).quantization.dynamic;
    const float smallest_scale = dynamic ? std::ldexp(input_scale, -kRatioBits) : input_scale;
    const int64_t raised = FitBias(bias, smallest_scale, params);
    if (raised == 0) return;
    report_.notes.push_back(StrCat("node '", node.name, "': ", raised,
                                   " output channels have a bias too large for their weights' "
                                   "scale; the scale was raised"));
    if (recipe.granularity != Granularity::kPerTensor) return;
    const auto largest = std::max_element(
        params.begin(), params.end(),
        [](const QuantParams& a, const QuantParams& b) { return a.scale < b.scale; });
    const float scale = largest->scale;
    for (QuantParams& p : params) p.scale = scale;
  }

  // Input `i` of a node as a constant that no other node reads.
  TensorId OwnConstant(Node& node, size_t i, const char* what) {
    const TensorId id = node.inputs[i];
    if (!graph_.tensor(id).is_constant()) {
      Fail(ErrorCode::kUnsupported, graph::Describe(graph_, node), ": ", what, " '",
           graph_.tensor(id).name, "' are computed by the network; only constants are quantized");
    }
    if (graph_.tensor(id).dtype != DataType::kFloat32) {
      Fail(ErrorCode::kUnsupported, graph::Describe(graph_, node), ": ", what, " '",
           graph_.tensor(id).name, "' are an operand of another kind elsewhere");
    }
    int64_t uses = 0;
    for (const Node& other : graph_.nodes)
      uses += std::count(other.inputs.begin(), other.inputs.end(), id);
    if (uses == 1) return id;
    Tensor copy = graph_.tensor(id);
    copy.name = StrCat(copy.name, "/", node.name);
    node.inputs[i] = static_cast<TensorId>(graph_.tensors.size());
    graph_.tensors.push_back(std::move(copy));
    return node.inputs[i];
  }

  void ReplaceConstant(Tensor& tensor, SharedBytes data, DataType dtype,
                       Quantization quantization) {
    if (recipe_.keep_float_weights) tensor.float_data = tensor.data;
    tensor.data = std::move(data);
    tensor.dtype = dtype;
    tensor.quantization = std::move(quantization);
  }

  Graph graph_;
  const Calibration& calibration_;
  const Recipe& recipe_;
  const bool reference_;
  Report& report_;
  ScaleGroups groups_;
  std::map<TensorId, const Node*> producer_;
  std::set<TensorId> clamped_;  // what counts by the result of a clamp (FindClamped)
  std::map<TensorId, QuantParams> params_;
};

}  // namespace

Graph RewriteToIntegers(Graph graph, const Calibration& calibration, const Recipe& recipe,
                        bool reference, Report& report) {
  return Rewriter(std::move(graph), calibration, recipe, reference, report).Run();
}

}  // namespace integra::quantize
