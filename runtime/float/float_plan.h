// A network made ready to run in float: buffers laid out, weights converted and packed, every node
// bound to what computes it. FloatSession and Compare() are built on it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/buffer.h"
#include "graph/graph.h"
#include "kernels/onednn/float/convolution.h"
#include "runtime/float/constants.h"
#include "runtime/float/float_call.h"
#include "runtime/float/grid.h"

namespace integra::floats {

struct FloatPlanOptions {
  bool simulated = false;         // round activations and weights to their quantized grids
  int threads = 1;                // OpenMP threads of oneDNN
  bool keep_all_tensors = false;  // every tensor has memory of its own
  bool reference = false;         // plain loops instead of oneDNN
};

class FloatPlan {
 public:
  // Refers to the graph, which has to outlive it. Throws Error.
  FloatPlan(const graph::Graph& graph, const FloatPlanOptions& options);
  FloatPlan(const FloatPlan&) = delete;
  FloatPlan& operator=(const FloatPlan&) = delete;

  const graph::Graph& graph() const { return graph_; }

  // Computes node `n` from whatever its input tensors hold; in simulated mode its outputs are then
  // rounded to their grids.
  void RunNode(size_t n);
  void Run();  // all of them, in order

  // An activation's memory. Valid as long as the plan lives; without keep_all_tensors its content
  // only until another tensor takes the place.
  const FloatTensor& tensor(graph::TensorId id) const { return tensors_[static_cast<size_t>(id)]; }

  // Between an activation and its bytes in the network's own type: dequantize; round and clamp.
  // `ratio` is that of a dynamic range to its nominal scale.
  void Import(graph::TensorId id, const std::byte* bytes, double ratio = 1);
  void Export(graph::TensorId id, std::byte* bytes) const;
  // An activation with one scale: that of the last run, which differs from the network's where the
  // range is dynamic.
  double ScaleOf(graph::TensorId id) const { return ratio(id) * NominalScale(id); }
  double ratio(graph::TensorId id) const;
  void set_ratio(graph::TensorId id, double ratio);
  // The activation's values as float32, whatever its type.
  void Values(graph::TensorId id, float* values) const;

  // What computes node `n`: oneDNN's name, or "float <operator>".
  const std::string& kernel(size_t n) const { return nodes_[n].kernel; }
  uint64_t multiply_accumulates(size_t n) const { return nodes_[n].multiply_accumulates; }

 private:
  double NominalScale(graph::TensorId id) const {
    return double{graph_.tensor(id).quantization.scale[0]};
  }

  // `scale` is where the grid points to if the range is dynamic.
  kernels::QuantizedGrid RunGridOf(graph::TensorId id, float& scale) const;

  struct RoundedOutput {
    float* values;
    kernels::QuantizedGrid grid;
    kernels::AccumulatorRounding rounding;
    graph::TensorId id;
    bool dynamic;  // grid and rounding are made anew in each run
  };
  struct BoundNode {
    FloatCall call;
    std::unique_ptr<kernels::OnednnFloatLayer> prepared = {};  // null: `function`
    FloatFunction function = nullptr;
    std::vector<RoundedOutput> rounded = {};  // in simulated mode
    std::string kernel = {};
    uint64_t multiply_accumulates = 0;
  };

  void PlaceTensors();
  void Bind(const graph::Node& node);
  void Prepare(BoundNode& bound);
  void ReleasePackedWeights();
  bool HasDynamicRange(const graph::Node& node) const;
  void RoundDynamically(const graph::Node& node, RoundedOutput& output);

  const graph::Graph& graph_;
  const FloatPlanOptions options_;
  FloatConstants constants_;
  const std::vector<graph::TensorId> range_owners_;
  std::vector<double> ratios_;  // by TensorId, where a tensor owns its range
  AlignedBuffer arena_;
  std::vector<FloatTensor> tensors_;  // by TensorId; constants have no memory here
  std::vector<BoundNode> nodes_;
};

}  // namespace integra::floats
