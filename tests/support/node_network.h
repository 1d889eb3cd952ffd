// Network files of a single node, to try what is said of it.
#pragma once

#include <string>
#include <vector>

#include "integra/error.hpp"

namespace integra::test {

// The fields of a tensor in a network file: "dtype", and whatever of "shape", "quantization" and
// "data" is not empty. Scales and zero points are JSON, one number or a list.
std::string TensorFields(const std::string& dtype, const std::string& shape,
                         const std::string& scale = "", const std::string& zero_point = "0",
                         const std::string& data = "");

// One node and what the loader is to say of it.
struct OneNode {
  std::string type;
  std::vector<std::string> inputs;   // the fields of each; "null": an input that is left out
  std::vector<std::string> outputs;  // the same; without a shape, which the node makes
  std::string attributes;            // "\"axis\": 1, ..."
  std::string reason;                // part of the message; empty: the network loads
  ErrorCode code = ErrorCode::kInvalidFile;
};

// network.json of node "n": its inputs x0, x1 ... are those of the network unless they have data,
// its outputs y0, y1 ...
std::string NetworkText(const OneNode& node);

}  // namespace integra::test
