// Schemas of average_pool_2d and max_pool_2d.
#include "graph/ops/activation_checks.h"
#include "graph/ops/window.h"
#include "graph/quantized_ops.h"

namespace integra::graph {
namespace {

std::vector<AttributeSchema> PoolAttributes() {
  return {
      {"filter", AttributeType::kIntegers, "size of the window, [rows, columns]", true},
      {"stride", AttributeType::kIntegers, "[rows, columns]", false, std::vector<int64_t>{1, 1}},
      {"padding", AttributeType::kIntegers,
       "[top, bottom, left, right]; what lies outside of the image counts for nothing", false,
       std::vector<int64_t>{0, 0, 0, 0}},
      {"activation",
       AttributeType::kText,
       "function applied to the result",
       false,
       std::string("none"),
       false,
       {"none", "relu", "relu6", "relu_n1_to_1"}},
      {"clamp", AttributeType::kIntegers, "smallest and largest output value, quantized", false,
       false, true},
  };
}

void Derive(const Graph& graph, Node& node) {
  if (!UnaryQuantizationOf(graph, node) || node.has("clamp")) return;
  node.attributes["clamp"] =
      ActivationClamp(graph.tensor(node.outputs[0]), node.text("activation"));
}

void Infer(InferContext& c) {
  c.RequireRank(0, 4);
  const auto& filter = c.node().integers("filter");
  if (filter.size() != 2) c.FailFile("attribute 'filter' needs 2 values");
  const auto [rows, columns] = WindowsOf(c, filter[0], filter[1]);
  if (RequireQuantizedOrFloat(c, {DataType::kUInt8, DataType::kInt8, DataType::kInt16})) {
    RequireSameQuantization(c);
    RequireClamp(c);
  }
  const Shape& x = c.input(0).shape;
  c.SetOutput(0, c.input(0).dtype, {x[0], rows.output(x[1]), columns.output(x[2]), x[3]});
}

}  // namespace

extern const OperatorSchema kAveragePool2dSchema = {
    "mean of each window of [N,H,W,C]", 1, 1, 1, 1, PoolAttributes(), Infer, Derive};

extern const OperatorSchema kMaxPool2dSchema = {
    "largest value of each window of [N,H,W,C]", 1, 1, 1, 1, PoolAttributes(), Infer, Derive};

}  // namespace integra::graph
