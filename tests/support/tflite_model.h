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

Bytes Build(const ModelT& model);

}  // namespace integra::test
