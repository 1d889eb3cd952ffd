#include "runtime/float/float_plan.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>

#include "base/error.h"
#include "graph/dynamic_range.h"
#include "runtime/float/convolution.h"
#include "runtime/float/sum.h"
#include "runtime/memory_plan.h"

namespace integra::floats {
namespace {

using graph::OpType;

size_t BytesOf(const FloatTensor& tensor) {
  return static_cast<size_t>(tensor.count()) * SizeOf(tensor.dtype);
}

uint64_t MultiplyAccumulatesOf(const FloatCall& call) {
  switch (call.node.type) {
    case OpType::kConv2d:
    case OpType::kDepthwiseConv2d: {
      const kernels::FloatConvolution p = ConvolutionOf(call);
      return static_cast<uint64_t>(call.outputs[0].count() * p.filter_h * p.filter_w * p.in_c /
                                   p.groups);
    }
    case OpType::kFullyConnected: {
      const kernels::FloatMatmul p = MatmulOf(call);
      return static_cast<uint64_t>(p.m * p.n * p.k);
    }
    default:
      return 0;
  }
}

}  // namespace

FloatPlan::FloatPlan(const graph::Graph& graph, const FloatPlanOptions& options)
    : graph_(graph),
      options_(options),
      constants_(graph, options.simulated ? ConstantForm::kQuantized : ConstantForm::kOriginal),
      range_owners_(graph::RangeOwners(graph)),
      ratios_(graph.tensors.size(), 1.0) {
  PlaceTensors();
  nodes_.reserve(graph.nodes.size());
  for (const graph::Node& node : graph.nodes) Bind(node);
  ReleasePackedWeights();
}

// Activations share memory where they are not alive together.
void FloatPlan::PlaceTensors() {
  const auto end = static_cast<int64_t>(graph_.nodes.size());
  std::vector<runtime::Lifetime> lifetimes(graph_.tensors.size());
  for (const graph::Tensor& tensor : graph_.tensors) {
    const DataType dtype = IsRealValued(tensor) ? DataType::kFloat32 : tensor.dtype;
    tensors_.push_back({dtype, tensor.shape, nullptr});
  }
  const auto use = [&](graph::TensorId id, int64_t step) {
    if (id == graph::kNoTensor) return;
    const auto i = static_cast<size_t>(id);
    runtime::Lifetime& life = lifetimes[i];
    if (life.bytes == 0) {
      life = {BytesOf(tensors_[i]) + kReadPadding, step, step};
    }
    life.first = std::min(life.first, step);
    life.last = std::max(life.last, step);
    if (options_.keep_all_tensors) {
      life.first = 0;
      life.last = end;
    }
  };
  for (const graph::TensorId id : graph_.inputs) use(id, 0);
  for (int64_t n = 0; n < end; ++n) {
    const graph::Node& node = graph_.nodes[static_cast<size_t>(n)];
    for (const graph::TensorId id : node.inputs) use(id, n);
    for (const graph::TensorId id : node.outputs) use(id, n);
  }
  for (const graph::TensorId id : graph_.outputs) use(id, end);
  for (size_t i = 0; i < lifetimes.size(); ++i) {
    // A network may hand out a constant; then it has memory like an activation.
    const bool is_output = lifetimes[i].bytes > 0 && lifetimes[i].last == end;
    if (graph_.tensors[i].is_constant() && !is_output) lifetimes[i].bytes = 0;
  }
  const runtime::MemoryPlan plan = runtime::PlanMemory(lifetimes);
  arena_ = AlignedBuffer(plan.arena_bytes);
  for (size_t i = 0; i < lifetimes.size(); ++i) {
    if (lifetimes[i].bytes == 0) continue;
    tensors_[i].data = arena_.data() + plan.offsets[i];
    const SharedBytes& constant = graph_.tensors[i].data;
    if (constant.size() > 0) Import(static_cast<graph::TensorId>(i), constant.bytes.data());
  }
}

void FloatPlan::Bind(const graph::Node& node) {
  BoundNode bound{.call = {graph_, node, {}, {}}};
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    const graph::TensorId id = node.inputs[i];
    if (id == graph::kNoTensor) {
      bound.call.inputs.push_back({});
    } else if (graph_.tensor(id).is_constant()) {
      bound.call.inputs.push_back(constants_.Get(node, i));
    } else {
      bound.call.inputs.push_back(tensor(id));
    }
  }
  for (const graph::TensorId id : node.outputs) {
    bound.call.outputs.push_back(tensor(id));
    const graph::Tensor& output = graph_.tensor(id);
    if (options_.simulated && !output.quantization.empty() && IsQuantizedStorage(output.dtype)) {
      RoundedOutput rounded{
          tensor(id).floats(), OutputGridOf(node, output), {}, id, HasDynamicRange(node)};
      const graph::TensorId input = node.input(0);
      if (!rounded.dynamic && input != graph::kNoTensor &&
          graph_.tensor(input).quantization.scale.size() == 1) {
        rounded.rounding = RoundingOf(graph_, node, output, NominalScale(input), NominalScale(id));
      }
      bound.rounded.push_back(std::move(rounded));
    }
  }
  if (options_.simulated && !HasDynamicRange(node)) bound.function = SimulatedSumOf(graph_, node);
  if (bound.function == nullptr) bound.function = FloatFunctionOf(node.type);
  bound.kernel = StrCat("float ", graph::NameOf(node.type));
  bound.multiply_accumulates = MultiplyAccumulatesOf(bound.call);
  if (!options_.reference) Prepare(bound);
  nodes_.push_back(std::move(bound));
}

// Layers with constant weights get a oneDNN primitive, where oneDNN has one.
void FloatPlan::Prepare(BoundNode& bound) {
  const FloatCall& call = bound.call;
  const OpType type = call.node.type;
  const bool dense = type == OpType::kFullyConnected;
  if (!dense && type != OpType::kConv2d && type != OpType::kDepthwiseConv2d) return;
  const graph::TensorId bias_id = call.node.input(2);
  if (!call.input_tensor(1).is_constant()) return;
  if (bias_id != graph::kNoTensor && !graph_.tensor(bias_id).is_constant()) return;
  const float* weights = call.inputs[1].floats();
  const float* bias = bias_id == graph::kNoTensor ? nullptr : call.inputs[2].floats();
  bound.prepared =
      dense ? kernels::OnednnFloatLayer::Matmul(MatmulOf(call), weights, bias, options_.threads)
            : kernels::OnednnFloatLayer::Convolution(ConvolutionOf(call), weights, bias,
                                                     options_.threads);
  if (bound.prepared) bound.kernel = StrCat("onednn ", bound.prepared->kernel());
}

// oneDNN holds packed copies: the plain weights that only it reads are given back.
void FloatPlan::ReleasePackedWeights() {
  std::set<graph::TensorId> read;
  for (const BoundNode& bound : nodes_) {
    if (bound.prepared) continue;
    for (const graph::TensorId id : bound.call.node.inputs) read.insert(id);
  }
  for (BoundNode& bound : nodes_) {
    if (!bound.prepared || read.contains(bound.call.node.inputs[1])) continue;
    constants_.Release(bound.call.node, 1);
    bound.call.inputs[1].data = nullptr;
  }
}

void FloatPlan::RunNode(size_t n) {
  BoundNode& bound = nodes_[n];
  if (bound.prepared) {
    bound.prepared->Run(bound.call.inputs[0].floats(), bound.call.outputs[0].floats());
  } else {
    bound.function(bound.call);
  }
  for (RoundedOutput& output : bound.rounded) {
    if (output.dynamic) {
      RoundDynamically(bound.call.node, output);
      continue;
    }
    kernels::FakeQuantize(output.grid, output.rounding, output.values, options_.threads);
  }
}

bool FloatPlan::HasDynamicRange(const graph::Node& node) const {
  const auto dynamic = [&](graph::TensorId id) {
    return id != graph::kNoTensor && graph_.tensor(id).quantization.dynamic;
  };
  return std::ranges::any_of(node.inputs, dynamic) || std::ranges::any_of(node.outputs, dynamic);
}

void FloatPlan::RoundDynamically(const graph::Node& node, RoundedOutput& output) {
  const graph::Tensor& tensor = graph_.tensor(output.id);
  if (range_owners_[static_cast<size_t>(output.id)] == output.id) {
    set_ratio(output.id, DynamicRatioOf(tensor, output.values));
  }
  float scale = 0;
  // A node's clamp is one of the nominal scale; its activation function has been applied already.
  const kernels::QuantizedGrid grid =
      tensor.quantization.dynamic ? RunGridOf(output.id, scale) : OutputGridOf(node, tensor);
  kernels::AccumulatorRounding rounding;
  if (graph_.tensor(node.inputs[0]).quantization.scale.size() == 1) {
    rounding = RoundingOf(graph_, node, tensor, ScaleOf(node.inputs[0]), ScaleOf(output.id));
  }
  kernels::FakeQuantize(grid, rounding, output.values, options_.threads);
}

kernels::QuantizedGrid FloatPlan::RunGridOf(graph::TensorId id, float& scale) const {
  kernels::QuantizedGrid grid = GridOf(graph_.tensor(id));
  if (!graph_.tensor(id).quantization.dynamic) return grid;
  scale = static_cast<float>(ScaleOf(id));
  grid.scale = {&scale, 1};
  return grid;
}

double FloatPlan::ratio(graph::TensorId id) const {
  const graph::TensorId owner = range_owners_[static_cast<size_t>(id)];
  return owner == graph::kNoTensor ? 1 : ratios_[static_cast<size_t>(owner)];
}

void FloatPlan::set_ratio(graph::TensorId id, double ratio) {
  const graph::TensorId owner = range_owners_[static_cast<size_t>(id)];
  if (owner != graph::kNoTensor) ratios_[static_cast<size_t>(owner)] = ratio;
}

void FloatPlan::Run() {
  for (size_t n = 0; n < nodes_.size(); ++n) RunNode(n);
}

void FloatPlan::Import(graph::TensorId id, const std::byte* bytes, double ratio) {
  const graph::Tensor& description = graph_.tensor(id);
  const FloatTensor& to = tensor(id);
  if (description.dtype == to.dtype) {
    std::memcpy(to.data, bytes, BytesOf(to));
  } else {
    set_ratio(id, ratio);
    float scale = 0;
    DequantizeAs(description.dtype, RunGridOf(id, scale), bytes, 0, to.floats());
  }
}

void FloatPlan::Export(graph::TensorId id, std::byte* bytes) const {
  const graph::Tensor& description = graph_.tensor(id);
  const FloatTensor& from = tensor(id);
  if (description.dtype == from.dtype) {
    std::memcpy(bytes, from.data, BytesOf(from));
  } else {
    float scale = 0;
    QuantizeAs(description.dtype, RunGridOf(id, scale), from.floats(), 0, bytes);
  }
}

void FloatPlan::Values(graph::TensorId id, float* values) const {
  const FloatTensor& from = tensor(id);
  const int64_t count = from.count();
  const auto convert = [&](const auto* data) {
    for (int64_t i = 0; i < count; ++i) values[i] = static_cast<float>(data[i]);
  };
  switch (from.dtype) {
    case DataType::kFloat32:
      return convert(from.floats());
    case DataType::kInt8:
      return convert(static_cast<const int8_t*>(from.data));
    case DataType::kUInt8:
    case DataType::kBool:
      return convert(static_cast<const uint8_t*>(from.data));
    case DataType::kInt16:
      return convert(static_cast<const int16_t*>(from.data));
    case DataType::kInt32:
      return convert(from.int32s());
    case DataType::kInt64:
      return convert(from.int64s());
  }
}

}  // namespace integra::floats
