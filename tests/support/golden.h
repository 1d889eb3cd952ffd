// Real networks and the results that LiteRT's reference kernels give for them.
//
// They are too large for the repository. INTEGRA_TEST_DATA names the folder; without it, the folder
// shared/data beside the source folder is tried.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <source_location>
#include <string>
#include <vector>

#include "tests/support/npy.h"

namespace integra::test {

// The folder that holds models/ and goldens/. Where there is none, says loudly on standard error
// that the calling test is skipped; the test then returns:
//
//   const auto data = GoldenFolder();
//   if (!data) return;
std::optional<std::filesystem::path> GoldenFolder(
    std::source_location where = std::source_location::current());

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
