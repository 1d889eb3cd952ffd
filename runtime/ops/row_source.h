// Layers in one step: rows pass from one to the next while they are in the cache (row_fusion.h).
#pragma once

#include <cstdint>
#include <functional>

#include "runtime/lowering.h"

namespace integra::runtime {

// Where a row's pixels go: with j = column + pad, pixel j goes to plane j % planes, as number
// j / planes of its pixels.
struct RowLayout {
  int64_t pad = 0;
  int64_t planes = 1;
  int64_t plane = 0;  // bytes from one plane to the next
};

// What a layer offers that can make any row of its output 0 by itself, to a layer that takes the
// rows one after the other into its own scratch. The whole output then never exists.
struct RowSource {
  // Writes row `y` of image `image` to `to`; `scratch` has scratch_bytes.
  using Write = std::function<void(const StepContext& c, int64_t image, int64_t y, uint8_t* to,
                                   std::byte* scratch)>;

  size_t scratch_bytes = 0;
  std::function<Write(const RowLayout& layout)> writer;
};

}  // namespace integra::runtime
