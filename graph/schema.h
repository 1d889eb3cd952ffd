// What an operator is: its inputs, its attributes, the shapes and types it makes, what it checks.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/fixed_point.h"
#include "graph/accumulators.h"
#include "graph/graph.h"

namespace integra::graph {

enum class AttributeType : uint8_t { kBool, kInteger, kReal, kText, kIntegers, kReals };

struct AttributeSchema {
  const char* name;
  AttributeType type;
  const char* doc;  // one line, for docs/OPERATORS.md and error messages
  bool required = false;
  Attribute default_value = false;        // used where not required and absent
  bool optional = false;                  // may be absent altogether (no default is filled in)
  std::vector<std::string> choices = {};  // texts allowed; empty: any
};

class InferContext;

struct OperatorSchema {
  const char* summary;  // one line
  int min_inputs;
  int max_inputs;  // -1: any number
  int min_outputs;
  int max_outputs;  // -1: any number
  std::vector<AttributeSchema> attributes;
  // Checks the node, and sets shape and dtype of its outputs with InferContext::SetOutput. Checks
  // that need the integers below (accumulator bounds) belong here too: it runs after `derive`.
  void (*infer)(InferContext&);
  // Fills in the integer attributes that run in integer mode (multiplier, shift, clamp ...) from
  // the scales, where a quantized node does not have them yet. Called by whoever makes a network:
  // importers, the quantizer, and the loader for networks written by hand. May be null.
  void (*derive)(const Graph&, Node&) = nullptr;
};

const OperatorSchema& SchemaOf(OpType type);

// What an operator's `infer` sees: one node of a graph. Every Fail*() names file, node and cause.
class InferContext {
 public:
  // `bound`, where not nullptr, receives the largest accumulator bound that the node's checks find.
  InferContext(Graph& graph, const Node& node, std::optional<AccumulatorBound>* bound = nullptr)
      : graph_(graph), node_(node), bound_(bound) {}

  const Node& node() const { return node_; }
  size_t input_count() const { return node_.inputs.size(); }
  bool has_input(size_t i) const { return node_.input(i) != kNoTensor; }
  // Fails where input i is absent.
  const Tensor& input(size_t i) const;
  const Tensor& output(size_t i) const;
  size_t output_count() const { return node_.outputs.size(); }

  // The declared shape and type of an output are checked against what the operator makes; a shape
  // that was left out of the file is filled in.
  void SetOutput(size_t i, DataType dtype, Shape shape);

  void RequireRank(size_t input, size_t rank) const;
  void RequireSameType(size_t input_a, size_t input_b) const;
  // Resolves a possibly negative axis into [0, rank).
  int64_t ResolveAxis(int64_t axis, size_t rank) const;

  // Quantized 8- or 16-bit inputs and outputs must have a scale and a zero point within the type.
  bool is_quantized(size_t input) const;

  // Whether somebody asked for the exact bound, where less would do for a check.
  bool wants_bounds() const { return bound_ != nullptr; }
  void ReportBound(const AccumulatorBound& bound) const;

  template <typename... Parts>
  [[noreturn]] void FailFile(const Parts&... parts) const {
    Fail(ErrorCode::kInvalidFile, Describe(graph_, node_), ": ", parts...);
  }
  template <typename... Parts>
  [[noreturn]] void FailUnsupported(const Parts&... parts) const {
    Fail(ErrorCode::kUnsupported, Describe(graph_, node_), ": ", parts...);
  }

  Graph& graph() const { return graph_; }

 private:
  Graph& graph_;
  const Node& node_;
  std::optional<AccumulatorBound>* bound_;
};

// Checks the whole graph: references, order, attributes (defaults and derived integers are filled
// in), shapes, types, quantization, accumulator bounds. Throws Error (kInvalidFile or kUnsupported)
// at the first fault. Every Graph that leaves the graph, convert or quantize folder has passed it.
void Validate(Graph& graph);

// Requantization of one node, from its attributes "multiplier", "shift", "rounding" and "clamp".
struct Requantization {
  std::vector<Multiplier> multipliers;  // one, or one per output channel
  Rounding rounding = Rounding::kSingle;
  int32_t clamp_min = 0;  // in the output's own dtype
  int32_t clamp_max = 0;
};
Requantization RequantizationOf(const Node& node);
// The attributes themselves; put them into an OperatorSchema's list.
std::vector<AttributeSchema> RequantizationAttributes();

}  // namespace integra::graph
