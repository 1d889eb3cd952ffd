#include "graph/dot.h"

#include <ostream>
#include <string>
#include <vector>

#include "base/error.h"

namespace integra::graph {
namespace {

// A quoted string of the DOT language; `lines` are set one below the other.
std::string Label(const std::vector<std::string>& lines) {
  std::string text = "\"";
  for (size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) text += "\\n";
    for (const char c : lines[i]) {
      if (c == '"' || c == '\\') text += '\\';
      text += c == '\n' ? ' ' : c;
    }
  }
  return text + "\"";
}

std::string TypeAndShape(const Tensor& tensor) {
  return StrCat(integra::NameOf(tensor.dtype), " ", ToString(tensor.shape));
}

std::vector<std::string> LinesOf(const Graph& graph, const Node& node) {
  std::vector<std::string> lines = {node.name, NameOf(node.type)};
  for (const TensorId id : node.inputs) {
    if (id == kNoTensor || !graph.tensor(id).is_constant()) continue;
    lines.push_back(StrCat(graph.tensor(id).name, ": ", TypeAndShape(graph.tensor(id))));
  }
  return lines;
}

}  // namespace

void WriteDot(const Graph& graph, std::ostream& out) {
  // Who makes each tensor: "n3", or "i0" for an input of the network.
  std::vector<std::string> makers(graph.tensors.size());
  out << "digraph " << Label({graph.name}) << " {\n"
      << "  node [shape=box, fontname=\"sans-serif\"];\n"
      << "  edge [fontname=\"sans-serif\", fontsize=10];\n";
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    std::string& maker = makers[static_cast<size_t>(graph.inputs[i])];
    maker = StrCat("i", i);
    out << "  " << maker << " [shape=ellipse, label=" << Label({graph.tensor(graph.inputs[i]).name})
        << "];\n";
  }
  const auto edge = [&](TensorId id, const std::string& reader) {
    out << "  " << makers[static_cast<size_t>(id)] << " -> " << reader
        << " [label=" << Label({TypeAndShape(graph.tensor(id))}) << "];\n";
  };
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    const std::string name = StrCat("n", n);
    out << "  " << name << " [label=" << Label(LinesOf(graph, node)) << "];\n";
    for (const TensorId id : node.inputs) {
      if (id != kNoTensor && !makers[static_cast<size_t>(id)].empty()) edge(id, name);
    }
    for (const TensorId id : node.outputs) makers[static_cast<size_t>(id)] = name;
  }
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    const std::string name = StrCat("o", i);
    out << "  " << name << " [shape=ellipse, label=" << Label({graph.tensor(graph.outputs[i]).name})
        << "];\n";
    edge(graph.outputs[i], name);
  }
  out << "}\n";
}

}  // namespace integra::graph
