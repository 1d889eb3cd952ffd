// A network as data: tensors, nodes, and the order in which nodes run. Executes nothing.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/buffer.h"
#include "integra/tensor.hpp"

namespace integra::graph {

enum class OpType : uint8_t {
#define OPERATOR(Name, text) k##Name,
#include "graph/operators.inc"
#undef OPERATOR
};
inline constexpr size_t kOpTypeCount = 0
#define OPERATOR(Name, text) +1
#include "graph/operators.inc"
#undef OPERATOR
    ;

const char* NameOf(OpType type);
std::optional<OpType> ParseOpType(std::string_view name);

using TensorId = int32_t;
inline constexpr TensorId kNoTensor = -1;  // an optional input that is absent

struct Tensor : TensorInfo {
  SharedBytes data;        // constants: little-endian elements of `dtype`; empty otherwise
  SharedBytes float_data;  // the float32 original of a quantized constant, where it is known

  bool is_constant() const { return data.size() > 0 || float_data.size() > 0; }
};

// The value of a node's attribute. Which names and types an operator takes is said by its schema.
using Attribute =
    std::variant<bool, int64_t, double, std::string, std::vector<int64_t>, std::vector<double>>;

struct Node {
  std::string name;
  OpType type;
  std::vector<TensorId> inputs;  // kNoTensor where an optional input is absent
  std::vector<TensorId> outputs;
  std::map<std::string, Attribute, std::less<>> attributes;

  // Typed access. The loader has checked names and types against the schema and filled in the
  // defaults, so a missing attribute is a bug in Integra.
  bool flag(std::string_view attribute) const;
  int64_t integer(std::string_view attribute) const;
  double real(std::string_view attribute) const;
  const std::string& text(std::string_view attribute) const;
  const std::vector<int64_t>& integers(std::string_view attribute) const;
  const std::vector<double>& reals(std::string_view attribute) const;
  bool has(std::string_view attribute) const;
  TensorId input(size_t i) const { return i < inputs.size() ? inputs[i] : kNoTensor; }
};

struct Graph {
  std::string name;
  std::string source;                           // file it was read from, for messages
  std::map<std::string, std::string> metadata;  // free text: licence, recipe, origin
  std::vector<Tensor> tensors;
  std::vector<Node> nodes;  // in an order in which every node's inputs are ready
  std::vector<TensorId> inputs;
  std::vector<TensorId> outputs;

  const Tensor& tensor(TensorId id) const { return tensors[static_cast<size_t>(id)]; }
  Tensor& tensor(TensorId id) { return tensors[static_cast<size_t>(id)]; }
  std::optional<TensorId> Find(std::string_view tensor_name) const;
};

// Whether the node reads or writes a float32 tensor. Integer mode runs such nodes only where the
// caller allows it (SessionOptions::float_nodes).
bool IsFloatNode(const Graph& graph, const Node& node);

// "model/network.json: node 'conv1' (conv_2d)": the start of every message about a node.
std::string Describe(const Graph& graph, const Node& node);

}  // namespace integra::graph
