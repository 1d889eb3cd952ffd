// The import of every operator; one file per family, as in graph/ops.
#pragma once

#include "convert/tflite/operator_import.h"
#include "graph/ops/window.h"

namespace integra::convert {

// "stride" and "padding" of a window that slides over input 0 [N,H,W,C]; checks both.
void SetWindow(OperatorImport& o, tflite::Padding padding, graph::Window rows,
               graph::Window columns);

// convolution.cc
void ImportConv2d(OperatorImport& o);
void ImportDepthwiseConv2d(OperatorImport& o);

// fully_connected.cc
void ImportFullyConnected(OperatorImport& o);

}  // namespace integra::convert
