// Lowering of unidirectional_sequence_lstm.
#include "kernels/lstm.h"

#include <cstring>

#include "runtime/lowering.h"

namespace integra::runtime {
namespace {

kernels::LstmParams ParamsOf(const Lowering& l) {
  kernels::LstmParams p;
  p.inputs = l.input(1).shape[1];
  p.cells = l.input(1).shape[0];
  kernels::LstmGate* const gates[] = {&p.input, &p.forget, &p.modulation, &p.output};
  const auto factor = [&](size_t i) {
    return Multiplier{static_cast<int32_t>(l.node.integers("multiplier")[i]),
                      static_cast<int32_t>(l.node.integers("shift")[i])};
  };
  for (size_t g = 0; g < 4; ++g) {
    gates[g]->input_weights = l.input(1 + g).data.as<int8_t>();
    gates[g]->recurrent_weights = l.input(5 + g).data.as<int8_t>();
    gates[g]->bias = l.input(9 + g).data.as<int32_t>();
    gates[g]->input = factor(g);
    gates[g]->recurrent = factor(4 + g);
  }
  p.hidden = factor(8);
  p.input_zero = Lowering::ActivationOf(l.input(0)).zero_point;
  p.state_zero = Lowering::ActivationOf(l.output(0)).zero_point;
  p.cell_exponent = static_cast<int>(l.node.integer("cell_exponent"));
  p.cell_clip = static_cast<int16_t>(l.node.integer("quantized_cell_clip"));
  return p;
}

size_t Aligned(int64_t bytes) { return (static_cast<size_t>(bytes) + 63) / 64 * 64; }

}  // namespace

void LowerUnidirectionalSequenceLstm(Lowering& l) {
  const kernels::LstmParams p = ParamsOf(l);
  const Shape& x = l.input(0).shape;
  const bool time_major = l.node.flag("time_major");
  const int64_t steps = x[time_major ? 0 : 1], batch = x[time_major ? 1 : 0];
  // Per thread: gates, cell, output state.
  const size_t gate_bytes = Aligned(kernels::LstmScratchBytes(p.cells));
  const size_t cell_bytes = Aligned(2 * p.cells);
  l.scratch_bytes = gate_bytes + cell_bytes + Aligned(p.cells);
  l.multiply_accumulates =
      static_cast<uint64_t>(4 * steps * batch * p.cells * (p.inputs + p.cells));
  const auto id = [](const std::vector<graph::TensorId>& ids, size_t i) {
    return i < ids.size() ? ids[i] : graph::kNoTensor;
  };
  const auto in = l.node.inputs[0], out = l.node.outputs[0];
  const auto h_in = id(l.node.inputs, 13), c_in = id(l.node.inputs, 14);
  const auto h_out = id(l.node.outputs, 1), c_out = id(l.node.outputs, 2);
  l.Emit("lstm reference", [=](const StepContext& context) {
    context.pool->ParallelFor(batch, [&](int64_t b, int thread) {
      std::byte* const scratch = context.scratch[thread];
      auto* const gates = reinterpret_cast<int16_t*>(scratch);
      auto* const c = reinterpret_cast<int16_t*>(scratch + gate_bytes);
      auto* const h = reinterpret_cast<uint8_t*>(scratch + gate_bytes + cell_bytes);
      const auto cells = static_cast<size_t>(p.cells);
      if (h_in == graph::kNoTensor) {
        std::memset(h, p.state_zero, cells);
      } else {
        std::memcpy(h, context.in<uint8_t>(h_in) + b * p.cells, cells);
      }
      if (c_in == graph::kNoTensor) {
        std::memset(c, 0, 2 * cells);
      } else {
        std::memcpy(c, context.in<int16_t>(c_in) + b * p.cells, 2 * cells);
      }
      for (int64_t t = 0; t < steps; ++t) {
        const int64_t row = time_major ? t * batch + b : b * steps + t;
        kernels::LstmStepReference(p, context.in<uint8_t>(in) + row * p.inputs, h, c, gates);
        std::memcpy(context.out<uint8_t>(out) + row * p.cells, h, cells);
      }
      if (h_out != graph::kNoTensor) {
        std::memcpy(context.out<uint8_t>(h_out) + b * p.cells, h, cells);
      }
      if (c_out != graph::kNoTensor) {
        std::memcpy(context.out<int16_t>(c_out) + b * p.cells, c, 2 * cells);
      }
    });
  });
}

}  // namespace integra::runtime
