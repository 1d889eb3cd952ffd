// unidirectional_sequence_lstm in network and .tflite files: what its many operands have to be.
#include <doctest/doctest.h>

#include <functional>

#include "convert/convert.h"
#include "convert/tflite_generated.h"
#include "tests/support/check_nodes.h"
#include "tests/support/operator_models.h"
#include "tests/support/tflite_model.h"

namespace integra::test {
namespace {

constexpr auto kUnsupported = ErrorCode::kUnsupported;

std::string Zeros(size_t count) {
  std::string list = "[0";
  for (size_t i = 1; i < count; ++i) list += ", 0";
  return list + "]";
}

std::string Weights(const char* type, const char* shape, size_t count, const char* scale = "0.01",
                    const char* zero_point = "0") {
  return TensorFields(type, shape, scale, zero_point, Zeros(count));
}

// 2 cells, sequences of 2 steps of 3 values.
OneNode Quantized() {
  OneNode node{"unidirectional_sequence_lstm",
               {TensorFields("int8", "[1, 2, 3]", "0.5", "3")},
               {TensorFields("int8", "", "0.0078125")},
               "",
               ""};
  for (int i = 0; i < 4; ++i) node.inputs.push_back(Weights("int8", "[2, 3]", 6));
  for (int i = 0; i < 4; ++i) node.inputs.push_back(Weights("int8", "[2, 2]", 4));
  for (int i = 0; i < 4; ++i) node.inputs.push_back(Weights("int32", "[2]", 2, ""));
  return node;
}

OneNode Float() {
  OneNode node = Quantized();
  for (std::string& input : node.inputs) {
    const size_t quantization = input.find(", \"quantization\"");
    if (quantization != input.npos) input.erase(quantization, input.find('}') + 1 - quantization);
    input.replace(0, input.find(','), R"("dtype": "float32")");
  }
  node.outputs = {TensorFields("float32", "")};
  return node;
}

// Both kinds with one input replaced.
OneNode With(OneNode node, size_t input, const std::string& fields, const char* reason,
             ErrorCode code = ErrorCode::kInvalidFile) {
  node.inputs.resize(std::max(node.inputs.size(), input + 1), "null");
  node.inputs[input] = fields;
  node.reason = reason;
  node.code = code;
  return node;
}

OneNode WithAttributes(const char* attributes, const char* reason,
                       ErrorCode code = ErrorCode::kInvalidFile) {
  OneNode node = With(Quantized(), 0, Quantized().inputs[0], reason, code);
  node.attributes = attributes;
  return node;
}

TEST_CASE("checklist 7: operands and integers of an LSTM") {
  const std::string floats = TensorFields("float32", "[2, 3]", "", "", Zeros(6));
  const char* const kNine = R"("multiplier": [0, 0, 0, 0, 0, 0, 0, 0, 0],
                               "shift": [0, 0, 0, 0, 0, 0, 0, 0, 0])";
  OneNode three_outputs = Quantized();
  three_outputs.outputs.push_back(TensorFields("int8", "", "0.0078125"));
  three_outputs.outputs.push_back(TensorFields("int16", "", "0.00048828125"));
  CheckNodes({
      Quantized(),
      Float(),
      three_outputs,
      WithAttributes(R"("time_major": true, "cell_clip": 1.5)", ""),
      WithAttributes(kNine, ""),
      WithAttributes(R"("cell_exponent": -9, "quantized_cell_clip": 5)", ""),
      WithAttributes(R"("multiplier": [0])", ""),  // without "shift" both are derived
      WithAttributes(R"("multiplier": [0], "shift": [0])", "'multiplier' needs 9 values"),
      WithAttributes(R"("cell_scale": 0.3)", "a power of two, not 0.3", kUnsupported),
      WithAttributes(R"("cell_scale": 0.00390625)", "a cell scale of 2^-8", kUnsupported),
      WithAttributes(R"("cell_exponent": -16)", "a cell scale of 2^-16", kUnsupported),
      WithAttributes(R"("quantized_cell_clip": -1)", "'quantized_cell_clip' holds -1"),
      WithAttributes(R"("quantized_cell_clip": 32768)", "'quantized_cell_clip' holds 32768"),
      With(Quantized(), 0, TensorFields("int16", "[1, 2, 3]", "0.5"), "16-bit inputs",
           kUnsupported),
      With(Quantized(), 0, TensorFields("int8", "[2, 3]", "0.5"), "3 dimensions are needed"),
      With(Quantized(), 0, TensorFields("int8", "[1, 2, 3]"), "'x0' is int8 but has no scale"),
      With(Quantized(), 1, TensorFields("int8", "[2, 3]", "0.01"), "'x1' has to be a constant",
           kUnsupported),
      With(Quantized(), 2, Weights("int8", "[3, 2]", 6), "'x2' have shape [3, 2] instead of"),
      With(Quantized(), 5, Weights("int8", "[2, 3]", 6), "'x5' have shape [2, 3] instead of"),
      With(Quantized(), 1, floats, "'x1' is float32, which does not go with int8 inputs"),
      With(Quantized(), 2, Weights("uint8", "[2, 3]", 6), "'x2' is uint8, which does not go"),
      With(Float(), 3, Weights("int8", "[2, 3]", 6), "'x3' is int8, which does not go with float"),
      With(Quantized(), 1, Weights("int8", "[2, 3]", 6, "[1, 2]"), "'x1' has a scale per channel",
           kUnsupported),
      With(Quantized(), 1, TensorFields("int8", "[2, 3]", "", "", Zeros(6)), "has no scale"),
      With(Quantized(), 8, Weights("int8", "[2, 2]", 4, "1", "1"), "'x8' with a zero point",
           kUnsupported),
      With(Quantized(), 9, Weights("int32", "[3]", 3, ""), "'x9' has to be a constant of 2"),
      With(Quantized(), 10, TensorFields("int32", "[2]"), "'x10' has to be a constant of 2"),
      With(Quantized(), 9, Weights("float32", "[2]", 2, ""), "'x9' is float32, which does not go"),
      With(Float(), 12, Weights("int32", "[2]", 2, ""), "'x12' is int32, which does not go with"),
      With(Quantized(), 9, TensorFields("int32", "[2]", "", "", "[0, -2147483647]"),
           "sums of gate 0 could exceed 32 bits", kUnsupported),
      With(Quantized(), 13, TensorFields("int8", "[1, 2]", "0.0078125"), ""),
      With(Quantized(), 13, TensorFields("int8", "[2, 2]", "1"), "state 'x13' has to be int8 of"),
      With(Quantized(), 13, TensorFields("int16", "[1, 2]", "1"), "state 'x13' has to be int8"),
      With(Quantized(), 14, TensorFields("int16", "[1, 2]", "1"), ""),
      With(Quantized(), 14, TensorFields("int8", "[1, 2]", "1"), "state 'x14' has to be int16"),
      With(Float(), 14, TensorFields("float32", "[1, 2]"), ""),
  });

  // Sums that are too long.
  OneNode longest = With(Quantized(), 0, TensorFields("int8", "[1, 1, 65794]", "0.5"),
                         "sums of gate 0 could exceed 32 bits", kUnsupported);
  for (size_t i = 1; i < 5; ++i) longest.inputs[i] = Weights("int8", "[1, 65794]", 65794);
  for (size_t i = 5; i < 9; ++i) longest.inputs[i] = Weights("int8", "[1, 1]", 1);
  for (size_t i = 9; i < 13; ++i) longest.inputs[i] = Weights("int32", "[1]", 1, "");
  CheckNodes({longest});
}

TEST_CASE("An LSTM is imported without the states that LiteRT keeps") {
  for (const bool quantized : {true, false}) {
    const graph::Graph graph = convert::ImportTflite(Build(LstmModel(quantized)), "test.tflite");
    REQUIRE(graph.nodes.size() == 1);
    const graph::Node& node = graph.nodes[0];
    CHECK(node.inputs.size() == 13);
    CHECK(node.real("cell_scale") == 1.0 / 2048);
    CHECK(graph.tensor(node.inputs[1]).dtype == (quantized ? DataType::kInt8 : DataType::kFloat32));
    CHECK(graph.tensors.size() == 14);
  }
}

TEST_CASE("checklist 6: kinds of LSTM that Integra does not have") {
  const struct {
    std::function<void(tflite::OperatorT&, tflite::SubGraphT&)> change;
    const char* reason;
    ErrorCode code = ErrorCode::kUnsupported;
  } cases[] = {
      {[](auto& op, auto&) { op.inputs[9] = 9; }, "an LSTM with peepholes"},
      {[](auto& op, auto&) { op.inputs[17] = 9; }, "an LSTM with a projection"},
      {[](auto& op, auto&) { op.inputs[20] = 9; }, "an LSTM with layer normalization"},
      {[](auto& op, auto&) { op.inputs[1] = -1; }, "input and forget gates are coupled"},
      {[](auto& op, auto&) { op.inputs.resize(15); }, "input 19 is missing",
       ErrorCode::kInvalidFile},
      {[](auto& op, auto&) {
         op.builtin_options.AsUnidirectionalSequenceLSTMOptions()->diagonal_recurrent_tensors =
             true;
       },
       "diagonal recurrent weights"},
      {[](auto& op, auto&) {
         op.builtin_options.AsUnidirectionalSequenceLSTMOptions()->activation =
             tflite::Activation::RELU;
       },
       "an LSTM with activation RELU"},
      {[](auto&, auto& graph) { graph.tensors[14]->quantization.reset(); },
       "the cell state needs one scale", ErrorCode::kInvalidFile},
      {[](auto&, auto& graph) { graph.tensors[13]->quantization->scale[0] = 1; },
       "an output state with another scale than the output"},
      {[](auto&, auto& graph) { graph.tensors[13]->quantization->zero_point[0] = 1; },
       "an output state with another scale than the output"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.reason);
    ModelT model = LstmModel(true);
    auto& graph = *model->subgraphs[0];
    c.change(*graph.operators[0], graph);
    try {
      convert::ImportTflite(Build(model), "test.tflite");
      FAIL_CHECK("accepted");
    } catch (const Error& error) {
      const std::string message = error.what();
      CAPTURE(message);
      CHECK(message.starts_with("test.tflite: node 'unidirectional_sequence_lstm_0'"));
      CHECK(message.find(c.reason) != message.npos);
      CHECK(error.code() == c.code);
    }
  }
}

}  // namespace
}  // namespace integra::test
