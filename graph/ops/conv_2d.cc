// Schemas of conv_2d and depthwise_conv_2d.
#include "graph/ops/window.h"
#include "graph/quantized_ops.h"

namespace integra::graph {
namespace {

std::vector<AttributeSchema> ConvolutionAttributes() {
  std::vector<AttributeSchema> all = {
      {"stride", AttributeType::kIntegers, "[rows, columns]", false, std::vector<int64_t>{1, 1}},
      {"dilation", AttributeType::kIntegers, "[rows, columns]", false, std::vector<int64_t>{1, 1}},
      {"padding", AttributeType::kIntegers,
       "[top, bottom, left, right], filled with the zero point", false,
       std::vector<int64_t>{0, 0, 0, 0}},
  };
  for (AttributeSchema& attribute : RequantizationAttributes()) all.push_back(attribute);
  return all;
}

void Derive(const Graph& graph, Node& node) {
  DeriveRequantization(graph.tensor(node.inputs[0]), graph.tensor(node.inputs[1]),
                       graph.tensor(node.outputs[0]), node);
}

void InferConv2d(InferContext& c) {
  c.RequireRank(0, 4);
  c.RequireRank(1, 4);
  const Shape& x = c.input(0).shape;
  const Shape& w = c.input(1).shape;
  if (x[3] % w[3] != 0) {
    c.FailFile("input has ", x[3], " channels, the filter ", w[3]);
  }
  const int64_t groups = x[3] / w[3];
  if (w[0] % groups != 0) {
    c.FailFile(groups, " groups do not divide ", w[0], " output channels");
  }
  const auto [rows, columns] = WindowsOf(c, w[1], w[2]);
  CheckDenseOperands(c, w[0], 1, w[1] * w[2] * w[3]);
  c.SetOutput(0, c.input(0).dtype, {x[0], rows.output(x[1]), columns.output(x[2]), w[0]});
}

void InferDepthwiseConv2d(InferContext& c) {
  c.RequireRank(0, 4);
  c.RequireRank(1, 4);
  const Shape& x = c.input(0).shape;
  const Shape& w = c.input(1).shape;
  if (w[0] != 1) c.FailFile("the filter's first dimension has to be 1, not ", w[0]);
  if (w[3] % x[3] != 0) {
    c.FailFile("filter channels (", w[3], ") are not a multiple of input channels (", x[3], ")");
  }
  const auto [rows, columns] = WindowsOf(c, w[1], w[2]);
  CheckDenseOperands(c, w[3], w[1] * w[2], 1);
  c.SetOutput(0, c.input(0).dtype, {x[0], rows.output(x[1]), columns.output(x[2]), w[3]});
}

}  // namespace

extern const OperatorSchema kConv2dSchema = {
    "2-D convolution: [N,H,W,I] with weights [O,kh,kw,I/groups] and optional bias [O]",
    2,
    3,
    1,
    1,
    ConvolutionAttributes(),
    InferConv2d,
    Derive};

extern const OperatorSchema kDepthwiseConv2dSchema = {
    "depthwise 2-D convolution: [N,H,W,C] with weights [1,kh,kw,C*multiplier] and optional bias",
    2,
    3,
    1,
    1,
    ConvolutionAttributes(),
    InferDepthwiseConv2d,
    Derive};

}  // namespace integra::graph
