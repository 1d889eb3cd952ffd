#include <algorithm>
#include <string_view>
#include <unordered_set>

#include "base/error.h"
#include "base/name_index.h"
#include "graph/schema.h"
#include "graph/validation.h"

namespace integra::graph {
namespace {

constexpr int kNoNode = -1;

class StructureCheck {
 public:
  explicit StructureCheck(const Graph& graph) : graph_(graph) {}

  void Run() {
    CheckNames();
    for (const Node& node : graph_.nodes) CheckReferences(node);
    CheckInterface(graph_.inputs, "input");
    CheckInterface(graph_.outputs, "output");
    FindWriters();
    for (const TensorId id : graph_.outputs) {
      if (Writer(id) == kNoNode)
        FailTensor(id, "is an output of the network, but no node makes it");
    }
    for (size_t n = 0; n < graph_.nodes.size(); ++n) CheckOrder(static_cast<int>(n));
  }

 private:
  template <typename... Parts>
  [[noreturn]] void FailFile(const Parts&... parts) const {
    Fail(ErrorCode::kInvalidFile, graph_.source.empty() ? "network" : graph_.source, ": ",
         parts...);
  }
  template <typename... Parts>
  [[noreturn]] void FailNode(const Node& node, const Parts&... parts) const {
    Fail(ErrorCode::kInvalidFile, Describe(graph_, node), ": ", parts...);
  }
  template <typename... Parts>
  [[noreturn]] void FailTensor(TensorId id, const Parts&... parts) const {
    FailFile("tensor '", graph_.tensor(id).name, "' ", parts...);
  }

  bool Exists(TensorId id) const {
    return id >= 0 && static_cast<size_t>(id) < graph_.tensors.size();
  }
  int& Writer(TensorId id) { return writers_[static_cast<size_t>(id)]; }
  const Node& NodeAt(int n) const { return graph_.nodes[static_cast<size_t>(n)]; }

  template <typename List>
  void CheckUnique(const List& list, const char* kind) const {
    NameIndex names;
    names.Reserve(list.size());
    for (const auto& item : list) {
      if (item.name.empty()) FailFile("a ", kind, " has no name");
      if (!IsUtf8(item.name)) FailFile("the name of a ", kind, " is not valid UTF-8");
      if (!names.Insert(item.name)) FailFile("two ", kind, "s are named '", item.name, "'");
    }
  }

  void CheckNames() const {
    CheckUnique(graph_.tensors, "tensor");
    CheckUnique(graph_.nodes, "node");
  }

  void CheckReferences(const Node& node) const {
    if (static_cast<size_t>(node.type) >= kOpTypeCount) {
      FailFile("node '", node.name, "': there is no operator number ", int{uint8_t(node.type)});
    }
    const OperatorSchema& schema = SchemaOf(node.type);
    CheckArity(node, "input", node.inputs.size(), schema.min_inputs, schema.max_inputs);
    CheckArity(node, "output", node.outputs.size(), schema.min_outputs, schema.max_outputs);
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const TensorId id = node.inputs[i];
      if (id == kNoTensor && i < static_cast<size_t>(schema.min_inputs)) {
        FailNode(node, "input ", i, " is missing");
      }
      if (id != kNoTensor && !Exists(id)) FailNode(node, "input ", i, ": no tensor ", id);
    }
    for (const TensorId id : node.outputs) {
      if (!Exists(id)) FailNode(node, "output: there is no tensor ", id);
    }
  }

  void CheckArity(const Node& node, const char* kind, size_t count, int min, int max) const {
    const auto found = static_cast<int64_t>(count);
    if (found >= min && (max < 0 || found <= max)) return;
    FailNode(node, "has ", count, " ", kind, count == 1 ? "" : "s", ", but takes ",
             max < 0      ? StrCat("at least ", min)
             : min == max ? StrCat(min)
                          : StrCat(min, " to ", max));
  }

  void CheckInterface(const std::vector<TensorId>& list, const char* kind) const {
    if (list.empty()) FailFile("the network has no ", kind);
    std::unordered_set<TensorId> seen;
    for (const TensorId id : list) {
      if (!Exists(id)) FailFile("network ", kind, ": there is no tensor ", id);
      if (!seen.insert(id).second)
        FailTensor(id, "is listed twice as an ", kind, " of the network");
    }
  }

  void FindWriters() {
    writers_.assign(graph_.tensors.size(), kNoNode);
    is_input_.assign(graph_.tensors.size(), false);
    for (const TensorId id : graph_.inputs) {
      is_input_[static_cast<size_t>(id)] = true;
      if (graph_.tensor(id).is_constant()) {
        FailTensor(id, "is an input of the network and has constant data, too");
      }
    }
    for (size_t n = 0; n < graph_.nodes.size(); ++n) {
      const Node& node = graph_.nodes[n];
      for (const TensorId id : node.outputs) {
        const std::string& name = graph_.tensor(id).name;
        if (graph_.tensor(id).is_constant()) FailNode(node, "writes the constant '", name, "'");
        if (is_input_[static_cast<size_t>(id)]) {
          FailNode(node, "writes '", name, "', an input of the network");
        }
        if (Writer(id) != kNoNode) {
          FailNode(node, "writes tensor '", name, "', which node '", NodeAt(Writer(id)).name,
                   "' writes, too");
        }
        Writer(id) = static_cast<int>(n);
      }
    }
  }

  void CheckOrder(int n) {
    const Node& node = NodeAt(n);
    for (const TensorId id : node.inputs) {
      if (id == kNoTensor) continue;
      const Tensor& tensor = graph_.tensor(id);
      const int writer = Writer(id);
      if (writer == n) FailNode(node, "reads its own output '", tensor.name, "'");
      if (writer > n) {
        if (DependsOn(writer, n)) {
          FailNode(node, "is part of a cycle: it reads '", tensor.name, "' of node '",
                   NodeAt(writer).name, "', which needs this node's result");
        }
        FailNode(node, "reads '", tensor.name, "' of node '", NodeAt(writer).name,
                 "', which stands behind it: list the nodes in the order in which they run");
      }
      if (writer == kNoNode && !tensor.is_constant() && !is_input_[static_cast<size_t>(id)]) {
        FailNode(
            node, "reads tensor '", tensor.name,
            "', which no node makes, and which is neither constant nor an input of the network");
      }
    }
  }

  // Whether node `from` needs, through any number of nodes between, the result of node `target`.
  bool DependsOn(int from, int target) {
    std::vector<bool> seen(graph_.nodes.size());
    std::vector<int> waiting = {from};
    while (!waiting.empty()) {
      const int n = waiting.back();
      waiting.pop_back();
      if (n == target) return true;
      if (seen[static_cast<size_t>(n)]) continue;
      seen[static_cast<size_t>(n)] = true;
      for (const TensorId id : NodeAt(n).inputs) {
        if (id != kNoTensor && Writer(id) != kNoNode) waiting.push_back(Writer(id));
      }
    }
    return false;
  }

  const Graph& graph_;
  std::vector<int> writers_;    // per tensor: the node that makes it
  std::vector<bool> is_input_;  // per tensor: is it an input of the network
};

}  // namespace

void CheckStructure(const Graph& graph) { StructureCheck(graph).Run(); }

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
bool IsUtf8(std::string_view text) {
  char bits = 0;
  for (const char c : text) bits |= c;
  if ((bits & 0x80) == 0) return true;  // ASCII, as most names are: found many bytes at a time
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<uint8_t>(text[i]);
    const size_t length = lead < 0x80   ? 1
                          : lead < 0xC2 ? 0
                          : lead < 0xE0 ? 2
                          : lead < 0xF0 ? 3
                          : lead < 0xF5 ? 4
                                        : 0;
    if (length == 0 || text.size() - i < length) return false;
    for (size_t k = 1; k < length; ++k) {
      const auto next = static_cast<uint8_t>(text[i + k]);
      uint8_t low = 0x80;
      uint8_t high = 0xBF;
      if (k == 1) {  // the second byte rules out overlong forms, surrogates, and too large values
        if (lead == 0xE0) low = 0xA0;
        if (lead == 0xED) high = 0x9F;
        if (lead == 0xF0) low = 0x90;
        if (lead == 0xF4) high = 0x8F;
      }
      if (next < low || next > high) return false;
    }
    i += length;
  }
  return true;
}

}  // namespace integra::graph
