#include "graph/dynamic_range.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "base/dynamic_range.h"
#include "base/error.h"
#include "graph/quantized_ops.h"
#include "graph/validation.h"

namespace integra::graph {
namespace {

bool IsDynamic(const Graph& graph, TensorId id) {
  return id != kNoTensor && graph.tensor(id).quantization.dynamic;
}

void CheckTensorsThemselves(const Graph& graph) {
  for (const auto* ends : {&graph.inputs, &graph.outputs}) {
    for (const TensorId id : *ends) {
      if (!IsDynamic(graph, id)) continue;
      FailTensor(graph, graph.tensor(id),
                 "a dynamic range cannot be that of an input or output of the network: nobody "
                 "outside would know "
                 "it; leave out \"range\"");
    }
  }
  for (const Tensor& tensor : graph.tensors) {
    if (!tensor.quantization.dynamic) continue;
    if (tensor.is_constant())
      FailTensor(graph, tensor, "a dynamic range cannot be that of a constant");
    if (tensor.dtype != DataType::kInt8 && tensor.dtype != DataType::kUInt8) {
      FailTensor(graph, tensor, "a dynamic range needs int8 or uint8, not ",
                 integra::NameOf(tensor.dtype));
    }
    if (tensor.quantization.per_channel())
      FailTensor(graph, tensor, "a dynamic range needs one scale");
    if (tensor.shape.empty() || tensor.shape[0] != 1) {
      FailTensor(graph, tensor,
                 "a dynamic range belongs to one sample: the first dimension has to be 1, not ",
                 ToString(tensor.shape), "; run batches with the session's batch");
    }
  }
}

void CheckShifts(const Graph& graph, const Node& node) {
  for (const int64_t shift : node.integers("shift")) {
    if (shift < kMinDynamicShift) {
      Fail(ErrorCode::kUnsupported, Describe(graph, node), ": shift ", shift,
           " leaves no room for a dynamic range, which needs ", kMinDynamicShift,
           " or more; give the output a larger scale");
    }
  }
}

void CheckClamp(const Graph& graph, const Node& node) {
  if (node.integers("clamp") ==
      ActivationClamp(graph.tensor(node.outputs[0]), node.text("activation"))) {
    return;
  }
  Fail(ErrorCode::kUnsupported, Describe(graph, node),
       ": the clamp of an output with a dynamic range follows from the activation function; leave "
       "out \"clamp\"");
}

}  // namespace

bool FindsRange(OpType type) {
  switch (type) {
    case OpType::kAdd:
    case OpType::kConv2d:
    case OpType::kDepthwiseConv2d:
    case OpType::kFullyConnected:
    case OpType::kSub:
      return true;
    default:
      return false;
  }
}

bool KeepsRange(const Node& node) {
  switch (node.type) {
    case OpType::kAveragePool2d:
    case OpType::kMaxPool2d:
      return node.text("activation") == "none";  // their clamp is one of the nominal scale
    case OpType::kDepthToSpace:
    case OpType::kExpandDims:
    case OpType::kPad:
    case OpType::kReduceMax:
    case OpType::kReduceMin:
    case OpType::kReshape:
    case OpType::kResizeNearestNeighbor:
    case OpType::kSlice:
    case OpType::kSpaceToDepth:
    case OpType::kSqueeze:
    case OpType::kStridedSlice:
    case OpType::kTranspose:
      return true;
    default:
      return false;
  }
}

std::vector<TensorId> RangeOwners(const Graph& graph) {
  std::vector<TensorId> owners(graph.tensors.size(), kNoTensor);
  for (const Node& node : graph.nodes) {
    for (const TensorId id : node.outputs) {
      if (!IsDynamic(graph, id)) continue;
      owners[static_cast<size_t>(id)] =
          KeepsRange(node) ? owners[static_cast<size_t>(node.inputs[0])] : id;
    }
  }
  return owners;
}

void CheckDynamicRanges(const Graph& graph) {
  CheckTensorsThemselves(graph);
  for (const Node& node : graph.nodes) {
    const auto is_dynamic = [&](TensorId id) { return IsDynamic(graph, id); };
    const bool in = std::ranges::any_of(node.inputs, is_dynamic);
    const bool out = std::ranges::any_of(node.outputs, is_dynamic);
    if (!in && !out) continue;
    if (FindsRange(node.type)) {
      CheckShifts(graph, node);
      if (out) CheckClamp(graph, node);
    } else if (!KeepsRange(node)) {
      Fail(ErrorCode::kUnsupported, Describe(graph, node),
           ": does not work with the dynamic range of tensor '",
           graph.tensor(in ? *std::ranges::find_if(node.inputs, is_dynamic) : node.outputs[0]).name,
           "'; give it a static one (leave out \"range\")");
    } else if (in != out) {
      Fail(ErrorCode::kInvalidFile, Describe(graph, node),
           ": input and output share one range: both have to be dynamic, or neither");
    }
  }
}

std::pair<int64_t, int64_t> ActivationSteps(const Graph& graph, const Node& node) {
  constexpr int64_t kAny = int64_t{1} << 40;  // beyond every range
  const std::string_view activation = node.text("activation");
  const auto steps = [&](double real) {
    const double scale = graph.tensor(node.outputs[0]).quantization.scale[0];
    return static_cast<int64_t>(
        std::min(std::round(std::ldexp(real / scale, kStepFractionBits)), 1e12));
  };
  if (activation == "relu") return {0, kAny};
  if (activation == "relu6") return {0, steps(6)};
  if (activation == "relu_n1_to_1") return {-steps(1), steps(1)};
  return {-kAny, kAny};
}

}  // namespace integra::graph
