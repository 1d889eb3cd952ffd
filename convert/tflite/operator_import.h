// What the import of one operator sees and fills in.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "convert/tflite/model_file.h"
#include "graph/graph.h"
#include "integra/import.hpp"

namespace integra::convert {

// The network while it is being imported. tensors[i] is tensor i of the file; copies of constants
// made on the way follow behind.
struct ImportState {
  const TfliteFile& file;
  const ImportOptions& options;
  graph::Graph graph;
  // Copies of quantized constants as float32, by the constant they were made from.
  std::map<graph::TensorId, graph::TensorId> dequantized;
};

// One operator of the file and the node it becomes. The node has name, type, inputs and outputs as
// in the file; the operator's function adds attributes and removes inputs that become attributes.
class OperatorImport {
 public:
  OperatorImport(ImportState& state, const tflite::Operator& source, graph::Node start)
      : op(source), node(std::move(start)), state_(state) {}

  const tflite::Operator& op;
  graph::Node node;
  bool folded = false;  // nothing is left to run: its outputs have become constants

  // The options table; fails where the file has none or another operator's.
  template <typename T>
  const T& options() const {
    const T* const table = op.builtin_options_as<T>();
    if (table == nullptr) FailFile("has no options, or another operator's");
    return *table;
  }

  bool has_input(size_t i) const { return node.input(i) != graph::kNoTensor; }
  // These fail where the operand is absent.
  const graph::Tensor& input(size_t i) const;
  const graph::Tensor& output(size_t i) const;
  void RequireRank(size_t input, size_t rank) const;
  bool is_float(size_t input) const { return this->input(input).dtype == DataType::kFloat32; }

  // The elements of input i, which has to be a constant of int32 or int64 (or, if not, makes the
  // network dynamic: kUnsupported).
  std::vector<int64_t> Constant(size_t i) const;
  int64_t ConstantScalar(size_t i) const;

  // Keeps these inputs, in this order, and drops the others.
  void KeepInputs(std::initializer_list<size_t> inputs);
  // Under float activations a quantized constant at input i is replaced by its real values.
  void DequantizeConstant(size_t i);
  // Turns output 0 into a constant; the node goes away.
  void FoldInto(SharedBytes data);

  template <typename T>
  void Set(std::string_view attribute, T value) {
    node.attributes.insert_or_assign(std::string(attribute), graph::Attribute(std::move(value)));
  }
  void SetActivation(tflite::Activation activation);
  // "rounding" as LiteRT's reference kernel rounds, unless the import's options say otherwise.
  void SetRounding(const char* reference);

  template <typename... Parts>
  [[noreturn]] void FailFile(const Parts&... parts) const {
    Fail(ErrorCode::kInvalidFile, Place(), ": ", parts...);
  }
  template <typename... Parts>
  [[noreturn]] void FailUnsupported(const Parts&... parts) const {
    Fail(ErrorCode::kUnsupported, Place(), ": ", parts...);
  }

 private:
  std::string Place() const;

  ImportState& state_;
};

using ImportFunction = void (*)(OperatorImport&);

// How a builtin operator is imported.
struct OperatorRow {
  tflite::BuiltinOperator builtin;
  const char* type;  // in network files
  ImportFunction import;
};

// Null where Integra has no such operator.
const OperatorRow* FindOperator(tflite::BuiltinOperator builtin);

}  // namespace integra::convert
