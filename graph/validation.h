// The parts of Validate() (graph/schema.h), one subject each. All throw Error (kInvalidFile) at the
// first fault, naming the file and the tensor or node.
#pragma once

#include <string_view>

#include "base/error.h"
#include "graph/graph.h"

namespace integra::graph {

// Limits of what Integra handles. Element counts stay within int32, as kernels index with it.
inline constexpr size_t kMaxRank = 8;
inline constexpr int64_t kMaxElements = (int64_t{1} << 31) - 1;

// validate_structure.cc: who writes and who reads which tensor.
// Names, references, arity, inputs and outputs of the network, order of the nodes, cycles.
void CheckStructure(const Graph& graph);

// validate_tensors.cc: each tensor by itself.
// Name, dimensions, constant bytes, and of the quantization what does not need the shape.
void CheckTensor(const Graph& graph, const Tensor& tensor);
// Scale counts against the shape, once that is known.
void CheckQuantizationShape(const Graph& graph, const Tensor& tensor);

// validate_attributes.cc: a node's attributes against its operator's schema.
// Unknown, missing, of the wrong type, not among the choices. Fills in defaults.
void CheckAttributes(const Graph& graph, Node& node);

bool IsUtf8(std::string_view text);

// Throws kInvalidFile; the parts say what is wrong with the tensor.
template <typename... Parts>
[[noreturn]] void FailTensor(const Graph& graph, const Tensor& tensor, const Parts&... parts) {
  Fail(ErrorCode::kInvalidFile, graph.source.empty() ? "network" : graph.source, ": tensor '",
       tensor.name, "': ", parts...);
}

}  // namespace integra::graph
