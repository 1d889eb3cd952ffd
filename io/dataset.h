// Samples from pictures or arrays, one at a time.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "integra/compare.hpp"
#include "integra/tensor.hpp"
#include "io/labels.h"
#include "io/preprocess.h"

namespace integra::io {

struct DataOptions {
  Preprocessing preprocessing = {};   // of pictures
  std::filesystem::path labels = {};  // see ReadLabels(); "": no labels
  LabelOptions label_options = {};
  int64_t limit = 0;  // at most this many samples; 0: all
};

// Opens the samples for a network with these inputs (batch 1):
//   one folder    its .jpg, .jpeg and .png files, sorted by name
//   one picture
//   .npy files    one per input, in the network's order; [samples x N, ...] for an input [N, ...].
//                 They hold the input's own type and scale, or float32: real values. For a
//                 float32 input, integers are real values, too.
// Only one sample is in memory at a time. Reading a sample for a network with other inputs (the
// float original of this one) converts by the real values that `inputs` gives to the numbers.
// Throws Error (kInvalidFile, kInvalidArgument, kSystem).
std::unique_ptr<DataSource> OpenDataSet(const std::vector<std::filesystem::path>& paths,
                                        const std::vector<TensorInfo>& inputs,
                                        const DataOptions& options = {});

// How many samples an array of `shape` holds for `input`, both [samples x N, ...] and, for one
// sample, without a leading dimension of 1. Throws Error (kInvalidArgument, naming input and
// shapes) where it does not fit. An array of no samples is refused.
int64_t CountSamples(const Shape& shape, const TensorInfo& input, const std::string& file);

}  // namespace integra::io
