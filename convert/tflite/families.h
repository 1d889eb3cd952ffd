// The import of every operator; one file per family, as in graph/ops.
#pragma once

#include "convert/tflite/operator_import.h"
#include "graph/ops/window.h"

namespace integra::convert {

// "stride" and "padding" of a window that slides over input 0 [N,H,W,C]; checks both.
void SetWindow(OperatorImport& o, tflite::Padding padding, graph::Window rows,
               graph::Window columns);

// No attributes, or only such as have defaults or are derived from scales.
void ImportPlain(OperatorImport& o);

// convolution.cc
void ImportConv2d(OperatorImport& o);
void ImportDepthwiseConv2d(OperatorImport& o);
void ImportFullyConnected(OperatorImport& o);

// elementwise.cc
void ImportAdd(OperatorImport& o);
void ImportSub(OperatorImport& o);
void ImportMul(OperatorImport& o);
void ImportDiv(OperatorImport& o);

// activations.cc
void ImportLeakyRelu(OperatorImport& o);
void ImportGelu(OperatorImport& o);
void ImportL2Normalization(OperatorImport& o);
void ImportSoftmax(OperatorImport& o);

// conversion.cc
void ImportQuantize(OperatorImport& o);
void ImportDequantize(OperatorImport& o);

// pooling.cc
void ImportPool2d(OperatorImport& o);
void ImportReduction(OperatorImport& o);
void ImportArgMax(OperatorImport& o);

// resize.cc
void ImportResizeBilinear(OperatorImport& o);
void ImportResizeNearestNeighbor(OperatorImport& o);

// recurrent.cc
void ImportUnidirectionalSequenceLstm(OperatorImport& o);

// movement.cc
void ImportReshape(OperatorImport& o);
void ImportReshapeToOutput(OperatorImport& o);
void ImportConcatenation(OperatorImport& o);
void ImportSplit(OperatorImport& o);
void ImportPack(OperatorImport& o);
void ImportUnpack(OperatorImport& o);
void ImportTranspose(OperatorImport& o);
void ImportPad(OperatorImport& o);
void ImportPadv2(OperatorImport& o);
void ImportSlice(OperatorImport& o);
void ImportStridedSlice(OperatorImport& o);
void ImportSplitV(OperatorImport& o);
void ImportGather(OperatorImport& o);
void ImportSpaceToBatchNd(OperatorImport& o);
void ImportBatchToSpaceNd(OperatorImport& o);
void ImportSpaceToDepth(OperatorImport& o);
void ImportDepthToSpace(OperatorImport& o);

}  // namespace integra::convert
