// Windows that slide over an image: convolutions and pooling.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "graph/schema.h"

namespace integra::graph {

// One spatial dimension of a sliding window.
struct Window {
  int64_t size = 1;
  int64_t stride = 1;
  int64_t dilation = 1;
  int64_t pad_before = 0;
  int64_t pad_after = 0;

  int64_t extent() const { return (size - 1) * dilation + 1; }
  int64_t output(int64_t input) const {
    const int64_t room = input + pad_before + pad_after - extent();
    return room < 0 ? 0 : room / stride + 1;
  }
};

// TensorFlow's SAME padding: output = ceil(input / stride); an odd pixel of padding goes behind.
inline void PadSame(int64_t input, Window& window) {
  const int64_t output = (input + window.stride - 1) / window.stride;
  const int64_t total =
      std::max<int64_t>(0, (output - 1) * window.stride + window.extent() - input);
  window.pad_before = total / 2;
  window.pad_after = total - total / 2;
}

// Rows and columns of a node's window, from its attributes "stride", "dilation" (where it has one)
// and "padding" [top, bottom, left, right]. With a context they are checked, against input 0
// [N,H,W,C] too; a node that passed Validate() needs no second check.
std::pair<Window, Window> WindowsOf(const Node& node, int64_t height, int64_t width);
std::pair<Window, Window> WindowsOf(const InferContext& context, int64_t height, int64_t width);

}  // namespace integra::graph
