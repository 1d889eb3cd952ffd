// What the lowerings of convolutions and dense layers share.
#pragma once

#include <memory>
#include <vector>

#include "kernels/conv2d.h"
#include "kernels/gemm.h"
#include "kernels/output_stage.h"
#include "runtime/lowering.h"

namespace integra::runtime {

// The node's output stage, in the stored domain.
kernels::OutputStage OutputStageOf(const Lowering& l);

// The parameters of a conv_2d or depthwise_conv_2d node.
kernels::Conv2dParams Conv2dParamsOf(const Lowering& l);

// Weights as int8: a uint8 weight w is held as w - 128, and its zero point moves with it.
struct Int8Weights {
  Int8Weights() = default;
  Int8Weights(Int8Weights&&) = default;  // not copied: `data` may be within `copy`
  Int8Weights& operator=(Int8Weights&&) = default;

  std::vector<int8_t> copy;  // empty where the constant itself could be used
  const int8_t* data = nullptr;
  int32_t zero_point = 0;
};
Int8Weights Int8WeightsOf(const graph::Tensor& weights);

// Bias as int32, or null.
const int32_t* BiasOf(const Lowering& l);

kernels::GemmKind GemmKindOf(const Lowering& l);

// A Gemm from the network's cache, packed on first use. `part` tells several of one node apart.
std::shared_ptr<const kernels::Gemm> CachedGemm(const Lowering& l, int64_t part,
                                                const kernels::GemmProblem& problem);

// Output channels [first, first + count).
kernels::GemmProblem ChannelsOf(const kernels::GemmProblem& problem, int64_t first, int64_t count);

// An 8-bit layer of `rows` products of `depth` inputs, which follow each other in memory.
void EmitDense(Lowering& l, int64_t rows, int64_t depth);

// 16-bit convolution or dense layer (given as a convolution), by the reference.
void EmitInt16(Lowering& l, const kernels::Conv2dParams& params);

}  // namespace integra::runtime
