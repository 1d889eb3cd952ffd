// The importer of .tflite files: what it makes of good files. They are built here, field by field.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <set>

#include "convert/convert.h"
#include "convert/tflite/operator_import.h"
#include "convert/tflite_generated.h"
#include "integra/float_session.hpp"
#include "integra/integra.hpp"
#include "tests/support/golden.h"
#include "tests/support/npy.h"
#include "tests/support/operator_models.h"
#include "tests/support/tflite_model.h"

namespace integra::test {
namespace {

using Integers = std::vector<int64_t>;

graph::Graph Import(const Bytes& file, const ImportOptions& options = {}) {
  return convert::ImportTflite(file, "test.tflite", options);
}

bool Holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("A convolution is imported with explicit padding and LiteRT's rounding") {
  const graph::Graph graph = Import(Build(ConvolutionModel()));
  REQUIRE(graph.nodes.size() == 1);
  const graph::Node& node = graph.nodes[0];
  CHECK(node.name == "conv_2d_0");
  CHECK(node.integers("stride") == Integers{2, 1});
  CHECK(node.integers("padding") == Integers{1, 1, 1, 1});
  CHECK(node.text("activation") == "relu");
  CHECK(node.text("rounding") == "double");
  CHECK(graph.tensor(node.inputs[1]).shape == Shape{2, 3, 3, 1});
  CHECK(graph.metadata.at("source") == "test.tflite");
  CHECK(graph.metadata.at("description") == "made by a test");
  CHECK(graph.metadata.at("tflite_tensors") == "0-3");
}

TEST_CASE("The rounding can be chosen") {
  const Bytes file = Build(ConvolutionModel());
  const auto rounding = [&](ImportOptions::Rounding r) {
    return Import(file, {.rounding = r}).nodes[0].text("rounding");
  };
  CHECK(rounding(ImportOptions::Rounding::kSingle) == "single");
  CHECK(rounding(ImportOptions::Rounding::kDouble) == "double");
}

TEST_CASE("Tensors without a name get one, and names are unique and UTF-8") {
  ModelT model = ConvolutionModel();
  auto& tensors = model->subgraphs[0]->tensors;
  tensors[0]->name = "";
  tensors[1]->name = "same";
  tensors[2]->name = "same";
  tensors[3]->name = "a\xff\xc3\xa4";
  const graph::Graph graph = Import(Build(model));
  CHECK(graph.tensors[0].name == "tensor_0");
  CHECK(graph.tensors[1].name == "same");
  CHECK(graph.tensors[2].name == "same_2");
  CHECK(graph.tensors[3].name == "a?\xc3\xa4");
}

TEST_CASE("Operands that are parameters become attributes, and their tensors go away") {
  const graph::Graph graph = Import(Build(ReshapeModel({4, -1})));
  REQUIRE(graph.nodes.size() == 1);
  CHECK(graph.nodes[0].integers("shape") == Integers{4, -1});
  CHECK(graph.nodes[0].inputs.size() == 1);
  CHECK(graph.tensors.size() == 2);
  CHECK(graph.metadata.at("tflite_tensors") == "0,2");
}

TEST_CASE("Quantized weights of a float operator become float") {
  ModelT model = ConvolutionModel();
  auto& tensors = model->subgraphs[0]->tensors;
  for (const size_t i : {0u, 3u}) {
    tensors[i]->type = tflite::TensorType::FLOAT32;
    tensors[i]->quantization = nullptr;
  }
  model->subgraphs[0]->operators[0]->inputs = {0, 1, -1};
  const graph::Graph graph = Import(Build(model));
  const graph::Tensor& weights = graph.tensor(graph.nodes[0].inputs[1]);
  CHECK(weights.dtype == DataType::kFloat32);
  CHECK(weights.data.as<float>()[1] == 0.5f * (1 - 0));
  CHECK(weights.data.as<float>()[9] == 0.25f * 9);
  CHECK(Holds(graph.metadata.at("converted"), "1 quantized"));
}

TEST_CASE("Half precision weights become float, and their conversion goes away") {
  if (!graph::ParseOpType("dequantize")) return;  // until it lands
  ModelT model = ConvolutionModel();
  auto& subgraph = *model->subgraphs[0];
  for (const size_t i : {0u, 1u, 3u}) {
    subgraph.tensors[i]->type = tflite::TensorType::FLOAT32;
    subgraph.tensors[i]->quantization = nullptr;
  }
  // 1.0, -2.0, the largest number, the smallest one, and zeros.
  std::vector<uint16_t> halves(18);
  halves[0] = 0x3c00;
  halves[1] = 0xc000;
  halves[2] = 0x7bff;
  halves[3] = 0x0001;
  const int32_t half = AddTensor(model, "half", tflite::TensorType::FLOAT16, {2, 3, 3, 1}, halves);
  subgraph.tensors[1]->buffer = 0;
  subgraph.operators[0]->inputs = {0, 1, -1};
  AddOperator(model, tflite::BuiltinOperator::DEQUANTIZE, {half}, {1});
  std::swap(subgraph.operators[0], subgraph.operators[1]);
  const graph::Graph graph = Import(Build(model));
  REQUIRE(graph.nodes.size() == 1);
  const float* const weights = graph.tensor(graph.nodes[0].inputs[1]).data.as<float>();
  CHECK(weights[0] == 1.0f);
  CHECK(weights[1] == -2.0f);
  CHECK(weights[2] == 65504.0f);
  CHECK(weights[3] == 0x1p-24f);
  CHECK(weights[4] == 0.0f);
}

TEST_CASE("uint8 and int16 activations are imported with their arithmetic") {
  const auto filled = [](tflite::TensorType type, std::vector<int32_t> shape, float scale,
                         int64_t zero_point, size_t bytes) {
    return TensorSpec{type, std::move(shape), {scale}, zero_point, Bytes(bytes), 0};
  };
  using tflite::TensorType;
  tflite::Conv2DOptionsT options;
  options.stride_w = options.stride_h = 1;
  const graph::Graph asymmetric =
      Import(Build(OperatorModel(tflite::BuiltinOperator::CONV_2D,
                                 {filled(TensorType::UINT8, {1, 2, 2, 1}, 0.5f, 128, 0),
                                  filled(TensorType::UINT8, {3, 1, 1, 1}, 0.25f, 7, 3),
                                  filled(TensorType::INT32, {3}, 0.125f, 0, 12)},
                                 {filled(TensorType::UINT8, {1, 2, 2, 3}, 0.5f, 3, 0)}, options)));
  CHECK(asymmetric.tensor(asymmetric.nodes[0].inputs[1]).quantization.zero_point[0] == 7);
  CHECK(asymmetric.nodes[0].text("rounding") == "double");

  const graph::Graph wide =
      Import(Build(OperatorModel(tflite::BuiltinOperator::CONV_2D,
                                 {filled(TensorType::INT16, {1, 2, 2, 1}, 0.5f, 0, 0),
                                  filled(TensorType::INT8, {3, 1, 1, 1}, 0.3f, 0, 3),
                                  filled(TensorType::INT64, {3}, 0.15f, 0, 24)},
                                 {filled(TensorType::INT16, {1, 2, 2, 3}, 0.5f, 0, 0)}, options)));
  CHECK(wide.nodes[0].text("rounding") == "single");
  for (const int64_t m : wide.nodes[0].integers("multiplier")) CHECK(m % (1 << 16) == 0);
}

TEST_CASE("A small network of every operator is imported and runs") {
  SessionOptions options;
  options.float_nodes = FloatIslands();
  std::set<tflite::BuiltinOperator> found;
  for (const ModelT& model : OperatorModels()) {
    const auto code = model->operator_codes[0]->builtin_code;
    found.insert(code);
    CAPTURE(std::string(tflite::EnumNameBuiltinOperator(code)));
    try {
      const Network network(Import(Build(model)));
      Session session(network, options);
      std::vector<Bytes> buffers;
      const auto add = [&](const TensorInfo& info) {
        buffers.emplace_back(static_cast<size_t>(ElementCount(info.shape)) * SizeOf(info.dtype));
      };
      for (const TensorInfo& info : session.inputs()) add(info);
      for (const TensorInfo& info : session.outputs()) add(info);
      const auto first_output =
          buffers.begin() + static_cast<std::ptrdiff_t>(session.inputs().size());
      const std::vector<std::span<const std::byte>> inputs(buffers.begin(), first_output);
      const std::vector<std::span<std::byte>> outputs(first_output, buffers.end());
      session.Run(inputs, outputs);
    } catch (const Error& error) {
      FAIL_CHECK(std::string(error.what()));
    }
  }
  for (const tflite::BuiltinOperator code : tflite::EnumValuesBuiltinOperator()) {
    if (convert::FindOperator(code) == nullptr) continue;
    CAPTURE(std::string(tflite::EnumNameBuiltinOperator(code)));
    CHECK(found.contains(code));
  }
}

}  // namespace
}  // namespace integra::test
