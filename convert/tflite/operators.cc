// Every builtin operator that can be imported, once.
#include "convert/tflite/families.h"

namespace integra::convert {
namespace {

using Builtin = tflite::BuiltinOperator;

constexpr OperatorRow kRows[] = {
    {Builtin::ADD, "add", ImportAdd},
    {Builtin::ARG_MAX, "arg_max", ImportArgMax},
    {Builtin::ARG_MIN, "arg_min", ImportArgMax},
    {Builtin::AVERAGE_POOL_2D, "average_pool_2d", ImportPool2d},
    {Builtin::BATCH_TO_SPACE_ND, "batch_to_space_nd", ImportBatchToSpaceNd},
    {Builtin::CAST, "cast", ImportPlain},
    {Builtin::CONCATENATION, "concatenation", ImportConcatenation},
    {Builtin::CONV_2D, "conv_2d", ImportConv2d},
    {Builtin::DEPTHWISE_CONV_2D, "depthwise_conv_2d", ImportDepthwiseConv2d},
    {Builtin::DEPTH_TO_SPACE, "depth_to_space", ImportDepthToSpace},
    {Builtin::DEQUANTIZE, "dequantize", ImportDequantize},
    {Builtin::DIV, "div", ImportDiv},
    {Builtin::ELU, "elu", ImportPlain},
    {Builtin::EXP, "exp", ImportPlain},
    {Builtin::EXPAND_DIMS, "reshape", ImportReshapeToOutput},
    {Builtin::FLOOR_DIV, "floor_div", ImportPlain},
    {Builtin::FULLY_CONNECTED, "fully_connected", ImportFullyConnected},
    {Builtin::GATHER, "gather", ImportGather},
    {Builtin::GATHER_ND, "gather_nd", ImportPlain},
    {Builtin::GELU, "gelu", ImportGelu},
    {Builtin::HARD_SWISH, "hard_swish", ImportPlain},
    {Builtin::L2_NORMALIZATION, "l2_normalization", ImportL2Normalization},
    {Builtin::LEAKY_RELU, "leaky_relu", ImportLeakyRelu},
    {Builtin::LOGISTIC, "logistic", ImportPlain},
    {Builtin::LOG_SOFTMAX, "log_softmax", ImportPlain},
    {Builtin::MAXIMUM, "maximum", ImportPlain},
    {Builtin::MAX_POOL_2D, "max_pool_2d", ImportPool2d},
    {Builtin::MEAN, "mean", ImportReduction},
    {Builtin::MINIMUM, "minimum", ImportPlain},
    {Builtin::MUL, "mul", ImportMul},
    {Builtin::PACK, "pack", ImportPack},
    {Builtin::PAD, "pad", ImportPad},
    {Builtin::PADV2, "padv2", ImportPadv2},
    {Builtin::QUANTIZE, "quantize", ImportQuantize},
    {Builtin::REDUCE_MAX, "reduce_max", ImportReduction},
    {Builtin::REDUCE_MIN, "reduce_min", ImportReduction},
    {Builtin::RELU, "relu", ImportPlain},
    {Builtin::RELU6, "relu6", ImportPlain},
    {Builtin::RELU_N1_TO_1, "relu_n1_to_1", ImportPlain},
    {Builtin::RESHAPE, "reshape", ImportReshape},
    {Builtin::RESIZE_BILINEAR, "resize_bilinear", ImportResizeBilinear},
    {Builtin::RESIZE_NEAREST_NEIGHBOR, "resize_nearest_neighbor", ImportResizeNearestNeighbor},
    {Builtin::SLICE, "slice", ImportSlice},
    {Builtin::SOFTMAX, "softmax", ImportSoftmax},
    {Builtin::SPACE_TO_BATCH_ND, "space_to_batch_nd", ImportSpaceToBatchNd},
    {Builtin::SPACE_TO_DEPTH, "space_to_depth", ImportSpaceToDepth},
    {Builtin::SPLIT, "split", ImportSplit},
    {Builtin::SPLIT_V, "split_v", ImportSplitV},
    {Builtin::SQRT, "sqrt", ImportPlain},
    {Builtin::SQUEEZE, "reshape", ImportReshapeToOutput},
    {Builtin::STRIDED_SLICE, "strided_slice", ImportStridedSlice},
    {Builtin::SUB, "sub", ImportSub},
    {Builtin::SUM, "sum", ImportReduction},
    {Builtin::TANH, "tanh", ImportPlain},
    {Builtin::TRANSPOSE, "transpose", ImportTranspose},
    {Builtin::UNIDIRECTIONAL_SEQUENCE_LSTM, "unidirectional_sequence_lstm",
     ImportUnidirectionalSequenceLstm},
    {Builtin::UNPACK, "unpack", ImportUnpack},
};

}  // namespace

const OperatorRow* FindOperator(Builtin builtin) {
  for (const OperatorRow& row : kRows) {
    if (row.builtin == builtin && graph::ParseOpType(row.type)) return &row;
  }
  return nullptr;
}

}  // namespace integra::convert
