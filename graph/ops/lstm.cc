// Schema of unidirectional_sequence_lstm.
#include <cmath>
#include <cstdlib>
#include <limits>

#include "graph/json_writer.h"
#include "graph/ops/operand_checks.h"
#include "graph/quantized_ops.h"

namespace integra::graph {
namespace {

constexpr size_t kGates = 4;  // input, forget, cell, output
constexpr size_t kInputWeights = 1, kRecurrentWeights = 5, kBiases = 9;
constexpr size_t kOutputState = 13, kCellState = 14;

bool OneScaleEach(const Graph& graph, const Node& node) {
  for (size_t i = 0; i < kBiases; ++i) {
    if (graph.tensor(node.inputs[i]).quantization.scale.size() != 1) return false;
  }
  return graph.tensor(node.outputs[0]).quantization.scale.size() == 1;
}

// In float32, and in this order of operations, as LiteRT's Prepare does.
void Derive(const Graph& graph, Node& node) {
  if (!OneScaleEach(graph, node)) return;
  const auto scale = [&](size_t i) { return graph.tensor(node.inputs[i]).quantization.scale[0]; };
  const float output_scale = graph.tensor(node.outputs[0]).quantization.scale[0];
  constexpr float kGateScale = 1.0f / 4096;
  if (!node.has("multiplier") || !node.has("shift")) {
    std::vector<int64_t> multiplier, shift;
    const auto add = [&](float factor) {
      const Multiplier f = QuantizeMultiplier(static_cast<double>(factor));
      multiplier.push_back(f.m);
      shift.push_back(f.s);
    };
    for (size_t g = 0; g < kGates; ++g) add(scale(kInputWeights + g) * scale(0) / kGateScale);
    for (size_t g = 0; g < kGates; ++g) {
      add(scale(kRecurrentWeights + g) * output_scale / kGateScale);
    }
    constexpr double kHalf16 = 1.0 / 32768;
    add(static_cast<float>(kHalf16 / static_cast<double>(output_scale) * kHalf16));
    node.attributes["multiplier"] = std::move(multiplier);
    node.attributes["shift"] = std::move(shift);
  }
  const double cell_scale = node.real("cell_scale");
  int exponent = 0;
  if (!node.has("cell_exponent") && std::frexp(cell_scale, &exponent) == 0.5) {
    node.attributes["cell_exponent"] = int64_t{exponent} - 1;
  }
  if (!node.has("quantized_cell_clip")) {
    const double clip = node.real("cell_clip");
    const auto limit = static_cast<int64_t>(std::min(clip / cell_scale, 32767.0));
    node.attributes["quantized_cell_clip"] = clip > 0 ? limit : int64_t{0};
  }
}

void RequireType(InferContext& c, const Tensor& constant, DataType quantized) {
  const DataType x = c.input(0).dtype;
  if (constant.dtype != (x == DataType::kFloat32 ? x : quantized)) {
    c.FailFile("tensor '", constant.name, "' is ", integra::NameOf(constant.dtype),
               ", which does not go with ", integra::NameOf(x), " inputs");
  }
}

void CheckWeights(InferContext& c, size_t first, int64_t cells, int64_t depth) {
  for (size_t i = first; i < first + kGates; ++i) {
    const Tensor& weights = c.input(i);
    if (!weights.is_constant()) c.FailUnsupported("'", weights.name, "' has to be a constant");
    if (weights.shape != Shape{cells, depth}) {
      c.FailFile("weights '", weights.name, "' have shape ", ToString(weights.shape),
                 " instead of ", ToString({cells, depth}));
    }
    RequireType(c, weights, DataType::kInt8);
    if (weights.dtype == DataType::kFloat32) continue;
    RequireOneScale(c, weights);
    if (weights.quantization.zero_point[0] != 0) {
      c.FailUnsupported("weights '", weights.name, "' with a zero point");
    }
  }
}

// The largest sum of a gate: |weight| <= 128, |x - zero| <= 255.
void CheckSums(InferContext& c, int64_t cells, int64_t depth) {
  constexpr int64_t kLargest = std::numeric_limits<int32_t>::max();
  for (size_t g = 0; g < kGates; ++g) {
    const Tensor& bias = c.input(kBiases + g);
    if (bias.shape != Shape{cells} || !bias.is_constant()) {
      c.FailFile("bias '", bias.name, "' has to be a constant of ", cells, " values");
    }
    RequireType(c, bias, DataType::kInt32);
    if (bias.dtype == DataType::kFloat32) continue;
    for (int64_t j = 0; j < cells; ++j) {
      const int64_t b = bias.data.as<int32_t>()[j];
      if (std::max(depth, cells) > kLargest / (128 * 255) ||
          std::abs(b) + depth * 128 * 255 > kLargest) {
        c.FailUnsupported("sums of gate ", g, " could exceed 32 bits");
      }
    }
  }
}

void CheckIntegers(InferContext& c) {
  CheckMultipliers(c, "multiplier", "shift", 2 * kGates + 1);
  if (!c.node().has("cell_exponent")) {
    c.FailUnsupported("attribute 'cell_scale' has to be a power of two, not ",
                      JsonNumber(c.node().real("cell_scale")));
  }
  const int64_t exponent = c.node().integer("cell_exponent");
  if (exponent < -15 || exponent > -9) {
    c.FailUnsupported("a cell scale of 2^", exponent, "; 2^-15 to 2^-9 are");
  }
  const int64_t clip = c.node().integer("quantized_cell_clip");
  if (clip < 0 || clip > 32767) c.FailFile("attribute 'quantized_cell_clip' holds ", clip);
}

void Infer(InferContext& c) {
  c.RequireRank(0, 3);
  c.RequireRank(kInputWeights, 2);
  const Shape& x = c.input(0).shape;
  const bool time_major = c.node().flag("time_major");
  const int64_t batch = x[time_major ? 1 : 0];
  const int64_t cells = c.input(kInputWeights).shape[0];
  const DataType type = c.input(0).dtype;
  CheckWeights(c, kInputWeights, cells, x[2]);
  CheckWeights(c, kRecurrentWeights, cells, cells);
  CheckSums(c, cells, x[2]);
  if (type != DataType::kFloat32) {
    RequireOneScale(c, c.input(0));
    RequireOneScale(c, c.output(0));
    if (type == DataType::kInt16) c.FailUnsupported("16-bit inputs");
    CheckIntegers(c);
  }
  const DataType cell_type = type == DataType::kFloat32 ? type : DataType::kInt16;
  const auto check_state = [&](size_t i, DataType wanted) {
    if (!c.has_input(i)) return;
    const Tensor& state = c.input(i);
    if (state.shape != Shape{batch, cells} || state.dtype != wanted) {
      c.FailFile("state '", state.name, "' has to be ", integra::NameOf(wanted), " of ",
                 ToString({batch, cells}));
    }
  };
  check_state(kOutputState, type);
  check_state(kCellState, cell_type);
  c.SetOutput(0, type, {x[0], x[1], cells});
  if (c.output_count() > 1) c.SetOutput(1, type, {batch, cells});
  if (c.output_count() > 2) c.SetOutput(2, cell_type, {batch, cells});
}

}  // namespace

extern const OperatorSchema kUnidirectionalSequenceLstmSchema = {
    "LSTM over [N,T,I] to [N,T,C]; inputs: sequence, 4 input weights [C,I] and 4 recurrent weights "
    "[C,C] and 4 biases [C] of the input, forget, cell and output gate, then optionally the output "
    "state [N,C] and the cell state [N,C] to start from (absent: zero); outputs 1 and 2, where "
    "wanted, are the states after the last step",
    13,
    15,
    1,
    3,
    {{"time_major", AttributeType::kBool, "the sequence is [T,N,I]", false, false},
     {"cell_clip", AttributeType::kReal, "cells stay within [-clip, clip]; 0: no limit", false,
      0.0},
     {"cell_scale", AttributeType::kReal, "step of the 16-bit cell, a power of two", false,
      1.0 / 2048},
     {"cell_exponent", AttributeType::kInteger, "its exponent", false, false, true},
     {"quantized_cell_clip", AttributeType::kInteger, "cell_clip in such steps", false, false,
      true},
     DerivedIntegers("multiplier",
                     "m of the 4 input factors, 4 recurrent factors, and the output's, m / "
                     "2^(31+s); gates are in steps of 2^-12"),
     DerivedIntegers("shift", "s of the same")},
    Infer,
    Derive};

}  // namespace integra::graph
