#include "graph/dynamic_range.h"
#include "graph/schema.h"
#include "graph/validation.h"

namespace integra::graph {
namespace {

void Derive(const Graph& graph, const OperatorSchema& schema, Node& node) {
  if (schema.derive == nullptr) return;
  try {
    schema.derive(graph, node);
  } catch (const Error& error) {  // of scales that give no factor
    Fail(error.code(), Describe(graph, node), ": ", error.what());
  }
}

}  // namespace

void Validate(Graph& graph) {
  CheckStructure(graph);
  std::vector<bool> made(graph.tensors.size());
  for (const Node& node : graph.nodes) {
    for (const TensorId id : node.outputs) made[static_cast<size_t>(id)] = true;
  }
  for (size_t id = 0; id < graph.tensors.size(); ++id) {
    CheckTensor(graph, graph.tensors[id]);
    if (!made[id]) CheckQuantizationShape(graph, graph.tensors[id]);
  }
  for (Node& node : graph.nodes) {
    CheckAttributes(graph, node);
    const size_t attributes = node.attributes.size();
    const OperatorSchema& schema = SchemaOf(node.type);
    Derive(graph, schema, node);
    InferContext context(graph, node);
    schema.infer(context);
    // What `derive` filled in has to be of the declared names and types, too.
    if (node.attributes.size() > attributes) CheckAttributes(graph, node);
    for (const TensorId id : node.outputs) {
      CheckTensor(graph, graph.tensor(id));
      CheckQuantizationShape(graph, graph.tensor(id));
    }
  }
  CheckDynamicRanges(graph);
}

}  // namespace integra::graph
