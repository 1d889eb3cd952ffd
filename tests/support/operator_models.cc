#include "tests/support/operator_models.h"

namespace integra::test {
namespace {

using Builtin = tflite::BuiltinOperator;
using tflite::Activation;
using tflite::TensorType;

// Fills in `options` and returns it.
template <typename Options, typename Fill>
Options With(Fill fill) {
  Options options;
  fill(options);
  return options;
}

void AddConvolutions(std::vector<ModelT>& models) {
  models.push_back(
      OperatorModel(Builtin::CONV_2D,
                    {Int8({1, 5, 5, 3}), Int8Weights({4, 3, 3, 3}, {.1f, .2f, .3f, .4f}, 0),
                     Bias(4, {.05f, .1f, .15f, .2f})},
                    {Int8({1, 3, 3, 4}, 2.0f)}, With<tflite::Conv2DOptionsT>([](auto& o) {
                      o.stride_w = o.stride_h = 2;
                      o.activation = Activation::RELU6;
                    })));
  models.push_back(
      OperatorModel(Builtin::DEPTHWISE_CONV_2D,
                    {Int8({1, 5, 5, 2}), Int8Weights({1, 3, 3, 4}, {.1f, .2f, .3f, .4f}, 3),
                     Bias(4, {.05f, .1f, .15f, .2f})},
                    {Int8({1, 3, 3, 4}, 2.0f)}, With<tflite::DepthwiseConv2DOptionsT>([](auto& o) {
                      o.stride_w = o.stride_h = 1;
                      o.depth_multiplier = 2;
                      o.padding = tflite::Padding::VALID;
                    })));
  models.push_back(OperatorModel(Builtin::FULLY_CONNECTED,
                                 {Int8({2, 9}), Int8Weights({3, 9}, {.1f}, 0), Bias(3, {.05f})},
                                 {Int8({2, 3}, 2.0f)}, tflite::FullyConnectedOptionsT{}));
}

void AddElementwise(std::vector<ModelT>& models) {
  const TensorSpec a = Int8({1, 4, 4, 3}), b = Int8({1, 1, 1, 3}, 0.25f, -7);
  const TensorSpec y = Int8({1, 4, 4, 3}, 0.75f, 11);
  models.push_back(OperatorModel(Builtin::ADD, {a, b}, {y}, tflite::AddOptionsT{}));
  models.push_back(OperatorModel(Builtin::SUB, {b, a}, {y}, tflite::SubOptionsT{}));
  models.push_back(OperatorModel(Builtin::MUL, {a, b}, {y}, tflite::MulOptionsT{}));
  models.push_back(OperatorModel(Builtin::MAXIMUM, {a, a}, {a}));
  models.push_back(OperatorModel(Builtin::MINIMUM, {a, a}, {a}));
  models.push_back(OperatorModel(Builtin::QUANTIZE, {a}, {y}));
  models.push_back(OperatorModel(Builtin::TANH, {a}, {Int8({1, 4, 4, 3}, 1.0f / 128, 0)}));
  models.push_back(OperatorModel(Builtin::LOGISTIC, {a}, {Int8({1, 4, 4, 3}, 1.0f / 256, -128)}));
  models.push_back(OperatorModel(Builtin::HARD_SWISH, {a}, {y}));
  for (const Builtin op :
       {Builtin::RELU, Builtin::RELU6, Builtin::RELU_N1_TO_1, Builtin::ELU, Builtin::EXP}) {
    models.push_back(OperatorModel(op, {a}, {y}));
  }
  models.push_back(OperatorModel(Builtin::GELU, {a}, {y}, tflite::GeluOptionsT{}));
  models.push_back(
      OperatorModel(Builtin::LEAKY_RELU, {a}, {y},
                    With<tflite::LeakyReluOptionsT>([](auto& o) { o.alpha = 0.125f; })));
  models.push_back(OperatorModel(Builtin::SOFTMAX, {Int8({2, 7}, 0.1f)},
                                 {Int8({2, 7}, 1.0f / 256, -128)},
                                 With<tflite::SoftmaxOptionsT>([](auto& o) { o.beta = 1; })));
  models.push_back(
      OperatorModel(Builtin::LOG_SOFTMAX, {Int8({2, 7}, 0.1f)}, {Int8({2, 7}, 1.0f / 16, 127)}));
  models.push_back(OperatorModel(Builtin::L2_NORMALIZATION, {Int8({2, 7}, 0.1f)},
                                 {Int8({2, 7}, 1.0f / 128, 0)}, tflite::L2NormOptionsT{}));
}

void AddWindows(std::vector<ModelT>& models) {
  const TensorSpec a = Int8({1, 4, 4, 3});
  const auto pool = With<tflite::Pool2DOptionsT>([](auto& o) {
    o.stride_w = o.stride_h = 2;
    o.filter_width = o.filter_height = 3;
  });
  models.push_back(OperatorModel(Builtin::MAX_POOL_2D, {a}, {Int8({1, 2, 2, 3})}, pool));
  models.push_back(OperatorModel(Builtin::AVERAGE_POOL_2D, {a}, {Int8({1, 2, 2, 3})}, pool));
  const auto keep = With<tflite::ReducerOptionsT>([](auto& o) { o.keep_dims = true; });
  models.push_back(
      OperatorModel(Builtin::MEAN, {a, Int32s({1, 2})}, {Int8({1, 1, 1, 3}, 0.4f, -9)}, keep));
  models.push_back(OperatorModel(Builtin::SUM, {a, Int32s({3})}, {Int8({1, 4, 4, 1}, 0.9f)}, keep));
  models.push_back(
      OperatorModel(Builtin::REDUCE_MAX, {a, Int32s({-1})}, {Int8({1, 4, 4, 1})}, keep));
  models.push_back(
      OperatorModel(Builtin::REDUCE_MIN, {a, Int32s({1})}, {Int8({1, 1, 4, 3})}, keep));
  TensorSpec axis = Int32s({3});
  axis.shape = {};
  models.push_back(OperatorModel(
      Builtin::ARG_MIN, {a, axis}, {{TensorType::INT32, {1, 4, 4}, {}, 0, {}, 0}},
      With<tflite::ArgMinOptionsT>([](auto& o) { o.output_type = TensorType::INT32; })));
  models.push_back(OperatorModel(
      Builtin::ARG_MAX, {a, axis}, {{TensorType::INT32, {1, 4, 4}, {}, 0, {}, 0}},
      With<tflite::ArgMaxOptionsT>([](auto& o) { o.output_type = TensorType::INT32; })));
  const auto half_pixel =
      With<tflite::ResizeBilinearOptionsT>([](auto& o) { o.half_pixel_centers = true; });
  models.push_back(OperatorModel(Builtin::RESIZE_BILINEAR, {a, Int32s({7, 3})},
                                 {Int8({1, 7, 3, 3})}, half_pixel));
  models.push_back(OperatorModel(Builtin::RESIZE_NEAREST_NEIGHBOR, {a, Int32s({2, 9})},
                                 {Int8({1, 2, 9, 3})}, tflite::ResizeNearestNeighborOptionsT{}));
}

void AddMovement(std::vector<ModelT>& models) {
  const TensorSpec a = Int8({1, 4, 4, 3});
  const auto matrix = [](TensorSpec spec) {
    spec.shape = {static_cast<int32_t>(spec.data.size() / 8), 2};
    return spec;
  };
  const auto scalar = [](int32_t value) {
    TensorSpec spec = Int32s({value});
    spec.shape = {};
    return spec;
  };
  models.push_back(
      OperatorModel(Builtin::TRANSPOSE, {a, Int32s({0, 3, 1, 2})}, {Int8({1, 3, 4, 4})}));
  models.push_back(OperatorModel(Builtin::PAD, {a, matrix(Int32s({0, 0, 1, 2, 0, 1, 0, 0}))},
                                 {Int8({1, 7, 5, 3})}));
  models.push_back(OperatorModel(Builtin::PADV2,
                                 {a,
                                  matrix(Int32s({0, 0, 1, 2, 0, 1, 0, 0})),
                                  {TensorType::INT8, {1}, {0.5f}, 3, {std::byte{9}}, 0}},
                                 {Int8({1, 7, 5, 3})}));
  models.push_back(OperatorModel(Builtin::SLICE, {a, Int32s({0, 1, 2, 0}), Int32s({1, 2, -1, 3})},
                                 {Int8({1, 2, 2, 3})}));
  models.push_back(
      OperatorModel(Builtin::STRIDED_SLICE,
                    {a, Int32s({0, 1, 3, 0}), Int32s({1, 4, 0, 3}), Int32s({1, 2, -1, 1})},
                    {Int8({1, 2, 3, 3})}, tflite::StridedSliceOptionsT{}));
  models.push_back(OperatorModel(Builtin::CONCATENATION, {a, a, a}, {Int8({1, 4, 4, 9})},
                                 With<tflite::ConcatenationOptionsT>([](auto& o) { o.axis = 3; })));
  models.push_back(OperatorModel(Builtin::SPLIT, {scalar(1), a},
                                 {Int8({1, 2, 4, 3}), Int8({1, 2, 4, 3})},
                                 With<tflite::SplitOptionsT>([](auto& o) { o.num_splits = 2; })));
  models.push_back(OperatorModel(Builtin::SPLIT_V, {a, Int32s({1, 3}), scalar(2)},
                                 {Int8({1, 4, 1, 3}), Int8({1, 4, 3, 3})},
                                 With<tflite::SplitVOptionsT>([](auto& o) { o.num_splits = 2; })));
  models.push_back(OperatorModel(Builtin::PACK, {a, a}, {Int8({1, 2, 4, 4, 3})},
                                 With<tflite::PackOptionsT>([](auto& o) {
                                   o.axis = 1;
                                   o.values_count = 2;
                                 })));
  models.push_back(OperatorModel(Builtin::UNPACK, {Int8({2, 3})}, {Int8({3}), Int8({3})},
                                 With<tflite::UnpackOptionsT>([](auto& o) { o.num = 2; })));
  models.push_back(OperatorModel(Builtin::GATHER, {a, Int32s({3, 0, 3})}, {Int8({1, 3, 4, 3})},
                                 With<tflite::GatherOptionsT>([](auto& o) { o.axis = 1; })));
  models.push_back(
      OperatorModel(Builtin::GATHER_ND, {a, matrix(Int32s({0, 3, 0, 1}))}, {Int8({2, 4, 3})}));
  models.push_back(OperatorModel(Builtin::SPACE_TO_BATCH_ND,
                                 {a, Int32s({2, 2}), matrix(Int32s({0, 0, 2, 0}))},
                                 {Int8({4, 2, 3, 3})}));
  models.push_back(OperatorModel(Builtin::BATCH_TO_SPACE_ND,
                                 {Int8({4, 2, 3, 3}), Int32s({2, 2}), matrix(Int32s({0, 0, 2, 0}))},
                                 {a}));
  models.push_back(
      OperatorModel(Builtin::SPACE_TO_DEPTH, {a}, {Int8({1, 2, 2, 12})},
                    With<tflite::SpaceToDepthOptionsT>([](auto& o) { o.block_size = 2; })));
  models.push_back(
      OperatorModel(Builtin::DEPTH_TO_SPACE, {Int8({1, 2, 2, 12})}, {a},
                    With<tflite::DepthToSpaceOptionsT>([](auto& o) { o.block_size = 2; })));
}

void AddConversions(std::vector<ModelT>& models) {
  const TensorSpec a = Int8({2, 3}), floats{TensorType::FLOAT32, {2, 3}, {}, 0, {}, 0};
  const TensorSpec integers{TensorType::INT32, {2, 3}, {}, 0, {}, 0};
  models.push_back(OperatorModel(Builtin::DEQUANTIZE, {a}, {floats}));
  models.push_back(OperatorModel(Builtin::CAST, {floats}, {integers}));
  models.push_back(OperatorModel(Builtin::SQRT, {floats}, {floats}));
  models.push_back(OperatorModel(Builtin::DIV, {floats, floats}, {floats}, tflite::DivOptionsT{}));
  models.push_back(OperatorModel(Builtin::FLOOR_DIV, {integers, integers}, {integers}));
  models.push_back(OperatorModel(Builtin::RESHAPE, {a, Int32s({3, -1})}, {Int8({3, 2})}));
  models.push_back(OperatorModel(Builtin::EXPAND_DIMS, {a, Int32s({0})}, {Int8({1, 2, 3})}));
  models.push_back(OperatorModel(Builtin::SQUEEZE, {Int8({1, 2, 1, 3})}, {a}));
}

}  // namespace

ModelT LstmModel(bool quantized) {
  const auto type = quantized ? TensorType::INT8 : TensorType::FLOAT32;
  const auto spec = [&](std::vector<int32_t> shape, float scale) {
    return quantized ? Int8(std::move(shape), scale, 0)
                     : TensorSpec{type, std::move(shape), {}, 0, {}, 0};
  };
  std::vector<TensorSpec> inputs = {spec({1, 2, 3}, 0.5f)};
  for (int i = 0; i < 4; ++i) inputs.push_back(Int8Weights({2, 3}, {0.01f}, 0));
  for (int i = 0; i < 4; ++i) inputs.push_back(Int8Weights({2, 2}, {0.01f}, 0));
  for (int i = 0; i < 4; ++i) {
    inputs.push_back(quantized ? Bias(2, {0.005f}) : TensorSpec{type, {2}, {}, 0, Bytes(8), 0});
  }
  inputs.push_back(spec({1, 2}, 1.0f / 128));  // the states
  inputs.push_back(TensorSpec{TensorType::INT16, {1, 2}, {1.0f / 2048}, 0, {}, 0});
  tflite::UnidirectionalSequenceLSTMOptionsT options;
  options.activation = Activation::TANH;
  ModelT model = OperatorModel(Builtin::UNIDIRECTIONAL_SEQUENCE_LSTM, inputs,
                               {spec({1, 2, 2}, 1.0f / 128)}, options);
  auto& graph = *model->subgraphs[0];
  graph.inputs = {0};
  graph.operators[0]->inputs = {0, 1,  2,  3,  4,  5,  6,  7,  8,  -1, -1, -1,
                                9, 10, 11, 12, -1, -1, 13, 14, -1, -1, -1, -1};
  for (const size_t state : {13u, 14u}) graph.tensors[state]->is_variable = true;
  return model;
}

std::vector<ModelT> OperatorModels() {
  std::vector<ModelT> models;
  AddConvolutions(models);
  AddElementwise(models);
  AddWindows(models);
  AddMovement(models);
  AddConversions(models);
  models.push_back(LstmModel(true));
  return models;
}

}  // namespace integra::test
