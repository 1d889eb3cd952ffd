#include <algorithm>
#include <unordered_set>

#include "convert/convert.h"
#include "convert/text.h"
#include "convert/tflite/operator_import.h"
#include "convert/tflite/tensors.h"
#include "graph/schema.h"

namespace integra::convert {
namespace {

// All at once: whoever has to export the network again wants to know everything that is in the way.
void CheckOperators(const TfliteFile& file) {
  struct Unsupported {
    std::string name;
    size_t first;
    size_t count;
  };
  std::vector<Unsupported> found;
  for (size_t i = 0; i < file.operator_count(); ++i) {
    if (FindOperator(file.code(file.op(i))) != nullptr) continue;
    const std::string name = file.NameOf(file.op(i));
    const auto same =
        std::find_if(found.begin(), found.end(), [&](const auto& u) { return u.name == name; });
    if (same == found.end()) {
      found.push_back({name, i, 1});
    } else {
      ++same->count;
    }
  }
  if (found.empty()) return;
  std::string list;
  for (const Unsupported& u : found) {
    list += StrCat(list.empty() ? "" : ", ", u.name, " (node ", u.first,
                   u.count == 1 ? "" : StrCat(" and ", u.count - 1, " more"), ")");
  }
  file.FailUnsupported("operators that Integra does not have: ", list);
}

void ImportTensors(ImportState& state) {
  for (size_t i = 0; i < state.file.tensor_count(); ++i) {
    state.graph.tensors.push_back(ImportTensor(state.file, i));
  }
}

void ImportOperators(ImportState& state) {
  for (size_t i = 0; i < state.file.operator_count(); ++i) {
    const tflite::Operator& op = state.file.op(i);
    const OperatorRow& row = *FindOperator(state.file.code(op));
    graph::Node node;
    node.name = StrCat(row.type, "_", i);
    node.type = *graph::ParseOpType(row.type);
    node.inputs.assign(op.inputs()->begin(), op.inputs()->end());
    node.outputs.assign(op.outputs()->begin(), op.outputs()->end());
    OperatorImport import(state, op, std::move(node));
    row.import(import);
    if (!import.folded) state.graph.nodes.push_back(std::move(import.node));
  }
}

void MakeNamesUnique(graph::Graph& graph) {
  std::unordered_set<std::string> taken;
  for (graph::Tensor& tensor : graph.tensors) {
    const std::string name = tensor.name;
    for (int n = 2; !taken.insert(tensor.name).second; ++n) tensor.name = StrCat(name, "_", n);
  }
}

// "0-4,7,9-12" for ascending numbers.
std::string Ranges(const std::vector<size_t>& numbers) {
  std::string text;
  for (size_t i = 0; i < numbers.size();) {
    size_t end = i;
    while (end + 1 < numbers.size() && numbers[end + 1] == numbers[end] + 1) ++end;
    text += StrCat(text.empty() ? "" : ",", numbers[i], end == i ? "" : StrCat("-", numbers[end]));
    i = end + 1;
  }
  return text;
}

// Drops the tensors that nothing uses any more.
void Compact(ImportState& state) {
  graph::Graph& graph = state.graph;
  std::vector<graph::TensorId> renumbered(graph.tensors.size(), graph::kNoTensor);
  const auto each_use = [&](auto visit) {
    for (graph::Node& node : graph.nodes) {
      for (graph::TensorId& id : node.inputs) visit(id);
      for (graph::TensorId& id : node.outputs) visit(id);
    }
    for (graph::TensorId& id : graph.inputs) visit(id);
    for (graph::TensorId& id : graph.outputs) visit(id);
  };
  each_use([&](graph::TensorId id) {
    if (id != graph::kNoTensor) renumbered[static_cast<size_t>(id)] = 0;
  });
  std::vector<graph::Tensor> kept;
  std::vector<size_t> indices;
  for (size_t i = 0; i < graph.tensors.size(); ++i) {
    if (renumbered[i] == graph::kNoTensor) continue;
    renumbered[i] = static_cast<graph::TensorId>(kept.size());
    kept.push_back(std::move(graph.tensors[i]));
    if (i < state.file.tensor_count()) indices.push_back(i);
  }
  graph.tensors = std::move(kept);
  each_use([&](graph::TensorId& id) {
    if (id != graph::kNoTensor) id = renumbered[static_cast<size_t>(id)];
  });
  graph.metadata["tflite_tensors"] = Ranges(indices);
}

void Describe(ImportState& state, const std::string& source) {
  auto& metadata = state.graph.metadata;
  metadata["source"] = std::filesystem::path(source).filename().string();
  metadata["source_format"] = "tflite";
  const auto* const description = state.file.model().description();
  if (description != nullptr && description->size() > 0) {
    metadata["description"] = ValidUtf8(description->str());
  }
  if (!state.dequantized.empty()) {
    metadata["converted"] =
        StrCat(state.dequantized.size(), " quantized weights of float operators to float32");
  }
  state.graph.name = std::filesystem::path(source).stem().string();
}

graph::Graph Import(const TfliteFile& file, const ImportOptions& options) {
  CheckOperators(file);
  ImportState state{file, options, {}, {}};
  state.graph.source = file.source();
  ImportTensors(state);
  state.graph.inputs.assign(file.inputs().begin(), file.inputs().end());
  state.graph.outputs.assign(file.outputs().begin(), file.outputs().end());
  ImportOperators(state);
  Compact(state);
  MakeNamesUnique(state.graph);
  Describe(state, file.source());
  graph::Validate(state.graph);
  return std::move(state.graph);
}

}  // namespace

graph::Graph ImportTflite(const std::filesystem::path& path, const ImportOptions& options) {
  return Import(TfliteFile::Read(path), options);
}

graph::Graph ImportTflite(std::span<const std::byte> file, const std::string& source,
                          const ImportOptions& options) {
  return Import(TfliteFile(file, source), options);
}

}  // namespace integra::convert
