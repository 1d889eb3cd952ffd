// conv_2d and depthwise_conv_2d.
#include "convert/tflite/families.h"
#include "graph/ops/window.h"

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

template <typename Options>
void ImportConvolution(OperatorImport& o, const Options& options) {
  o.RequireRank(1, 4);
  const Shape& weights = o.input(1).shape;
  SetWindow(o, options.padding(), {weights[1], options.stride_h(), options.dilation_h()},
            {weights[2], options.stride_w(), options.dilation_w()});
  o.Set("dilation", std::vector<int64_t>{options.dilation_h(), options.dilation_w()});
  o.SetActivation(options.activation());
  if (o.is_float(0)) {
    o.DequantizeConstant(1);
    o.DequantizeConstant(2);
  } else {
    o.SetRounding("double");
  }
}

}  // namespace

void ImportConv2d(OperatorImport& o) { ImportConvolution(o, o.options<tflite::Conv2DOptions>()); }

void ImportDepthwiseConv2d(OperatorImport& o) {
  ImportConvolution(o, o.options<tflite::DepthwiseConv2DOptions>());
}

}  // namespace integra::convert
