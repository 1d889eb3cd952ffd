#include "runtime/plan.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "base/error.h"
#include "graph/dynamic_range.h"
#include "kernels/self_test.h"
#include "runtime/float_nodes.h"
#include "runtime/ops/winograd.h"
#include "runtime/pixel_chains.h"
#include "runtime/row_fusion.h"
#include "runtime/row_layers.h"

namespace integra::runtime {
namespace {

using graph::Graph;
using graph::Node;
using graph::TensorId;

size_t BytesOf(const graph::Tensor& tensor) {
  return static_cast<size_t>(ElementCount(tensor.shape)) * SizeOf(tensor.dtype);
}

[[noreturn]] void RefuseFloatNodes(const Graph& graph) {
  std::string names;
  size_t count = 0;
  for (const Node& node : graph.nodes) {
    if (!IsFloatNode(graph, node)) continue;
    if (++count <= 10)
      names += StrCat(count > 1 ? ", '" : "'", node.name, "' (", NameOf(node.type), ")");
  }
  const bool all = count == graph.nodes.size();
  Fail(ErrorCode::kUnsupported, graph.source, ": ", count, " of ", graph.nodes.size(),
       " nodes compute in float: ", names, count > 10 ? ", ..." : "",
       all ? "; quantize the network first (integra quantize), or run it in float mode"
           : "; integer mode runs them only where the caller allows float nodes");
}

// Follows aliases to the tensor that owns the memory.
TensorId Root(const std::vector<TensorId>& alias_of, TensorId id) {
  while (alias_of[static_cast<size_t>(id)] != id) id = alias_of[static_cast<size_t>(id)];
  return id;
}

// Lifetimes of the tensors that own arena memory, then offsets for all.
void LayOut(const Graph& graph, const std::vector<TensorId>& alias_of, bool keep_all, Plan& plan) {
  const auto count = graph.tensors.size();
  const auto last_step = static_cast<int64_t>(graph.nodes.size());
  std::vector<Lifetime> lifetimes(count, Lifetime{0, last_step + 1, -1});
  const auto touch = [&](TensorId id, int64_t step) {
    if (id == graph::kNoTensor || graph.tensor(id).is_constant()) return;
    const TensorId owner = Root(alias_of, id);
    if (graph.tensor(owner).is_constant()) return;
    Lifetime& l = lifetimes[static_cast<size_t>(owner)];
    l.bytes = std::max(l.bytes, BytesOf(graph.tensor(id)));
    l.first = std::min(l.first, step);
    l.last = std::max(l.last, step);
  };
  // Step 0 is the copying in of the inputs, node i runs at step i + 1, then outputs are copied out.
  for (const TensorId id : graph.inputs) touch(id, 0);
  std::vector<std::pair<size_t, size_t>> spans;  // by node: of the nodes that run beside it
  for (size_t i = 0; i < graph.nodes.size(); ++i) spans.emplace_back(i, i);
  for (const Plan::Chain& chain : plan.chains) {
    for (size_t i = chain.first; i <= chain.last; ++i) spans[i] = {chain.first, chain.last};
  }
  std::vector<bool> never_whole(count, false);
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const size_t at = plan.runs_within[i];
    if (at != i) never_whole[static_cast<size_t>(graph.nodes[i].outputs[0])] = true;
    const auto touch_all = [&](const std::vector<TensorId>& ids) {
      for (const TensorId id : ids) {
        if (id == graph::kNoTensor || never_whole[static_cast<size_t>(id)]) continue;
        touch(id, static_cast<int64_t>(spans[at].first) + 1);
        touch(id, static_cast<int64_t>(spans[at].second) + 1);
      }
    };
    touch_all(graph.nodes[i].inputs);
    touch_all(graph.nodes[i].outputs);
  }
  for (const TensorId id : graph.outputs) touch(id, last_step + 1);

  std::vector<Lifetime> used;
  std::vector<size_t> slot(count, Plan::kNotInArena);
  for (size_t id = 0; id < count; ++id) {
    if (lifetimes[id].last < 0) continue;
    slot[id] = used.size();
    used.push_back(lifetimes[id]);
    // Kernels may read past the end of a tensor; what they read there is never used.
    used.back().bytes += kReadPadding;
    if (keep_all) used.back().last = last_step + 1;
  }
  const MemoryPlan memory = PlanMemory(used);
  plan.arena_bytes = memory.arena_bytes;
  plan.arena_lower_bound = memory.lower_bound;
  plan.offsets.assign(count, Plan::kNotInArena);
  for (size_t id = 0; id < count; ++id) {
    const auto owner = static_cast<size_t>(Root(alias_of, static_cast<TensorId>(id)));
    if (slot[owner] != Plan::kNotInArena) plan.offsets[id] = memory.offsets[slot[owner]];
  }
}

// Constants that kernels read as activations (an add's constant operand) in the stored domain.
// Weights are packed by their operators from the graph itself, and cost nothing here.
void StoreConstants(const Graph& graph, const std::vector<TensorId>& alias_of,
                    const std::vector<bool>& read_as_activation, Plan& plan) {
  plan.constant_addresses.assign(graph.tensors.size(), nullptr);
  for (size_t id = 0; id < graph.tensors.size(); ++id) {
    const graph::Tensor& tensor = graph.tensors[id];
    if (!read_as_activation[id] || !tensor.is_constant()) continue;
    AlignedBuffer& copy = plan.constants.emplace_back(BytesOf(tensor));
    ToStored(tensor.dtype, tensor.data.bytes.data(), copy.data(), tensor.data.size());
    plan.constant_addresses[id] = copy.data();
  }
  for (size_t id = 0; id < graph.tensors.size(); ++id) {
    const auto owner = static_cast<size_t>(Root(alias_of, static_cast<TensorId>(id)));
    plan.constant_addresses[id] = plan.constant_addresses[owner];
  }
}

// Inputs that the operator reads through StepContext, not from the graph while it is lowered.
bool IsWeight(const Node& node, size_t input) {
  switch (node.type) {
    case graph::OpType::kConv2d:
    case graph::OpType::kDepthwiseConv2d:
    case graph::OpType::kFullyConnected:
      return input > 0;
    case graph::OpType::kUnidirectionalSequenceLstm:
      return input > 0 && input < 13;  // 13 and 14 are states
    default:
      return false;
  }
}

// Of packed weights and their output stages, about: where Winograd's are chosen it is more.
size_t PackedBytes(const Graph& graph) {
  constexpr int64_t kStageBytes = 64;  // of a channel
  size_t bytes = 0;
  for (const Node& node : graph.nodes) {
    if (node.inputs.size() < 2 || !IsWeight(node, 1)) continue;
    const graph::Tensor& weights = graph.tensor(node.inputs[1]);
    const int64_t channels = graph.tensor(node.outputs[0]).shape.back();
    bytes += weights.data.size() + static_cast<size_t>(channels * kStageBytes);
  }
  return bytes;
}

}  // namespace

void ToStored(DataType dtype, const std::byte* from, std::byte* to, size_t bytes) {
  if (dtype != DataType::kInt8) {
    if (from != to) std::memcpy(to, from, bytes);
    return;
  }
  for (size_t i = 0; i < bytes; ++i) to[i] = from[i] ^ std::byte{0x80};
}

void FromStored(DataType dtype, const std::byte* from, std::byte* to, size_t bytes) {
  ToStored(dtype, from, to, bytes);  // q + 128 modulo 256 is its own inverse
}

kernels::Isa IsaOf(const Graph& graph, const SessionOptions& options) {
  kernels::Isa isa = kernels::DefaultIsa();
  if (!options.max_isa.empty()) {
    kernels::Isa cap;
    if (!kernels::ParseIsa(options.max_isa, &cap)) {
      Fail(ErrorCode::kInvalidArgument, "unknown instruction set '", options.max_isa,
           "'; known are ", kernels::IsaNames());
    }
    isa = std::min(isa, cap);
  }
  const bool winograd = std::ranges::any_of(
      graph.nodes, [&](const Node& node) { return MayTakeWinograd(graph, node); });
  using Scope = kernels::SelfTestScope;
  const Scope tested = options.tuning.empty() ? Scope::kBestWinograd : Scope::kAll;
  return kernels::HighestExact(isa, winograd ? tested : Scope::kWithoutWinograd);
}

Plan MakePlan(const Graph& graph, const SessionOptions& options, WeightCache& cache,
              const Choices& choices) {
  Plan plan;
  plan.isa = IsaOf(graph, options);
  std::vector<TensorId> alias_of(graph.tensors.size());
  for (size_t i = 0; i < alias_of.size(); ++i) alias_of[i] = static_cast<TensorId>(i);
  std::vector<bool> read_as_activation(graph.tensors.size(), false);
  for (const TensorId id : graph.outputs) read_as_activation[static_cast<size_t>(id)] = true;

  cache.Expect(PackedBytes(graph));
  plan.range_owners = graph::RangeOwners(graph);
  RowFusion fusion(graph, options.keep_all_tensors);
  plan.runs_within.resize(graph.nodes.size());
  std::iota(plan.runs_within.begin(), plan.runs_within.end(), size_t{0});
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    Lowering lowering(graph, node, plan.isa, options, cache, plan.range_owners);
    lowering.input_rows = fusion.SourceFor(node);
    if (!choices.empty()) lowering.candidate = choices[i];
    if (IsFloatNode(graph, node)) {
      if (options.float_nodes == nullptr) RefuseFloatNodes(graph);
      options.float_nodes->Lower(lowering);
    } else {
      LowerFunctionOf(node.type)(lowering);
    }
    for (size_t k = 0; k < node.inputs.size(); ++k) {
      if (node.inputs[k] != graph::kNoTensor && !IsWeight(node, k)) {
        read_as_activation[static_cast<size_t>(node.inputs[k])] = true;
      }
    }
    for (const Lowering::Alias& alias : lowering.aliases) {
      alias_of[static_cast<size_t>(alias.output)] = alias.input;
    }
    plan.nodes.push_back({lowering.kernel, lowering.multiply_accumulates});
    plan.scratch_bytes = std::max(plan.scratch_bytes, lowering.scratch_bytes);
    plan.workspace_bytes = std::max(plan.workspace_bytes, lowering.workspace_bytes);
    if (lowering.step) {
      plan.steps.push_back({i, std::move(lowering.step), std::move(lowering.row_layer),
                            std::move(lowering.pixel_step)});
    }
    fusion.Add(node, i, lowering, plan);
  }
  plan.scratch_bytes = AlignUp(plan.scratch_bytes + kReadPadding);
  if (!options.profile && !options.should_stop) {
    JoinRowLayers(plan);
    JoinPixelSteps(options.threads, plan);
  }
  LayOut(graph, alias_of, options.keep_all_tensors, plan);
  StoreConstants(graph, alias_of, read_as_activation, plan);
  return plan;
}

}  // namespace integra::runtime
