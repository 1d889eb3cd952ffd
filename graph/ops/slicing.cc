#include "graph/ops/slicing.h"

#include <algorithm>

#include "base/error.h"

namespace integra::graph {
namespace {

template <typename... Parts>
[[noreturn]] void FailNode(const Node& node, const Parts&... parts) {
  Fail(ErrorCode::kInvalidFile, "node '", node.name, "' (", NameOf(node.type), "): ", parts...);
}

Slicing PlainSlicing(const Node& node, const Shape& input) {
  const auto& begin = node.integers("begin");
  const auto& size = node.integers("size");
  if (begin.size() != input.size() || size.size() != input.size()) {
    FailNode(node, "'begin' and 'size' need ", input.size(), " values each");
  }
  Slicing s;
  for (size_t i = 0; i < input.size(); ++i) {
    const bool starts_inside = begin[i] >= 0 && begin[i] < input[i];
    const int64_t left = starts_inside ? input[i] - begin[i] : 0;
    const int64_t count = size[i] == -1 ? left : size[i];
    if (count < 1 || count > left) {
      FailNode(node, size[i], " elements from ", begin[i], " do not lie inside of dimension ", i,
               ", which has ", input[i]);
    }
    s.begin.push_back(begin[i]);
    s.stride.push_back(1);
    s.count.push_back(count);
  }
  s.shape = s.count;
  return s;
}

// One entry of strided_slice's specification.
struct Entry {
  int64_t begin, end, stride;
  bool open_begin, open_end, shrink;
};

void TakeDimension(const Node& node, const Entry& e, int64_t dim, Slicing& s) {
  if (e.stride == 0) FailNode(node, "attribute 'strides' holds 0");
  const int64_t low = e.stride > 0 ? 0 : -1, high = e.stride > 0 ? dim : dim - 1;
  const auto resolve = [&](int64_t at) { return std::clamp(at < 0 ? at + dim : at, low, high); };
  const int64_t begin = e.open_begin ? (e.stride > 0 ? 0 : dim - 1) : resolve(e.begin);
  const int64_t end = e.open_end ? (e.stride > 0 ? dim : -1) : resolve(e.end);
  const int64_t away = e.stride > 0 ? end - begin : begin - end;
  const int64_t step = e.stride > 0 ? e.stride : -e.stride;
  const int64_t count = e.shrink ? 1 : (away + step - 1) / step;
  if (count < 1 || begin < 0 || begin >= dim) {
    FailNode(node, "takes nothing of dimension ", s.count.size(), ", which has ", dim);
  }
  s.begin.push_back(begin);
  s.stride.push_back(e.shrink ? 1 : e.stride);
  s.count.push_back(count);
  if (!e.shrink) s.shape.push_back(count);
}

Slicing StridedSlicing(const Node& node, const Shape& input) {
  const auto& begin = node.integers("begin");
  const auto& end = node.integers("end");
  const auto& strides = node.integers("strides");
  constexpr size_t kMost = 31;
  if (begin.size() > kMost || end.size() != begin.size() || strides.size() != begin.size()) {
    FailNode(node, "'begin', 'end' and 'strides' need the same number of values, at most ", kMost);
  }
  // Far outside of any dimension, and far from overflow.
  constexpr int64_t kFar = int64_t{1} << 40;
  for (const auto* values : {&begin, &end, &strides}) {
    for (const int64_t v : *values) {
      if (v < -kFar || v > kFar) FailNode(node, "holds ", v);
    }
  }
  const auto bit = [&](const char* mask, size_t i) { return (node.integer(mask) >> i & 1) != 0; };
  size_t taking = 0;  // entries that take one input dimension each
  for (size_t i = 0; i < begin.size(); ++i) {
    if (!bit("ellipsis_mask", i) && !bit("new_axis_mask", i)) ++taking;
  }
  if (taking > input.size()) {
    FailNode(node, taking, " entries for ", input.size(), " dimensions");
  }
  const Entry whole = {0, 0, 1, true, true, false};
  size_t open = input.size() - taking;  // dimensions that the ellipsis, or the end, takes whole
  Slicing s;
  for (size_t i = 0; i < begin.size(); ++i) {
    if (bit("ellipsis_mask", i)) {
      for (; open > 0; --open) TakeDimension(node, whole, input[s.count.size()], s);
    } else if (bit("new_axis_mask", i)) {
      s.shape.push_back(1);
    } else {
      TakeDimension(node,
                    {begin[i], end[i], strides[i], bit("begin_mask", i), bit("end_mask", i),
                     bit("shrink_axis_mask", i)},
                    input[s.count.size()], s);
    }
  }
  for (; open > 0; --open) TakeDimension(node, whole, input[s.count.size()], s);
  return s;
}

}  // namespace

Slicing SlicingOf(const Node& node, const Shape& input) {
  return node.type == OpType::kSlice ? PlainSlicing(node, input) : StridedSlicing(node, input);
}

}  // namespace integra::graph
