// Lowering of depthwise_conv_2d.
#include "runtime/ops/dense.h"

namespace integra::runtime {

void LowerDepthwiseConv2d(Lowering& l) {
  kernels::Conv2dParams p = Conv2dParamsOf(l);
  l.multiply_accumulates =
      static_cast<uint64_t>(ElementCount(l.output(0).shape) * p.y.kernel * p.x.kernel);
  if (l.input(0).dtype == DataType::kInt16) {
    EmitInt16(l, p);
    return;
  }
  auto weights = std::make_shared<const Int8Weights>(Int8WeightsOf(l.input(1)));
  p.weight_zero_point = weights->zero_point;
  const kernels::OutputStage stage = OutputStageOf(l);
  const int32_t* bias = BiasOf(l);
  const auto in = l.node.inputs[0], out = l.node.outputs[0];
  l.Emit("reference", [=](const StepContext& c) {
    kernels::ReferenceConv2d(p, c.in<uint8_t>(in), weights->data, bias, stage, c.out<uint8_t>(out));
  });
}

}  // namespace integra::runtime
