// conv_2d, depthwise_conv_2d and fully_connected.
#include <algorithm>

#include "convert/tflite/families.h"
#include "graph/quantized_ops.h"

namespace integra::convert {

void SetWindow(OperatorImport& o, tflite::Padding padding, graph::Window rows,
               graph::Window columns) {
  o.RequireRank(0, 4);
  if (rows.stride < 1 || columns.stride < 1 || rows.dilation < 1 || columns.dilation < 1 ||
      rows.size < 1 || columns.size < 1) {
    o.FailFile("a stride, dilation or window size is not positive");
  }
  if (padding == tflite::Padding::SAME) {
    graph::PadSame(o.input(0).shape[1], rows);
    graph::PadSame(o.input(0).shape[2], columns);
  } else if (padding != tflite::Padding::VALID) {
    o.FailFile("padding ", static_cast<int>(padding), " does not exist");
  }
  using Integers = std::vector<int64_t>;
  o.Set("stride", Integers{rows.stride, columns.stride});
  o.Set("padding",
        Integers{rows.pad_before, rows.pad_after, columns.pad_before, columns.pad_after});
}

namespace {

// LiteRT's int16 convolutions scale with the upper 16 bits of the multiplier, rounded, and round
// once (MultiplyByQuantizedMultiplier for int64_t in tensorflow/lite/kernels/internal/common.h).
void ReduceMultipliers(OperatorImport& o) {
  graph::DeriveRequantization(o.input(0), o.input(1), o.output(0), o.node);
  if (!o.node.has("multiplier")) return;  // no scales; Validate() says so
  std::vector<int64_t> reduced = o.node.integers("multiplier");
  for (int64_t& m : reduced) m = std::min<int64_t>((m + (1 << 15)) >> 16, 0x7fff) << 16;
  o.Set("multiplier", std::move(reduced));
}

// What the weights are multiplied with decides the arithmetic.
void SetArithmetic(OperatorImport& o, const char* rounding) {
  if (o.is_float(0)) {
    o.DequantizeConstant(1);
    o.DequantizeConstant(2);
  } else {
    o.SetRounding(rounding);
  }
}

template <typename Options>
void ImportConvolution(OperatorImport& o, const Options& options) {
  o.RequireRank(1, 4);
  const Shape& weights = o.input(1).shape;
  SetWindow(o, options.padding(), {weights[1], options.stride_h(), options.dilation_h()},
            {weights[2], options.stride_w(), options.dilation_w()});
  o.Set("dilation", std::vector<int64_t>{options.dilation_h(), options.dilation_w()});
  o.SetActivation(options.activation());
  const bool wide = o.input(0).dtype == DataType::kInt16;
  SetArithmetic(o, wide ? "single" : "double");
  if (wide) ReduceMultipliers(o);
}

}  // namespace

void ImportConv2d(OperatorImport& o) { ImportConvolution(o, o.options<tflite::Conv2DOptions>()); }

void ImportDepthwiseConv2d(OperatorImport& o) {
  ImportConvolution(o, o.options<tflite::DepthwiseConv2DOptions>());
}

void ImportFullyConnected(OperatorImport& o) {
  const auto& options = o.options<tflite::FullyConnectedOptions>();
  if (options.weights_format() != tflite::WeightsFormat::DEFAULT) {
    o.FailUnsupported("shuffled weights");
  }
  o.Set("keep_dims", options.keep_num_dims());
  o.SetActivation(options.activation());
  SetArithmetic(o, "single");
}

}  // namespace integra::convert
