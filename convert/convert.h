// Networks of other formats become Integra's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "graph/graph.h"
#include "integra/import.hpp"

namespace integra::convert {

// Imports a LiteRT (TensorFlow Lite) file: float32, int8, uint8 and int16x8 networks, also with
// float16 or int8 weights under float activations (they become float32: metadata "converted").
//
// - Tensors keep their names (made unique; "tensor_<index>" where there is none) and their order;
//   metadata "tflite_tensors" lists their indices in the file, e.g. "0-4,7". Nodes are named
//   "<operator>_<index in the file>".
// - Operands that are parameters (shapes, axes, paddings ...) become attributes; SAME and VALID
//   padding becomes explicit.
// - The integers that run and their rounding are those of LiteRT's reference kernels.
//
// The graph returned has passed graph::Validate(). Throws Error: kInvalidFile where the file is
// damaged, kUnsupported where it holds what Integra cannot run (all such operators are listed at
// once), kSystem where it cannot be read.
graph::Graph ImportTflite(const std::filesystem::path& path, const ImportOptions& options = {});

// The same for a file in memory, called `source` in messages. The bytes are copied.
graph::Graph ImportTflite(std::span<const std::byte> file, const std::string& source,
                          const ImportOptions& options = {});

}  // namespace integra::convert
