// Tensors of a .tflite file become tensors of a graph.
#pragma once

#include "convert/tflite/model_file.h"
#include "graph/graph.h"

namespace integra::convert {

// Tensor `index` of the file: type, shape, quantization, constant data. float16 constants become
// float32. Fails with the tensor's name where Integra has no such tensor or the file contradicts
// itself.
graph::Tensor ImportTensor(const TfliteFile& file, size_t index);

// The real values of a quantized constant, as float32.
SharedBytes Dequantize(const graph::Tensor& constant);

}  // namespace integra::convert
