#include "graph/ops/window.h"

namespace integra::graph {

std::pair<Window, Window> WindowsOf(const Node& node, int64_t height, int64_t width) {
  const auto& stride = node.integers("stride");
  const auto& padding = node.integers("padding");
  const bool dilated = node.has("dilation");
  const int64_t dilate_rows = dilated ? node.integers("dilation")[0] : 1;
  const int64_t dilate_columns = dilated ? node.integers("dilation")[1] : 1;
  return {{height, stride[0], dilate_rows, padding[0], padding[1]},
          {width, stride[1], dilate_columns, padding[2], padding[3]}};
}

std::pair<Window, Window> WindowsOf(const InferContext& c, int64_t height, int64_t width) {
  // Far above any network, far below what could overflow in the arithmetic on shapes.
  constexpr int64_t kLargest = 1 << 20;
  const auto check = [&](const char* name, size_t count, int64_t smallest) {
    const auto& values = c.node().integers(name);
    if (values.size() != count) c.FailFile("attribute '", name, "' needs ", count, " values");
    for (const int64_t v : values) {
      if (v < smallest || v > kLargest) c.FailFile("attribute '", name, "' holds ", v);
    }
  };
  check("stride", 2, 1);
  if (c.node().has("dilation")) check("dilation", 2, 1);
  check("padding", 4, 0);
  if (height < 1 || width < 1 || height > kLargest || width > kLargest) {
    c.FailFile("a window of ", height, " x ", width);
  }
  const auto windows = WindowsOf(c.node(), height, width);
  const Shape& x = c.input(0).shape;
  const auto fits = [&](const Window& w, int64_t input) {
    if (w.pad_before >= w.extent() || w.pad_after >= w.extent()) {
      c.FailFile("padding is not smaller than the window");
    }
    if (w.output(input) < 1) c.FailFile("the window is larger than the padded input");
  };
  fits(windows.first, x[1]);
  fits(windows.second, x[2]);
  return windows;
}

}  // namespace integra::graph
