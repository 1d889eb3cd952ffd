// Schema of fully_connected.
#include "graph/quantized_ops.h"

namespace integra::graph {
namespace {

void Derive(const Graph& graph, Node& node) {
  DeriveRequantization(graph.tensor(node.inputs[0]), graph.tensor(node.inputs[1]),
                       graph.tensor(node.outputs[0]), node);
}

void Infer(InferContext& c) {
  c.RequireRank(1, 2);
  const Shape& x = c.input(0).shape;
  const Shape& w = c.input(1).shape;
  const int64_t depth = w[1];
  const int64_t count = ElementCount(x);
  if (count % depth != 0) {
    c.FailFile("input ", ToString(x), " does not divide into rows of ", depth);
  }
  const bool keep = c.node().flag("keep_dims");
  if (keep && (x.empty() || x.back() != depth)) {
    c.FailFile("the input's last dimension has to be ", depth);
  }
  CheckDenseOperands(c, w[0], 1, depth);
  Shape out = {count / depth, w[0]};
  if (keep) {
    out = x;
    out.back() = w[0];
  }
  c.SetOutput(0, c.input(0).dtype, std::move(out));
}

std::vector<AttributeSchema> Attributes() {
  std::vector<AttributeSchema> all = {
      {"keep_dims", AttributeType::kBool, "keep the input's leading dimensions", false, false}};
  for (AttributeSchema& attribute : RequantizationAttributes()) all.push_back(attribute);
  return all;
}

}  // namespace

extern const OperatorSchema kFullyConnectedSchema = {
    "dense layer: rows of the input times weights [out,in] plus optional bias [out]",
    2,
    3,
    1,
    1,
    Attributes(),
    Infer,
    Derive};

}  // namespace integra::graph
