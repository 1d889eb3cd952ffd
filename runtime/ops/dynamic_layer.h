// Layers whose input or output has a dynamic range: all sums of a sample first, then the output
// stage that follows from them (kernels/dynamic_stage.h).
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kernels/dynamic_stage.h"
#include "runtime/lowering.h"

namespace integra::runtime {

class DynamicLayerStep {
 public:
  // `layer` without finds_range, low and high, which follow from the node. rows * channels are all
  // of the output.
  DynamicLayerStep(Lowering& l, kernels::DynamicLayer layer);

  // Where the layer leaves its sums, [rows][channels].
  static int32_t* Sums(const StepContext& c) { return reinterpret_cast<int32_t*>(c.workspace); }

  // From the sums to the output. `x`: the range of what the layer has summed.
  void Finish(const StepContext& c, const DynamicRange& x);
  // The same for a layer of one input.
  void Finish(const StepContext& c) {
    Finish(c, input_ == graph::kNoTensor ? DynamicRange{} : c.ranges[input_]);
  }

 private:
  const kernels::DynamicLayer layer_;
  const int64_t rows_;
  const graph::TensorId input_, output_, out_;  // owners of ranges or kNoTensor; the output itself
  const kernels::ChannelExtremesFunction channel_extremes_;
  const kernels::RequantizeFunction requantize_;
  kernels::DynamicStage run_;
  kernels::VectorOutputStage stage_;
  std::vector<int32_t> lowest_, highest_;  // [threads][channels]
};

// A layer of weights whose input or output has a dynamic range. `addends`: without the bias.
kernels::DynamicLayer DynamicLayerOf(const Lowering& l, std::vector<int32_t> addends,
                                     int64_t largest_sum);

// Emits run(context, sums), which leaves the sums, and what follows from them.
template <typename F>
void EmitDynamic(Lowering& l, const std::string& kernel, kernels::DynamicLayer layer, F run) {
  const auto finish = std::make_shared<DynamicLayerStep>(l, std::move(layer));
  l.Emit(StrCat("dynamic ", kernel), [=, run = std::move(run)](const StepContext& c) {
    run(c, DynamicLayerStep::Sums(c));
    finish->Finish(c);
  });
}

}  // namespace integra::runtime
