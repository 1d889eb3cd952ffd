// Inputs, outputs and intermediate tensors of a network in the golden folder
// (tests/support/golden.h).
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tests/support/npy.h"

namespace integra::test {

struct GoldenNetwork {
  std::string name;
  std::filesystem::path model;           // the .tflite file
  std::vector<Array> inputs;             // [samples, ...], in the network's order
  std::vector<Array> outputs;            // [samples, ...]
  std::map<std::string, Array> tensors;  // of sample 0, by tensor name; empty: none are stored

  int64_t samples() const { return outputs.at(0).shape.at(0); }
};

// The network `name` of the golden folder `data`.
GoldenNetwork LoadGolden(const std::filesystem::path& data, const std::string& name);

}  // namespace integra::test
