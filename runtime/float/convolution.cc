#include "runtime/float/convolution.h"

#include "runtime/float/activation.h"

namespace integra::floats {
namespace {

const float* BiasOf(const FloatCall& call) {
  return call.inputs.size() > 2 ? call.inputs[2].floats() : nullptr;
}

}  // namespace

kernels::FloatConvolution ConvolutionOf(const FloatCall& call) {
  const Shape& src = call.inputs[0].shape;
  const Shape& weights = call.inputs[1].shape;
  const Shape& dst = call.outputs[0].shape;
  const auto& stride = call.node.integers("stride");
  const auto& dilation = call.node.integers("dilation");
  const auto& padding = call.node.integers("padding");
  const ActivationRange range = ActivationRangeOf(call.node);
  kernels::FloatConvolution p;
  p.batch = src[0];
  p.in_h = src[1];
  p.in_w = src[2];
  p.in_c = src[3];
  p.out_h = dst[1];
  p.out_w = dst[2];
  p.out_c = dst[3];
  p.filter_h = weights[1];
  p.filter_w = weights[2];
  p.stride_h = stride[0];
  p.stride_w = stride[1];
  p.dilation_h = dilation[0];
  p.dilation_w = dilation[1];
  p.pad_top = padding[0];
  p.pad_left = padding[2];
  p.depthwise = call.node.type == graph::OpType::kDepthwiseConv2d;
  p.groups = p.depthwise ? p.in_c : p.in_c / weights[3];
  p.low = range.low;
  p.high = range.high;
  return p;
}

kernels::FloatMatmul MatmulOf(const FloatCall& call) {
  const Shape& weights = call.inputs[1].shape;
  const ActivationRange range = ActivationRangeOf(call.node);
  kernels::FloatMatmul p;
  p.n = weights[0];
  p.k = weights[1];
  p.m = call.outputs[0].count() / p.n;
  p.low = range.low;
  p.high = range.high;
  return p;
}

void FloatConv2d(FloatCall& call) {
  kernels::ConvolutionF32(ConvolutionOf(call), call.inputs[0].floats(), call.inputs[1].floats(),
                          BiasOf(call), call.outputs[0].floats());
}

void FloatDepthwiseConv2d(FloatCall& call) { FloatConv2d(call); }

void FloatFullyConnected(FloatCall& call) {
  kernels::MatmulF32(MatmulOf(call), call.inputs[0].floats(), call.inputs[1].floats(), BiasOf(call),
                     call.outputs[0].floats());
}

}  // namespace integra::floats
