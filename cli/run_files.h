// Inputs and outputs of `integra run`.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "cli/common.h"
#include "integra/compare.hpp"

namespace integra::cli {

struct InputOptions {
  std::vector<std::filesystem::path> files;
  std::string preprocess;  // a name of io::PreprocessingNames()
  std::string fit = "stretch";
  int64_t limit = 0;
  std::filesystem::path labels;  // "": none
  std::string label_column;
};

void AddInputOptions(CLI::App& verb, InputOptions& options);

// Options that compare, quantize and run share: --preprocess, --fit, --limit.
void AddPreprocessingOptions(CLI::App& verb, InputOptions& options);

// Arrays (.npy), pictures, a folder of pictures, or raw bytes (.raw, .bin) in the network's own
// types. `outputs`: how many scores the network gives, which chooses the labels' column; 0:
// unknown.
std::unique_ptr<DataSource> OpenInputs(const InputOptions& options,
                                       const std::vector<TensorInfo>& inputs, int64_t outputs = 0);

// The output's shape for this many samples: dimension 0 times it; where that is not 1 in the
// network and there are several, a leading dimension is added.
Shape SampledShape(const TensorInfo& info, int64_t samples);

// .npy, or for other names the bytes alone.
void WriteOutput(const std::filesystem::path& path, const TensorInfo& info, int64_t samples,
                 std::span<const std::byte> bytes);

// Writes all tensors that nodes or inputs gave as <index>_<name>.npy, and tensors.json that lists
// them.
void DumpTensors(const Network& network, const AnySession& session,
                 const std::filesystem::path& folder);

struct ScoredClass {
  int64_t index = 0;
  double score = 0;  // the real value
  std::string name;  // "" where there are no names
};

// The `top` largest values, largest first; of equal ones the lower index comes first. NaN is last.
std::vector<ScoredClass> BestClasses(const TensorInfo& info, std::span<const std::byte> bytes,
                                     int64_t top, const std::vector<std::string>& names);

}  // namespace integra::cli
