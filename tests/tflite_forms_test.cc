// Forms of .tflite files that are rare: operators spelled in another way, constants of other types,
// names, and what of them is refused.
#include <doctest/doctest.h>

#include <cmath>
#include <functional>

#include "convert/convert.h"
#include "convert/text.h"
#include "convert/tflite_generated.h"
#include "tests/support/networks.h"
#include "tests/support/operator_models.h"

namespace integra::test {
namespace {

using Builtin = tflite::BuiltinOperator;
using tflite::TensorType;
using Integers = std::vector<int64_t>;

graph::Graph Import(const ModelT& model) {
  return convert::ImportTflite(Build(model), "test.tflite");
}

Refusal RefusalOf(const ModelT& model) {
  try {
    Import(model);
    return {.code = {}, .message = "", .loaded = true};
  } catch (const Error& error) {
    return {.code = error.code(), .message = error.what()};
  }
}

// Each is refused with the file's name and the reason.
void CheckRefused(const ModelT& model, const char* reason,
                  ErrorCode code = ErrorCode::kInvalidFile) {
  const Refusal refusal = RefusalOf(model);
  CAPTURE(reason);
  INFO(refusal.message);
  CHECK(refusal.message.starts_with("test.tflite: "));
  CHECK(Says(refusal, reason));
  CHECK(refusal.code == code);
}

constexpr auto kUnsupported = ErrorCode::kUnsupported;
const TensorSpec kFloats{TensorType::FLOAT32, {2, 3}, {}, 0, {}, 0};

TensorSpec Floats(std::vector<int32_t> shape) {
  return {TensorType::FLOAT32, std::move(shape), {}, 0, {}, 0};
}

template <typename T>
TensorSpec Constant(TensorType type, std::vector<int32_t> shape, const std::vector<T>& values) {
  TensorSpec spec{type, std::move(shape), {}, 0, {}, 0};
  const auto bytes = std::as_bytes(std::span(values));
  spec.data.assign(bytes.begin(), bytes.end());
  return spec;
}

tflite::OperatorT& Operator(const ModelT& model) { return *model->subgraphs[0]->operators[0]; }
tflite::TensorT& Tensor(const ModelT& model, size_t i) { return *model->subgraphs[0]->tensors[i]; }

TEST_CASE("Operators that other tests do not import get their attributes") {
  tflite::GeluOptionsT gelu;
  gelu.approximate = true;
  const graph::Graph by_tanh = Import(OperatorModel(Builtin::GELU, {kFloats}, {kFloats}, gelu));
  CHECK(by_tanh.nodes[0].flag("approximate"));
  tflite::DivOptionsT div;
  div.activation = tflite::Activation::RELU_N1_TO_1;
  const graph::Graph quotient =
      Import(OperatorModel(Builtin::DIV, {kFloats, kFloats}, {kFloats}, div));
  CHECK(quotient.nodes[0].text("activation") == "relu_n1_to_1");
  // The file says what comes out of these.
  for (const Builtin code : {Builtin::SQUEEZE, Builtin::EXPAND_DIMS}) {
    ModelT model = OperatorModel(code, {kFloats, Int32s({0})}, {Floats({1, 2, 3})});
    CHECK(Import(model).nodes[0].integers("shape") == Integers{1, 2, 3});
    Operator(model).outputs.clear();
    CheckRefused(model, "operator 0");
  }
  TensorSpec wide{TensorType::INT16, {2, 3}, {0.5f}, 0, {}, 0};
  const graph::Graph sum =
      Import(OperatorModel(Builtin::ADD, {wide, wide}, {wide}, tflite::AddOptionsT{}));
  CHECK(sum.nodes[0].flag("pot_scale_int16"));
  const graph::Graph requantized = Import(OperatorModel(Builtin::QUANTIZE, {kFloats}, {wide}));
  CHECK(requantized.nodes[0].text("rounding") == "double");
  const graph::Graph real = Import(OperatorModel(Builtin::DEQUANTIZE, {Int8({2, 3})}, {kFloats}));
  CHECK(NameOf(real.nodes[0].type) == std::string("dequantize"));
  // A known operator that Integra has not (yet): named like any other.
  CheckRefused(OperatorModel(Builtin::PRELU, {kFloats, kFloats}, {kFloats}), "PRELU", kUnsupported);
}

TEST_CASE("A reshape takes its shape from an operand, or from its options") {
  tflite::ReshapeOptionsT options;
  options.new_shape = {3, 2};
  ModelT model = OperatorModel(Builtin::RESHAPE, {kFloats}, {Floats({3, 2})}, options);
  CHECK(Import(model).nodes[0].integers("shape") == Integers{3, 2});
  Operator(model).builtin_options.Set(tflite::ReshapeOptionsT{});
  CheckRefused(model, "'reshape_0' (reshape): has no shape");
  Operator(model).builtin_options.Reset();
  CheckRefused(model, "'reshape_0' (reshape): has no options");
  // Operands may be 64 bits wide.
  CHECK(Import(OperatorModel(Builtin::RESHAPE,
                             {kFloats, Constant<int64_t>(TensorType::INT64, {2}, {-1, 2})},
                             {Floats({3, 2})}))
            .nodes[0]
            .integers("shape") == Integers{-1, 2});
  CheckRefused(
      OperatorModel(Builtin::RESHAPE, {kFloats, Constant<float>(TensorType::FLOAT32, {2}, {-1, 2})},
                    {Floats({3, 2})}),
      "has to be int32 or int64, not float32");
}

TEST_CASE("checklist 6: forms of operators that Integra does not have") {
  tflite::ConcatenationOptionsT join;
  join.activation = tflite::Activation::RELU;
  CheckRefused(OperatorModel(Builtin::CONCATENATION, {kFloats}, {kFloats}, join),
               "with a fused activation", kUnsupported);
  tflite::StridedSliceOptionsT slice;
  slice.offset = true;
  CheckRefused(OperatorModel(Builtin::STRIDED_SLICE,
                             {kFloats, Int32s({0}), Int32s({1}), Int32s({1})}, {kFloats}, slice),
               "'end' relative to 'begin'", kUnsupported);
  CheckRefused(OperatorModel(Builtin::ARG_MAX, {kFloats, Int32s({0, 1})}, {kFloats}),
               "input 1 has to be one number, not 2");
  tflite::DivOptionsT div;
  div.activation = tflite::Activation::SIGN_BIT;
  CheckRefused(OperatorModel(Builtin::DIV, {kFloats, kFloats}, {kFloats}, div), "SIGN_BIT",
               kUnsupported);
  ModelT model = ConvolutionModel();
  AddOperator(model, Builtin::CUSTOM, {3}, {3});
  CheckRefused(model, "custom operator '' (node 1)", kUnsupported);
}

TEST_CASE("checklist 5: intermediate tensors and buffers that do not exist") {
  ModelT model = ConvolutionModel();
  Operator(model).intermediates = {-1, 3};
  CHECK(RefusalOf(model).loaded);
  Operator(model).intermediates = {4};
  CheckRefused(model, "operator 0, intermediates: tensor 4 does not exist, there are 4");
  model = ConvolutionModel();
  model->buffers[1]->size = 5000;
  CheckRefused(model, "lies behind the FlatBuffer", kUnsupported);
}

TEST_CASE("Quantized constants of every type become float where they are dequantized") {
  const struct {
    TensorSpec constant;
    float second;
  } cases[] = {
      {Constant<int8_t>(TensorType::INT8, {2}, {1, -2}), -2.5f},
      {Constant<uint8_t>(TensorType::UINT8, {2}, {1, 250}), 123.5f},
      {Constant<int16_t>(TensorType::INT16, {2}, {1, -300}), -151.5f},
      {Constant<int32_t>(TensorType::INT32, {2}, {1, 100000}), 49998.5f},
  };
  for (const auto& c : cases) {
    ModelT model = OperatorModel(Builtin::ADD, {Floats({2}), Floats({2})}, {Floats({2})},
                                 tflite::AddOptionsT{});
    const int32_t id =
        AddTensor(model, "constant", c.constant.type, c.constant.shape, c.constant.data);
    auto q = std::make_unique<tflite::QuantizationParametersT>();
    q->scale = {0.5f};
    q->zero_point = {3};
    Tensor(model, static_cast<size_t>(id)).quantization = std::move(q);
    AddOperator(model, Builtin::DEQUANTIZE, {id}, {1});
    auto& graph = *model->subgraphs[0];
    std::swap(graph.operators[0], graph.operators[1]);
    graph.inputs = {0};
    const graph::Graph imported = Import(model);
    REQUIRE(imported.nodes.size() == 1);
    CHECK(imported.tensor(imported.nodes[0].inputs[1]).data.as<float>()[1] == c.second);
    // Into another shape, or another type.
    Tensor(model, 1).shape = {1};
    CheckRefused(model, "the output has to be float32 of the input's shape");
    Tensor(model, 1).shape = {2};
    Tensor(model, 1).type = TensorType::INT32;
    CheckRefused(model, "the output has to be float32 of the input's shape");
  }
}

TEST_CASE("Weights that two float operators share become float once") {
  const TensorSpec weights = Int8Weights({3, 3}, {0.5f}, 0);
  ModelT model = OperatorModel(Builtin::FULLY_CONNECTED, {kFloats, weights}, {kFloats},
                               tflite::FullyConnectedOptionsT{});
  auto& graph = *model->subgraphs[0];
  graph.tensors.push_back(std::make_unique<tflite::TensorT>(*graph.tensors[2]));
  graph.tensors.back()->name = "second";
  AddOperator(model, Builtin::FULLY_CONNECTED, {2, 1}, {3})
      .builtin_options.Set(tflite::FullyConnectedOptionsT{});
  graph.outputs = {3};
  const graph::Graph imported = Import(model);
  CHECK(imported.nodes[0].inputs[1] == imported.nodes[1].inputs[1]);
  CHECK(imported.metadata.at("converted") == "1 quantized weights of float operators to float32");
  // Weights that are no constant, or float already, stay what they are.
  ModelT plain = OperatorModel(Builtin::FULLY_CONNECTED,
                               {kFloats, Constant<float>(TensorType::FLOAT32, {1, 3}, {1, 2, 3})},
                               {Floats({2, 1})}, tflite::FullyConnectedOptionsT{});
  CHECK_FALSE(Import(plain).metadata.contains("converted"));
  CheckRefused(OperatorModel(Builtin::FULLY_CONNECTED, {kFloats, Int8({3, 3})}, {kFloats},
                             tflite::FullyConnectedOptionsT{}),
               "weights 'in1' have to be constant", kUnsupported);
}

TEST_CASE("Half precision and bool constants") {
  const auto import = [](const TensorSpec& constant, TensorType type) {
    const TensorSpec other{type, constant.shape, {}, 0, {}, 0};
    return OperatorModel(Builtin::MAXIMUM, {other, constant}, {other});
  };
  const graph::Graph halves = Import(import(
      Constant<uint16_t>(TensorType::FLOAT16, {3}, {0x7c00, 0xfc00, 0x7e00}), TensorType::FLOAT32));
  const float* const values = halves.tensor(halves.nodes[0].inputs[1]).data.as<float>();
  CHECK(values[0] == INFINITY);
  CHECK(values[1] == -INFINITY);
  CHECK(std::isnan(values[2]));
  CheckRefused(import(Constant<uint8_t>(TensorType::BOOL, {2}, {0, 2}), TensorType::BOOL),
               "('in1'): a bool is neither 0 nor 1");
  CheckRefused(import(Constant<uint8_t>(TensorType::BOOL, {2}, {0, 1}), TensorType::BOOL),
               "bool operands", kUnsupported);
}

TEST_CASE("16-bit convolutions without scales are refused by name") {
  TensorSpec x{TensorType::INT16, {1, 2, 2, 1}, {0.5f}, 0, {}, 0};
  TensorSpec y{TensorType::INT16, {1, 2, 2, 1}, {}, 0, {}, 0};
  tflite::Conv2DOptionsT options;
  options.stride_w = options.stride_h = 1;
  CheckRefused(
      OperatorModel(Builtin::CONV_2D, {x, Int8Weights({1, 1, 1, 1}, {0.5f}, 0)}, {y}, options),
      "'out0' is int16 but has no scale");
}

TEST_CASE("A file without names and description has some afterwards") {
  ModelT model = ConvolutionModel();
  model->description = "";
  const graph::Graph graph = Import(model);
  CHECK_FALSE(graph.metadata.contains("description"));
}

TEST_CASE("What is no UTF-8 in a name becomes question marks") {
  using convert::ValidUtf8;
  CHECK(ValidUtf8("\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80") ==
        "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80");
  CHECK(ValidUtf8("\x80") == "?");
  CHECK(ValidUtf8("\xFF") == "?");
  CHECK(ValidUtf8("\xC3") == "?");
  CHECK(ValidUtf8("\xC3(") == "?(");
  CHECK(ValidUtf8("\xC0\xAF") == "??");
  CHECK(ValidUtf8("\xED\xA0\x80") == "???");
  CHECK(ValidUtf8("\xEE\x80\x80") == "\xEE\x80\x80");
  CHECK(ValidUtf8("\xF4\x90\x80\x80") == "????");
}

}  // namespace
}  // namespace integra::test
