#include "graph/graph.h"

#include <algorithm>
#include <iterator>

#include "base/error.h"

namespace integra::graph {
namespace {

constexpr const char* kOpNames[] = {
#define OPERATOR(Name, text) text,
#include "graph/operators.inc"
#undef OPERATOR
};

template <typename T>
const T& Get(const Node& node, std::string_view attribute) {
  const auto found = node.attributes.find(attribute);
  const T* value = found == node.attributes.end() ? nullptr : std::get_if<T>(&found->second);
  if (value == nullptr) {
    Fail(ErrorCode::kInvalidFile, "node '", node.name, "' (", NameOf(node.type), "): attribute '",
         attribute, "' is missing or of the wrong type");
  }
  return *value;
}

}  // namespace

const char* NameOf(OpType type) { return kOpNames[static_cast<size_t>(type)]; }

std::optional<OpType> ParseOpType(std::string_view name) {
  for (size_t i = 0; i < std::size(kOpNames); ++i) {
    if (name == kOpNames[i]) return static_cast<OpType>(i);
  }
  return std::nullopt;
}

bool Node::flag(std::string_view a) const { return Get<bool>(*this, a); }
int64_t Node::integer(std::string_view a) const { return Get<int64_t>(*this, a); }
double Node::real(std::string_view a) const { return Get<double>(*this, a); }
const std::string& Node::text(std::string_view a) const { return Get<std::string>(*this, a); }
const std::vector<int64_t>& Node::integers(std::string_view a) const {
  return Get<std::vector<int64_t>>(*this, a);
}
const std::vector<double>& Node::reals(std::string_view a) const {
  return Get<std::vector<double>>(*this, a);
}
bool Node::has(std::string_view a) const { return attributes.find(a) != attributes.end(); }

std::optional<TensorId> Graph::Find(std::string_view tensor_name) const {
  for (size_t i = 0; i < tensors.size(); ++i) {
    if (tensors[i].name == tensor_name) return static_cast<TensorId>(i);
  }
  return std::nullopt;
}

bool IsFloatNode(const Graph& graph, const Node& node) {
  const auto is_float = [&](TensorId id) {
    return id != kNoTensor && graph.tensor(id).dtype == DataType::kFloat32;
  };
  return std::any_of(node.inputs.begin(), node.inputs.end(), is_float) ||
         std::any_of(node.outputs.begin(), node.outputs.end(), is_float);
}

std::string Describe(const Graph& graph, const Node& node) {
  return StrCat(graph.source.empty() ? "network" : graph.source, ": node '", node.name, "' (",
                NameOf(node.type), ")");
}

}  // namespace integra::graph
