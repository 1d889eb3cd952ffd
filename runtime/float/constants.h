// Constants as float arithmetic sees them.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "base/buffer.h"
#include "runtime/float/float_call.h"

namespace integra::floats {

// Which of a constant's two forms counts.
enum class ConstantForm : uint8_t {
  kOriginal,   // float weights where the network has them, else the dequantized integers
  kQuantized,  // dequantized integers where the network has them, else the rounded float weights
};

// Float forms of a graph's constants, made on demand and kept.
class FloatConstants {
 public:
  FloatConstants(const graph::Graph& graph, ConstantForm form) : graph_(graph), form_(form) {}

  // Input `i` of `node`, which is a constant. An integer bias without a scale of its own (input 2
  // of a convolution or dense layer) has the scale of input times weights.
  FloatTensor Get(const graph::Node& node, size_t i);

  // Gives back the memory of a constant that nothing will read again.
  void Release(const graph::Node& node, size_t i);

 private:
  using Key = std::pair<graph::TensorId, const graph::Node*>;  // node: only where it matters
  Key KeyOf(const graph::Node& node, size_t i) const;
  AlignedBuffer Make(const graph::Tensor& tensor) const;
  AlignedBuffer MakeBias(const graph::Node& node, const graph::Tensor& bias) const;

  const graph::Graph& graph_;
  ConstantForm form_;
  std::map<Key, AlignedBuffer> made_;
};

}  // namespace integra::floats
