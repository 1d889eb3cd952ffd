// Lowering: how one node of a graph becomes one step of a plan.
//
// Integer mode holds every 8-bit activation as uint8: an int8 value q lives in memory as q + 128,
// and its zero point moves with it. Quantized arithmetic sees only q - zero_point, so one set of
// kernels serves int8 and uint8 networks. Weights keep their own type. The plan converts at the
// network's inputs and outputs.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/dynamic_range.h"
#include "base/thread_pool.h"
#include "graph/graph.h"
#include "graph/schema.h"
#include "integra/session.hpp"
#include "kernels/gemm.h"
#include "kernels/isa.h"
#include "runtime/candidate.h"
#include "runtime/weight_cache.h"

namespace integra::runtime {

// What a step sees while it runs.
struct StepContext {
  std::byte* const* tensors;  // address of every tensor, by TensorId
  std::byte* const* scratch;  // one private area per thread, of the size the lowering asked for
  ThreadPool* pool;
  DynamicRange* ranges;  // by TensorId of the tensor that owns the range (graph::RangeOwners)
  std::byte* workspace;  // shared by all threads, of the size the lowering asked for

  template <typename T>
  const T* in(graph::TensorId id) const {
    return reinterpret_cast<const T*>(tensors[id]);
  }
  template <typename T>
  T* out(graph::TensorId id) const {
    return reinterpret_cast<T*>(tensors[id]);
  }
};

using Step = std::function<void(const StepContext&)>;

// A step that is no more than the row steps of some Gemms, each of `channels` outputs but the last,
// from one tensor to another.
struct RowLayer {
  std::vector<std::shared_ptr<const kernels::Gemm>> gemms;
  int64_t channels = 0;
  graph::TensorId in = graph::kNoTensor, out = graph::kNoTensor;
};

// A step as parts: it makes the pixels (all elements of the last dimension) that it is asked for.
struct PixelStep {
  int64_t pixels = 0;     // of the output; 0: no such step
  int64_t multiple = 1;   // parts begin at multiples of this
  bool is_local = false;  // a pixel depends on, and a part reads, those with the same numbers alone
  // Output pixels [first, last), by one thread.
  std::function<void(const StepContext&, int64_t first, int64_t last, int thread)> run;
};

// A quantized activation as kernels see it: stored = value + offset.
struct Activation {
  int32_t zero_point = 0;  // in the stored domain
  int32_t offset = 0;      // 128 for int8, else 0
};

struct RowSource;  // runtime/ops/row_source.h

class Lowering {
 public:
  Lowering(const graph::Graph& graph, const graph::Node& node, kernels::Isa isa,
           const SessionOptions& options, WeightCache& cache,
           const std::vector<graph::TensorId>& range_owners)
      : graph(graph),
        node(node),
        isa(isa),
        options(options),
        cache(cache),
        range_owners(range_owners) {}

  const graph::Graph& graph;
  const graph::Node& node;
  const kernels::Isa isa;
  const SessionOptions& options;
  WeightCache& cache;
  const std::vector<graph::TensorId>& range_owners;
  // Makes rows of input 0, which nobody else reads; or null.
  const RowSource* input_rows = nullptr;
  Candidate candidate = Candidate::kDefault;

  // Whether the node reads or makes a tensor with a dynamic range.
  bool has_dynamic_range() const;
  graph::TensorId range_of(graph::TensorId id) const {
    return id == graph::kNoTensor ? id : range_owners[static_cast<size_t>(id)];
  }
  const graph::Tensor& input(size_t i) const { return graph.tensor(node.inputs[i]); }
  const graph::Tensor& output(size_t i) const { return graph.tensor(node.outputs[i]); }
  bool has_input(size_t i) const { return node.input(i) != graph::kNoTensor; }
  static Activation ActivationOf(const graph::Tensor& tensor);

  // The node's requantization with the clamp moved into the stored domain of output 0.
  graph::Requantization RequantizationInStoredDomain() const;

  // --- Results, one of: ---
  // The step, and which kernel it is ("conv_2d own avx512_vnni 6x64").
  void Emit(std::string kernel, Step step);
  // Output `i` has the same bytes as input `j`: no step, they share memory.
  void AliasOutput(size_t i, size_t j);
  // Besides a step: it makes the rows of input 0 itself, by `input_rows`, and the layer before has
  // no step.
  void TakeInputRows();
  // Besides a step: that rows of output 0 can be had without it.
  void OfferRows(RowSource rows);
  // Besides a step: it is no more than the row steps of `gemms`, if they have some, from input 0 to
  // output 0. See RowLayer.
  void OfferRowSteps(std::vector<std::shared_ptr<const kernels::Gemm>> gemms, int64_t channels);
  // Besides a step: the same as parts.
  void OfferPixels(PixelStep step) { pixel_step = std::move(step); }

  // --- Requests ---
  size_t scratch_bytes = 0;    // per thread
  size_t workspace_bytes = 0;  // shared
  uint64_t multiply_accumulates = 0;

  template <typename... Parts>
  [[noreturn]] void FailUnsupported(const Parts&... parts) const {
    Fail(ErrorCode::kUnsupported, graph::Describe(graph, node), ": ", parts...);
  }

  // Read by the plan.
  std::string kernel;
  Step step;
  struct Alias {
    graph::TensorId output, input;
  };
  std::vector<Alias> aliases;
  std::shared_ptr<const RowSource> rows;
  RowLayer row_layer;  // without Gemms: it is none
  PixelStep pixel_step;
  bool takes_input_rows = false;
};

using LowerFunction = void (*)(Lowering&);
LowerFunction LowerFunctionOf(graph::OpType type);

}  // namespace integra::runtime
