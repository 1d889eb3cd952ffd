// Lowering of unidirectional_sequence_lstm.
#include "kernels/lstm.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "runtime/ops/dense.h"

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

// One product for all four gates: [4 * cells][depth] times one row of stored values.
std::shared_ptr<const kernels::Gemm> ProductOf(const Lowering& l, int64_t part, int64_t cells,
                                               int64_t depth, std::vector<int32_t>* addends) {
  const bool recurrent = part == 1;
  std::vector<int8_t> weights;
  for (size_t g = 0; g < 4; ++g) {
    const auto* from = l.input((recurrent ? 5 : 1) + g).data.as<int8_t>();
    weights.insert(weights.end(), from, from + cells * depth);
  }
  kernels::GemmProblem problem;
  problem.n = 4 * cells;
  problem.segment_length = depth;
  problem.weights = weights.data();
  problem.src_zero_point = Lowering::ActivationOf(recurrent ? l.output(0) : l.input(0)).zero_point;
  problem.stage.multipliers = {{}};  // not used: sums are what is asked for
  *addends = kernels::GemmAddends(problem);
  return CachedGemm(l, part, problem);
}

size_t Aligned(int64_t bytes) { return (static_cast<size_t>(bytes) + 63) / 64 * 64; }

}  // namespace

void LowerUnidirectionalSequenceLstm(Lowering& l) {
  const kernels::LstmParams p = ParamsOf(l);
  const Shape& x = l.input(0).shape;
  const bool time_major = l.node.flag("time_major");
  const int64_t steps = x[time_major ? 0 : 1], batch = x[time_major ? 1 : 0];
  const int64_t gates = 4 * p.cells;
  std::array<std::vector<int32_t>, 2> addends;
  const auto input_product = ProductOf(l, 0, p.cells, p.inputs, &addends[0]);
  const auto state_product = ProductOf(l, 1, p.cells, p.cells, &addends[1]);
  const auto update = kernels::ChooseLstmCells(l.isa);
  // Per thread: output state (first: products read past its end), cell, the gates' sums and the two
  // products that they are made of, scratch of a product.
  const size_t state_bytes = Aligned(p.cells), cell_bytes = Aligned(2 * p.cells);
  const size_t sum_bytes = Aligned(2 * gates), product_bytes = Aligned(4 * gates);
  l.scratch_bytes = state_bytes + cell_bytes + sum_bytes + 2 * product_bytes +
                    std::max(input_product->scratch_bytes(), state_product->scratch_bytes());
  l.multiply_accumulates =
      static_cast<uint64_t>(4 * steps * batch * p.cells * (p.inputs + p.cells));
  const auto id = [](const std::vector<graph::TensorId>& ids, size_t i) {
    return i < ids.size() ? ids[i] : graph::kNoTensor;
  };
  const auto in = l.node.inputs[0], out = l.node.outputs[0];
  const auto h_in = id(l.node.inputs, 13), c_in = id(l.node.inputs, 14);
  const auto h_out = id(l.node.outputs, 1), c_out = id(l.node.outputs, 2);
  l.Emit(update.name, [=](const StepContext& context) {
    context.pool->ParallelFor(batch, [&](int64_t b, int thread) {
      std::byte* scratch = context.scratch[thread];
      const auto take = [&](size_t bytes) { return std::exchange(scratch, scratch + bytes); };
      auto* const h = reinterpret_cast<uint8_t*>(take(state_bytes));
      auto* const c = reinterpret_cast<int16_t*>(take(cell_bytes));
      auto* const sums = reinterpret_cast<int16_t*>(take(sum_bytes));
      auto* const from_input = reinterpret_cast<int32_t*>(take(product_bytes));
      auto* const from_state = reinterpret_cast<int32_t*>(take(product_bytes));
      const auto multiply = [&](const kernels::Gemm& gemm, const uint8_t* row,
                                const std::vector<int32_t>& add, int32_t* to) {
        static constexpr int32_t kZero = 0;
        gemm.Run({row, &kZero, &kZero}, 1, to, gates, scratch);
        for (size_t j = 0; j < add.size(); ++j) {
          to[j] =
              static_cast<int32_t>(static_cast<uint32_t>(to[j]) + static_cast<uint32_t>(add[j]));
        }
      };
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
        multiply(*input_product, context.in<uint8_t>(in) + row * p.inputs, addends[0], from_input);
        multiply(*state_product, h, addends[1], from_state);
        kernels::LstmSums(p, from_input, from_state, sums);
        update.run(p, sums, h, c);
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
