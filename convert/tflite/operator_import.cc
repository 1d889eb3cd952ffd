#include "convert/tflite/operator_import.h"

#include "convert/tflite/tensors.h"

namespace integra::convert {

std::string OperatorImport::Place() const { return Describe(state_.graph, node); }

const graph::Tensor& OperatorImport::input(size_t i) const {
  if (!has_input(i)) FailFile("input ", i, " is missing");
  return state_.graph.tensor(node.inputs[i]);
}

const graph::Tensor& OperatorImport::output(size_t i) const {
  if (i >= node.outputs.size()) FailFile("output ", i, " is missing");
  return state_.graph.tensor(node.outputs[i]);
}

void OperatorImport::RequireRank(size_t i, size_t rank) const {
  if (input(i).shape.size() != rank) {
    FailFile("input tensor '", input(i).name, "' has shape ", ToString(input(i).shape), ", but ",
             rank, " dimensions are needed");
  }
}

std::vector<int64_t> OperatorImport::Constant(size_t i) const {
  const graph::Tensor& tensor = input(i);
  const auto count = static_cast<size_t>(ElementCount(tensor.shape));
  if (tensor.data.size() == 0 && count > 0) {
    FailUnsupported("input ", i, " ('", tensor.name, "') is computed while running; ",
                    "it has to be a constant");
  }
  std::vector<int64_t> values(count);
  for (size_t k = 0; k < count; ++k) {
    if (tensor.dtype == DataType::kInt32) {
      values[k] = tensor.data.as<int32_t>()[k];
    } else if (tensor.dtype == DataType::kInt64) {
      values[k] = tensor.data.as<int64_t>()[k];
    } else {
      FailFile("input ", i, " ('", tensor.name, "') has to be int32 or int64, not ",
               integra::NameOf(tensor.dtype));
    }
  }
  return values;
}

int64_t OperatorImport::ConstantScalar(size_t i) const {
  const std::vector<int64_t> values = Constant(i);
  if (values.size() != 1) FailFile("input ", i, " has to be one number, not ", values.size());
  return values[0];
}

void OperatorImport::KeepInputs(std::initializer_list<size_t> inputs) {
  std::vector<graph::TensorId> kept;
  for (const size_t i : inputs) kept.push_back(node.input(i));
  node.inputs = std::move(kept);
}

void OperatorImport::DequantizeConstant(size_t i) {
  if (!has_input(i) || !input(i).is_constant() || input(i).quantization.empty()) return;
  const graph::TensorId original = node.inputs[i];
  auto [made, is_new] = state_.dequantized.try_emplace(original, graph::kNoTensor);
  if (is_new) {
    graph::Tensor copy = input(i);
    copy.data = Dequantize(copy);
    copy.dtype = DataType::kFloat32;
    copy.quantization = {};
    made->second = static_cast<graph::TensorId>(state_.graph.tensors.size());
    state_.graph.tensors.push_back(std::move(copy));
  }
  node.inputs[i] = made->second;
}

void OperatorImport::FoldInto(SharedBytes data) {
  graph::Tensor& tensor = state_.graph.tensor(node.outputs.at(0));
  tensor.data = std::move(data);
  tensor.quantization = {};
  folded = true;
}

void OperatorImport::SetActivation(tflite::Activation activation) {
  switch (activation) {
    case tflite::Activation::NONE:
      return Set("activation", std::string("none"));
    case tflite::Activation::RELU:
      return Set("activation", std::string("relu"));
    case tflite::Activation::RELU6:
      return Set("activation", std::string("relu6"));
    case tflite::Activation::RELU_N1_TO_1:
      return Set("activation", std::string("relu_n1_to_1"));
    case tflite::Activation::TANH:
    case tflite::Activation::SIGN_BIT:
      FailUnsupported("fused activation ", tflite::EnumNameActivation(activation));
  }
  FailFile("fused activation ", static_cast<int>(activation), " does not exist");
}

void OperatorImport::SetRounding(const char* reference) {
  using Rounding = ImportOptions::Rounding;
  const Rounding wanted = state_.options.rounding;
  Set("rounding", std::string(wanted == Rounding::kSingle   ? "single"
                              : wanted == Rounding::kDouble ? "double"
                                                            : reference));
}

}  // namespace integra::convert
