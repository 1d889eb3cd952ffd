// Operators whose parameters or tensors do not fit are refused: the message names file and node, or
// the tensor.
#include <doctest/doctest.h>

#include <cstring>
#include <functional>
#include <limits>

#include "convert/convert.h"
#include "convert/tflite_generated.h"
#include "integra/integra.hpp"
#include "tests/support/operator_models.h"

namespace integra::test {
namespace {

using Builtin = tflite::BuiltinOperator;
using tflite::TensorType;
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr int32_t kHuge = std::numeric_limits<int32_t>::max();
constexpr int32_t kLowest = std::numeric_limits<int32_t>::min();

ModelT ModelOf(Builtin code) {
  for (ModelT& model : OperatorModels()) {
    if (model->operator_codes[0]->builtin_code == code) return std::move(model);
  }
  FAIL("no network of this operator");
  return nullptr;
}

struct Model {
  tflite::ModelT& file;
  tflite::SubGraphT& graph;

  tflite::TensorT& in(size_t i) { return tensor(graph.operators[0]->inputs[i]); }
  tflite::TensorT& out(size_t i) { return tensor(graph.operators[0]->outputs[i]); }
  template <typename Options>
  Options& options() {
    return *static_cast<Options*>(graph.operators[0]->builtin_options.value);
  }
  // Element `i` of the int32 constant that is input `input`.
  void Put(size_t input, size_t i, int32_t value) {
    std::memcpy(file.buffers[in(input).buffer]->data.data() + i * 4, &value, 4);
  }

 private:
  tflite::TensorT& tensor(int32_t id) { return *graph.tensors[static_cast<size_t>(id)]; }
};

struct Hostile {
  const char* name;
  Builtin code;
  std::function<void(Model)> spoil;
};

const Hostile kHostile[] = {
    {"bias of another type", Builtin::CONV_2D, [](Model m) { m.in(2).type = TensorType::FLOAT32; }},
    {"float result of an int8 convolution", Builtin::CONV_2D,
     [](Model m) { m.out(0).type = TensorType::FLOAT32; }},
    {"normalization with an activation", Builtin::L2_NORMALIZATION,
     [](Model m) { m.options<tflite::L2NormOptionsT>().activation = tflite::Activation::RELU; }},
    {"int8 input, float weights", Builtin::FULLY_CONNECTED,
     [](Model m) {
       m.in(1).type = TensorType::FLOAT32;
       m.file.buffers[m.in(1).buffer]->data.resize(27 * 4);
     }},
    {"float input, int8 result", Builtin::FULLY_CONNECTED,
     [](Model m) { m.in(0).type = TensorType::FLOAT32; }},
    {"4-bit weights", Builtin::FULLY_CONNECTED, [](Model m) { m.in(1).type = TensorType::INT4; }},
    {"4-bit activations", Builtin::ADD, [](Model m) { m.in(0).type = TensorType::INT4; }},
    {"complex numbers", Builtin::ADD, [](Model m) { m.in(0).type = TensorType::COMPLEX64; }},
    {"scales along the input channels", Builtin::CONV_2D,
     [](Model m) {
       m.in(1).quantization->quantized_dimension = 3;
       m.in(1).quantization->scale.pop_back();
       m.in(1).quantization->zero_point.pop_back();
     }},
    {"weights with zero points per channel", Builtin::CONV_2D,
     [](Model m) {
       m.in(1).quantization->zero_point = {0, 1, 2, 3};
     }},
    {"an empty list of scales", Builtin::CONV_2D,
     [](Model m) { m.in(0).quantization->scale.clear(); }},
    {"a scale of 0 for the weights", Builtin::CONV_2D,
     [](Model m) { m.in(1).quantization->scale[2] = 0; }},
    {"smallest and largest scale", Builtin::CONV_2D,
     [](Model m) {
       m.in(0).quantization->scale[0] = std::numeric_limits<float>::max();
       m.out(0).quantization->scale[0] = std::numeric_limits<float>::denorm_min();
     }},
    {"shuffled weights", Builtin::FULLY_CONNECTED,
     [](Model m) {
       m.options<tflite::FullyConnectedOptionsT>().weights_format =
           tflite::WeightsFormat::SHUFFLED4x16INT8;
     }},
    {"too few inputs per row", Builtin::FULLY_CONNECTED,
     [](Model m) {
       m.in(0).shape = {2, 8};
     }},
    {"weights of 3 dimensions", Builtin::FULLY_CONNECTED,
     [](Model m) {
       m.in(1).shape = {3, 3, 3};
     }},
    {"depth multiplier that does not fit", Builtin::DEPTHWISE_CONV_2D,
     [](Model m) {
       m.in(0).shape = {1, 5, 5, 3};
     }},
    {"shapes that do not broadcast", Builtin::ADD,
     [](Model m) {
       m.in(1).shape = {1, 1, 1, 2};
     }},
    {"too few operands", Builtin::ADD, [](Model m) { m.graph.operators[0]->inputs.pop_back(); }},
    {"too many operands", Builtin::TANH,
     [](Model m) { m.graph.operators[0]->inputs.assign(3, m.graph.operators[0]->inputs[0]); }},
    {"too many results", Builtin::TANH,
     [](Model m) { m.graph.operators[0]->outputs.push_back(0); }},
    {"operand that is not quantized", Builtin::MUL, [](Model m) { m.in(0).quantization.reset(); }},
    {"slope that is no number", Builtin::LEAKY_RELU,
     [](Model m) { m.options<tflite::LeakyReluOptionsT>().alpha = kNaN; }},
    {"beta that is no number", Builtin::SOFTMAX,
     [](Model m) { m.options<tflite::SoftmaxOptionsT>().beta = kNaN; }},
    {"window of 0", Builtin::AVERAGE_POOL_2D,
     [](Model m) { m.options<tflite::Pool2DOptionsT>().filter_width = 0; }},
    {"huge window", Builtin::AVERAGE_POOL_2D,
     [](Model m) {
       m.options<tflite::Pool2DOptionsT>().filter_width = kHuge;
       m.options<tflite::Pool2DOptionsT>().padding = tflite::Padding::VALID;
     }},
    {"stride of 0", Builtin::MAX_POOL_2D,
     [](Model m) { m.options<tflite::Pool2DOptionsT>().stride_h = 0; }},
    {"axis out of range", Builtin::MEAN, [](Model m) { m.Put(1, 0, 4); }},
    {"axis far out of range", Builtin::REDUCE_MAX, [](Model m) { m.Put(1, 0, kLowest); }},
    {"axis out of range", Builtin::ARG_MAX, [](Model m) { m.Put(1, 0, -5); }},
    {"size 0", Builtin::RESIZE_BILINEAR, [](Model m) { m.Put(1, 0, 0); }},
    {"negative size", Builtin::RESIZE_NEAREST_NEIGHBOR, [](Model m) { m.Put(1, 1, -9); }},
    {"dimension named twice", Builtin::TRANSPOSE, [](Model m) { m.Put(1, 0, 3); }},
    {"dimension that does not exist", Builtin::TRANSPOSE, [](Model m) { m.Put(1, 0, 9); }},
    {"negative padding", Builtin::PAD, [](Model m) { m.Put(1, 2, -1); }},
    {"huge padding", Builtin::PAD, [](Model m) { m.Put(1, 2, kHuge); }},
    {"begin out of range", Builtin::SLICE, [](Model m) { m.Put(1, 1, 5); }},
    {"negative begin", Builtin::SLICE, [](Model m) { m.Put(1, 1, -1); }},
    {"size out of range", Builtin::SLICE, [](Model m) { m.Put(2, 1, 9); }},
    {"step 0", Builtin::STRIDED_SLICE, [](Model m) { m.Put(3, 1, 0); }},
    {"axis out of range", Builtin::CONCATENATION,
     [](Model m) { m.options<tflite::ConcatenationOptionsT>().axis = 4; }},
    {"other dimensions differ", Builtin::CONCATENATION,
     [](Model m) { m.options<tflite::ConcatenationOptionsT>().axis = 1; }},
    {"parts that are not there", Builtin::SPLIT,
     [](Model m) { m.options<tflite::SplitOptionsT>().num_splits = 3; }},
    {"a dimension that does not divide", Builtin::SPLIT, [](Model m) { m.Put(0, 0, 3); }},
    {"sizes that do not add up", Builtin::SPLIT_V, [](Model m) { m.Put(1, 0, 2); }},
    {"sizes that add up by wrapping around", Builtin::SPLIT_V,
     [](Model m) {
       m.Put(1, 0, kHuge);
       m.Put(1, 1, kLowest);
     }},
    {"values that are not there", Builtin::PACK,
     [](Model m) { m.options<tflite::PackOptionsT>().values_count = 3; }},
    {"axis out of range", Builtin::PACK,
     [](Model m) { m.options<tflite::PackOptionsT>().axis = 5; }},
    {"number that is not the dimension", Builtin::UNPACK,
     [](Model m) {
       m.in(0).shape = {3, 3};
     }},
    {"more batch dimensions than indices have", Builtin::GATHER,
     [](Model m) { m.options<tflite::GatherOptionsT>().batch_dims = 2; }},
    {"block of 0", Builtin::SPACE_TO_BATCH_ND, [](Model m) { m.Put(1, 0, 0); }},
    {"block that does not divide", Builtin::SPACE_TO_BATCH_ND, [](Model m) { m.Put(1, 0, 3); }},
    {"batches that do not divide", Builtin::BATCH_TO_SPACE_ND, [](Model m) { m.Put(1, 0, 3); }},
    {"crops larger than the picture", Builtin::BATCH_TO_SPACE_ND,
     [](Model m) { m.Put(2, 0, kHuge); }},
    {"block of 0", Builtin::SPACE_TO_DEPTH,
     [](Model m) { m.options<tflite::SpaceToDepthOptionsT>().block_size = 0; }},
    {"block that does not divide", Builtin::DEPTH_TO_SPACE,
     [](Model m) { m.options<tflite::DepthToSpaceOptionsT>().block_size = 5; }},
    {"parameter that is not constant", Builtin::PAD, [](Model m) { m.in(1).buffer = 0; }},
};

TEST_CASE("An operator with impossible parameters is refused by name") {
  for (const Hostile& hostile : kHostile) {
    CAPTURE(std::string(tflite::EnumNameBuiltinOperator(hostile.code)));
    CAPTURE(std::string(hostile.name));
    ModelT model = ModelOf(hostile.code);
    hostile.spoil({*model, *model->subgraphs[0]});
    try {
      convert::ImportTflite(Build(model), "test.tflite");
      FAIL_CHECK("accepted");
    } catch (const Error& error) {
      const std::string message = error.what();
      CAPTURE(message);
      CHECK(message.find("test.tflite: ") == 0);
      CHECK((message.find("_0") != message.npos || message.find("in") != message.npos));
      CHECK((error.code() == ErrorCode::kInvalidFile || error.code() == ErrorCode::kUnsupported));
    }
  }
}

TEST_CASE("Indices out of range are refused by the run that meets them") {
  for (const Builtin code : {Builtin::GATHER, Builtin::GATHER_ND}) {
    for (const int32_t index : {4, -1, kHuge, kLowest}) {
      ModelT model = ModelOf(code);
      Model{*model, *model->subgraphs[0]}.Put(1, 1, index);
      const Network network(convert::ImportTflite(Build(model), "test.tflite"));
      Session session(network);
      const Bytes input(48);
      Bytes output(static_cast<size_t>(ElementCount(session.outputs()[0].shape)));
      const std::span<const std::byte> inputs[] = {input};
      const std::span<std::byte> outputs[] = {output};
      CHECK_THROWS_AS(session.Run(inputs, outputs), Error);
    }
  }
}

// Two nodes: "in0" -> "out0" -> a second result, each a TANH.
ModelT ChainModel() {
  ModelT model = ModelOf(Builtin::TANH);
  auto& graph = *model->subgraphs[0];
  graph.tensors.push_back(std::make_unique<tflite::TensorT>(*graph.tensors[1]));
  graph.tensors.back()->name = "out1";
  graph.operators.push_back(std::make_unique<tflite::OperatorT>(*graph.operators[0]));
  graph.operators.back()->inputs = {1};
  graph.operators.back()->outputs = {2};
  graph.outputs = {2};
  return model;
}

std::string RefusalOf(const ModelT& model) {
  try {
    convert::ImportTflite(Build(model), "test.tflite");
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST_CASE("Nodes that are not in an order in which they can run are refused") {
  CHECK(RefusalOf(ChainModel()) == "");

  ModelT late = ChainModel();
  std::swap(late->subgraphs[0]->operators[0], late->subgraphs[0]->operators[1]);
  CHECK(RefusalOf(late).find("tanh_0") != std::string::npos);

  ModelT cycle = ChainModel();
  cycle->subgraphs[0]->operators[0]->inputs = {2};
  CHECK(RefusalOf(cycle).find("tanh_0") != std::string::npos);

  ModelT twice = ChainModel();
  twice->subgraphs[0]->operators[1]->outputs = {1};
  CHECK(RefusalOf(twice).find("out0") != std::string::npos);
}

TEST_CASE("Inputs and outputs that are not those of the nodes are refused") {
  ModelT no_writer = ChainModel();
  no_writer->subgraphs[0]->operators.pop_back();
  CHECK(RefusalOf(no_writer).find("out1") != std::string::npos);

  ModelT no_input = ChainModel();
  no_input->subgraphs[0]->inputs.clear();
  CHECK(RefusalOf(no_input) != "");

  ModelT two_inputs = ChainModel();
  two_inputs->subgraphs[0]->inputs = {0, 0};
  CHECK(RefusalOf(two_inputs).find("in0") != std::string::npos);

  ModelT written_input = ChainModel();
  written_input->subgraphs[0]->inputs = {0, 1};
  CHECK(RefusalOf(written_input).find("out0") != std::string::npos);

  ModelT no_output = ChainModel();
  no_output->subgraphs[0]->outputs.clear();
  CHECK(RefusalOf(no_output) != "");
}

}  // namespace
}  // namespace integra::test
