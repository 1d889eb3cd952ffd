#include "tests/support/tflite_model.h"

#include <algorithm>
#include <numeric>

namespace integra::test {
namespace {

ModelT EmptyModel() {
  auto model = std::make_unique<tflite::ModelT>();
  model->version = 3;
  model->description = "made by a test";
  model->buffers.push_back(std::make_unique<tflite::BufferT>());
  model->subgraphs.push_back(std::make_unique<tflite::SubGraphT>());
  return model;
}

void Quantize(ModelT& model, int32_t tensor, std::vector<float> scales, int64_t zero_point) {
  auto q = std::make_unique<tflite::QuantizationParametersT>();
  q->zero_point.assign(scales.size(), zero_point);
  q->scale = std::move(scales);
  model->subgraphs[0]->tensors[static_cast<size_t>(tensor)]->quantization = std::move(q);
}

}  // namespace

int32_t AddTensor(ModelT& model, const std::string& name, tflite::TensorType type,
                  std::vector<int32_t> shape, std::span<const std::byte> data) {
  auto tensor = std::make_unique<tflite::TensorT>();
  tensor->name = name;
  tensor->type = type;
  tensor->shape = std::move(shape);
  if (!data.empty()) {
    tensor->buffer = static_cast<uint32_t>(model->buffers.size());
    auto buffer = std::make_unique<tflite::BufferT>();
    const auto* const bytes = reinterpret_cast<const uint8_t*>(data.data());
    buffer->data.assign(bytes, bytes + data.size());
    model->buffers.push_back(std::move(buffer));
  }
  auto& tensors = model->subgraphs[0]->tensors;
  tensors.push_back(std::move(tensor));
  return static_cast<int32_t>(tensors.size() - 1);
}

tflite::OperatorT& AddOperator(ModelT& model, tflite::BuiltinOperator code,
                               std::vector<int32_t> inputs, std::vector<int32_t> outputs,
                               const std::string& custom_code) {
  auto op = std::make_unique<tflite::OperatorT>();
  op->opcode_index = static_cast<uint32_t>(model->operator_codes.size());
  op->inputs = std::move(inputs);
  op->outputs = std::move(outputs);
  auto table = std::make_unique<tflite::OperatorCodeT>();
  table->deprecated_builtin_code = static_cast<int8_t>(std::min(static_cast<int>(code), 127));
  table->builtin_code = code;
  table->custom_code = custom_code;
  model->operator_codes.push_back(std::move(table));
  model->subgraphs[0]->operators.push_back(std::move(op));
  return *model->subgraphs[0]->operators.back();
}

ModelT ConvolutionModel() {
  ModelT model = EmptyModel();
  std::vector<int8_t> weights(18);
  std::iota(weights.begin(), weights.end(), int8_t{0});
  const std::vector<std::byte> none;
  const int32_t input = AddTensor(model, "input", tflite::TensorType::INT8, {1, 5, 5, 1}, none);
  const int32_t w = AddTensor(model, "weights", tflite::TensorType::INT8, {2, 3, 3, 1}, weights);
  const int32_t bias =
      AddTensor(model, "bias", tflite::TensorType::INT32, {2}, std::vector<int32_t>{100, -100});
  const int32_t result = AddTensor(model, "result", tflite::TensorType::INT8, {1, 3, 5, 2}, none);
  Quantize(model, input, {0.5f}, 1);
  Quantize(model, w, {0.5f, 0.25f}, 0);
  Quantize(model, bias, {0.25f, 0.125f}, 0);
  Quantize(model, result, {2.0f}, -3);
  tflite::Conv2DOptionsT options;
  options.padding = tflite::Padding::SAME;
  options.stride_h = 2;
  options.stride_w = 1;
  options.activation = tflite::Activation::RELU;
  AddOperator(model, tflite::BuiltinOperator::CONV_2D, {input, w, bias}, {result})
      .builtin_options.Set(options);
  model->subgraphs[0]->inputs = {input};
  model->subgraphs[0]->outputs = {result};
  return model;
}

ModelT ReshapeModel(const std::vector<int32_t>& shape) {
  ModelT model = EmptyModel();
  const std::vector<std::byte> none;
  const int32_t input = AddTensor(model, "input", tflite::TensorType::FLOAT32, {2, 8}, none);
  const auto rank = static_cast<int32_t>(shape.size());
  const int32_t to = AddTensor(model, "shape", tflite::TensorType::INT32, {rank}, shape);
  const int32_t result = AddTensor(model, "result", tflite::TensorType::FLOAT32, {4, 4}, none);
  AddOperator(model, tflite::BuiltinOperator::RESHAPE, {input, to}, {result});
  model->subgraphs[0]->inputs = {input};
  model->subgraphs[0]->outputs = {result};
  return model;
}

TensorSpec Int8(std::vector<int32_t> shape, float scale, int64_t zero_point) {
  return {tflite::TensorType::INT8, std::move(shape), {scale}, zero_point, {}, 0};
}

TensorSpec Int32s(const std::vector<int32_t>& values) {
  const auto bytes = std::as_bytes(std::span(values));
  TensorSpec spec{tflite::TensorType::INT32, {static_cast<int32_t>(values.size())}, {}, 0, {}, 0};
  spec.data.assign(bytes.begin(), bytes.end());
  return spec;
}

TensorSpec Int8Weights(std::vector<int32_t> shape, std::vector<float> scales, int32_t axis) {
  size_t count = 1;
  for (const int32_t dim : shape) count *= static_cast<size_t>(dim);
  TensorSpec spec{
      tflite::TensorType::INT8, std::move(shape), std::move(scales), 0, Bytes(count), axis};
  for (size_t i = 0; i < count; ++i) spec.data[i] = static_cast<std::byte>(i * 37 + 1);
  return spec;
}

TensorSpec Bias(int32_t count, std::vector<float> scales) {
  std::vector<int32_t> values(static_cast<size_t>(count));
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<int32_t>(i) * 100 - 150;
  TensorSpec spec = Int32s(values);
  spec.scales = std::move(scales);
  return spec;
}

ModelT OperatorModel(tflite::BuiltinOperator code, const std::vector<TensorSpec>& inputs,
                     const std::vector<TensorSpec>& outputs) {
  ModelT model = EmptyModel();
  auto& subgraph = *model->subgraphs[0];
  const auto add = [&](const std::vector<TensorSpec>& specs, const std::string& stem,
                       std::vector<int32_t>& open) {
    std::vector<int32_t> ids;
    for (const TensorSpec& spec : specs) {
      const std::string name = stem + std::to_string(ids.size());
      ids.push_back(AddTensor(model, name, spec.type, spec.shape, spec.data));
      if (!spec.scales.empty()) Quantize(model, ids.back(), spec.scales, spec.zero_point);
      if (!spec.scales.empty()) {
        subgraph.tensors.back()->quantization->quantized_dimension = spec.axis;
      }
      if (spec.data.empty()) open.push_back(ids.back());
    }
    return ids;
  };
  const auto in = add(inputs, "in", subgraph.inputs);
  const auto out = add(outputs, "out", subgraph.outputs);
  AddOperator(model, code, in, out);
  return model;
}

Bytes Build(const ModelT& model) {
  flatbuffers::FlatBufferBuilder builder;
  tflite::FinishModelBuffer(builder, tflite::Model::Pack(builder, model.get()));
  const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
  return {bytes.begin(), bytes.end()};
}

}  // namespace integra::test
