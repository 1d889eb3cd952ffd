// Every builtin operator that can be imported, once.
#include "convert/tflite/families.h"

namespace integra::convert {
namespace {

using Builtin = tflite::BuiltinOperator;

constexpr OperatorRow kRows[] = {
    {Builtin::CONV_2D, "conv_2d", ImportConv2d},
    {Builtin::DEPTHWISE_CONV_2D, "depthwise_conv_2d", ImportDepthwiseConv2d},
    {Builtin::FULLY_CONNECTED, "fully_connected", ImportFullyConnected},
};

}  // namespace

const OperatorRow* FindOperator(Builtin builtin) {
  for (const OperatorRow& row : kRows) {
    if (row.builtin == builtin && graph::ParseOpType(row.type)) return &row;
  }
  return nullptr;
}

}  // namespace integra::convert
