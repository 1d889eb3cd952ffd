// Small .tflite files, made for tests.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "convert/tflite_generated.h"

namespace integra::test {

using Bytes = std::vector<std::byte>;
// The FlatBuffers object API: every field can be changed before the file is written.
using ModelT = std::unique_ptr<tflite::ModelT>;

// int8 convolution: input "input" (tensor 0) [1,5,5,1] with scale 0.5 and zero point 1, "weights"
// (1) [2,3,3,1] = 0..17 with scales 0.5 and 0.25, "bias" (2) [2], output "result" (3) [1,3,5,2];
// SAME, stride [2,1], RELU.
ModelT ConvolutionModel();

// float32 [2,8] (tensor 0) reshaped to `shape` (tensor 1), result (tensor 2) [4,4].
ModelT ReshapeModel(const std::vector<int32_t>& shape);

// Adds a constant tensor with a buffer of its own and returns its index.
int32_t AddTensor(ModelT& model, const std::string& name, tflite::TensorType type,
                  std::vector<int32_t> shape, std::span<const std::byte> data);
template <typename T>
int32_t AddTensor(ModelT& model, const std::string& name, tflite::TensorType type,
                  std::vector<int32_t> shape, const std::vector<T>& data) {
  return AddTensor(model, name, type, std::move(shape), std::as_bytes(std::span(data)));
}

// Adds an operator with an operator code of its own and returns it.
tflite::OperatorT& AddOperator(ModelT& model, tflite::BuiltinOperator code,
                               std::vector<int32_t> inputs, std::vector<int32_t> outputs,
                               const std::string& custom_code = "");

// One tensor of OperatorModel().
struct TensorSpec {
  tflite::TensorType type = tflite::TensorType::INT8;
  std::vector<int32_t> shape;
  std::vector<float> scales;  // empty: not quantized
  int64_t zero_point = 0;
  Bytes data;  // empty: an input or output of the network
  int32_t axis = 0;
};

TensorSpec Int8(std::vector<int32_t> shape, float scale = 0.5f, int64_t zero_point = 3);
TensorSpec Int32s(const std::vector<int32_t>& values);  // a constant
// int8 and int32 constants, made up from the position of each element.
TensorSpec Int8Weights(std::vector<int32_t> shape, std::vector<float> scales, int32_t axis);
TensorSpec Bias(int32_t count, std::vector<float> scales);

// A network of one operator. Inputs with data are constants.
ModelT OperatorModel(tflite::BuiltinOperator code, const std::vector<TensorSpec>& inputs,
                     const std::vector<TensorSpec>& outputs);
template <typename Options>
ModelT OperatorModel(tflite::BuiltinOperator code, const std::vector<TensorSpec>& inputs,
                     const std::vector<TensorSpec>& outputs, Options options) {
  ModelT model = OperatorModel(code, inputs, outputs);
  model->subgraphs[0]->operators[0]->builtin_options.Set(std::move(options));
  return model;
}

Bytes Build(const ModelT& model);

}  // namespace integra::test
