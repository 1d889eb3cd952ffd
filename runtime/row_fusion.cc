#include "runtime/row_fusion.h"

#include "base/error.h"

namespace integra::runtime {

using graph::Node;
using graph::TensorId;

RowFusion::RowFusion(const graph::Graph& graph, bool keep_all)
    : sources_(graph.tensors.size()), keep_all_(keep_all) {
  std::vector<int> readers(graph.tensors.size(), 0);
  for (const TensorId id : graph.outputs) ++readers[static_cast<size_t>(id)];
  for (const Node& node : graph.nodes) {
    for (const TensorId id : node.inputs) {
      if (id != graph::kNoTensor) ++readers[static_cast<size_t>(id)];
    }
  }
  for (size_t id = 0; id < readers.size(); ++id) sources_[id].read_once = readers[id] == 1;
}

const RowSource* RowFusion::SourceFor(const Node& node) const {
  if (keep_all_ || node.inputs.empty() || node.inputs[0] == graph::kNoTensor) return nullptr;
  const Source& source = sources_[static_cast<size_t>(node.inputs[0])];
  return source.read_once ? source.rows.get() : nullptr;
}

void RowFusion::Add(const Node& node, size_t i, const Lowering& lowering, Plan& plan) {
  if (lowering.rows) {
    Source& source = sources_[static_cast<size_t>(node.outputs[0])];
    source.rows = lowering.rows;
    source.node = i;
  }
  if (!lowering.takes_input_rows) return;
  const size_t made_by = sources_[static_cast<size_t>(node.inputs[0])].node;
  plan.runs_within[made_by] = i;
  std::erase_if(plan.steps, [&](const PlannedStep& step) { return step.node == made_by; });
  plan.nodes[made_by].kernel = StrCat(plan.nodes[made_by].kernel, " within ", node.name);
  plan.nodes[i].multiply_accumulates += plan.nodes[made_by].multiply_accumulates;
  plan.nodes[made_by].multiply_accumulates = 0;
}

}  // namespace integra::runtime
