// Float nodes inside a network that otherwise runs in integers.
#include <memory>
#include <utility>
#include <vector>

#include "integra/float_session.hpp"
#include "runtime/float/constants.h"
#include "runtime/float/float_call.h"
#include "runtime/float/grid.h"
#include "runtime/float_nodes.h"

namespace integra {
namespace {

using floats::FloatTensor;
using graph::Tensor;
using graph::TensorId;

// How an operand gets from the plan's memory to the float function's and back.
enum class Passage : uint8_t {
  kDirect,     // the same memory: float32, and integers that are not stored shifted
  kShifted,    // int8 without a scale: a private copy without the 128
  kQuantized,  // a private float32 copy
};

struct Operand {
  TensorId id = graph::kNoTensor;
  Passage passage = Passage::kDirect;
  DataType stored = DataType::kFloat32;  // element type in the plan's memory
  int32_t shift = 0;                     // stored + shift = the tensor's own value
  kernels::QuantizedGrid grid = {};
  int64_t count = 0;
  size_t scratch = 0;  // where the private copy lies in the scratch memory
};

// One bound node. The step owns it; a plan runs on one thread at a time.
class Island {
 public:
  explicit Island(runtime::Lowering& lowering)
      : constants_(lowering.graph, floats::ConstantForm::kQuantized),
        call_{lowering.graph, lowering.node, {}, {}},
        function_(floats::FloatFunctionOf(lowering.node.type)) {
    for (size_t i = 0; i < lowering.node.inputs.size(); ++i) {
      const TensorId id = lowering.node.inputs[i];
      if (id == graph::kNoTensor) {
        call_.inputs.push_back({});
        inputs_.push_back({});
      } else if (lowering.graph.tensor(id).is_constant()) {
        call_.inputs.push_back(constants_.Get(lowering.node, i));
        inputs_.push_back({});
      } else {
        inputs_.push_back(Bind(lowering.graph.tensor(id), id, call_.inputs));
      }
    }
    for (const TensorId id : lowering.node.outputs) {
      outputs_.push_back(Bind(lowering.graph.tensor(id), id, call_.outputs));
    }
  }

  size_t scratch_bytes() const { return scratch_bytes_; }

  void Run(const runtime::StepContext& context) {
    for (size_t i = 0; i < inputs_.size(); ++i) {
      const Operand& from = inputs_[i];
      if (from.id == graph::kNoTensor) continue;
      const std::byte* stored = context.tensors[from.id];
      void* data = Memory(context, from);
      call_.inputs[i].data = data;
      if (from.passage == Passage::kShifted) Shift(stored, static_cast<std::byte*>(data), from);
      if (from.passage == Passage::kQuantized) {
        floats::DequantizeAs(from.stored, from.grid, stored, from.shift, static_cast<float*>(data));
      }
    }
    for (size_t i = 0; i < outputs_.size(); ++i) {
      call_.outputs[i].data = Memory(context, outputs_[i]);
    }
    function_(call_);
    for (size_t i = 0; i < outputs_.size(); ++i) {
      const Operand& to = outputs_[i];
      std::byte* stored = context.tensors[to.id];
      const void* data = call_.outputs[i].data;
      if (to.passage == Passage::kShifted) Shift(static_cast<const std::byte*>(data), stored, to);
      if (to.passage == Passage::kQuantized) {
        floats::QuantizeAs(to.stored, to.grid, static_cast<const float*>(data), to.shift, stored);
      }
    }
  }

 private:
  Operand Bind(const Tensor& tensor, TensorId id, std::vector<FloatTensor>& seen) {
    Operand operand{.id = id, .stored = tensor.dtype, .count = ElementCount(tensor.shape)};
    const bool real = floats::IsRealValued(tensor);
    if (tensor.dtype == DataType::kInt8) {
      operand.stored = DataType::kUInt8;
      operand.shift = -128;
      operand.passage = Passage::kShifted;
    }
    if (real && tensor.dtype != DataType::kFloat32) {
      operand.passage = Passage::kQuantized;
      operand.grid = floats::OutputGridOf(call_.node, tensor);
    }
    const DataType dtype = real ? DataType::kFloat32 : tensor.dtype;
    if (operand.passage != Passage::kDirect) {
      operand.scratch = scratch_bytes_;
      scratch_bytes_ += AlignUp(static_cast<size_t>(operand.count) * SizeOf(dtype));
    }
    seen.push_back({dtype, tensor.shape, nullptr});
    return operand;
  }

  static void* Memory(const runtime::StepContext& context, const Operand& operand) {
    if (operand.passage == Passage::kDirect) return context.tensors[operand.id];
    return context.scratch[0] + operand.scratch;
  }

  // Between int8 and int8 + 128: the same operation both ways.
  static void Shift(const std::byte* from, std::byte* to, const Operand& operand) {
    for (int64_t i = 0; i < operand.count; ++i) to[i] = from[i] ^ std::byte{0x80};
  }

  floats::FloatConstants constants_;
  floats::FloatCall call_;
  floats::FloatFunction function_;
  std::vector<Operand> inputs_;  // kNoTensor: absent or constant
  std::vector<Operand> outputs_;
  size_t scratch_bytes_ = 0;
};

class FloatIslandNodes final : public FloatNodes {
 public:
  void Lower(runtime::Lowering& lowering) const override {
    auto island = std::make_shared<Island>(lowering);
    lowering.scratch_bytes = island->scratch_bytes();
    lowering.Emit(std::string("float ") + graph::NameOf(lowering.node.type),
                  [island](const runtime::StepContext& context) { island->Run(context); });
  }
};

}  // namespace

const FloatNodes* FloatIslands() {
  static const FloatIslandNodes nodes;
  return &nodes;
}

}  // namespace integra
