// One node computed in float: the arithmetic of float mode, of simulated mode, and of float nodes
// inside an integer network.
#pragma once

#include <vector>

#include "graph/graph.h"

namespace integra::floats {

// A tensor as float arithmetic sees it. Quantized tensors appear as float32 (their real values);
// indices and other integers without a scale keep their own dtype.
struct FloatTensor {
  DataType dtype = DataType::kFloat32;
  Shape shape;
  void* data = nullptr;  // null: an optional input that is absent

  float* floats() const { return static_cast<float*>(data); }
  int32_t* int32s() const { return static_cast<int32_t*>(data); }
  int64_t* int64s() const { return static_cast<int64_t*>(data); }
  int64_t count() const { return ElementCount(shape); }
};

struct FloatCall {
  const graph::Graph& graph;
  const graph::Node& node;
  std::vector<FloatTensor> inputs;
  std::vector<FloatTensor> outputs;

  const graph::Tensor& input_tensor(size_t i) const { return graph.tensor(node.inputs[i]); }
  const graph::Tensor& output_tensor(size_t i) const { return graph.tensor(node.outputs[i]); }
};

using FloatFunction = void (*)(FloatCall&);
FloatFunction FloatFunctionOf(graph::OpType type);

}  // namespace integra::floats
