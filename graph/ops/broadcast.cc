#include "graph/ops/broadcast.h"

#include <algorithm>

namespace integra::graph {
namespace {

// Dimension i of `shape` seen with `rank` dimensions.
int64_t Dim(const Shape& shape, size_t rank, size_t i) {
  const size_t missing = rank - shape.size();
  return i < missing ? 1 : shape[i - missing];
}

}  // namespace

Shape BroadcastShape(const InferContext& c, size_t a, size_t b) {
  const Shape& x = c.input(a).shape;
  const Shape& y = c.input(b).shape;
  const size_t rank = std::max(x.size(), y.size());
  Shape out(rank);
  for (size_t i = 0; i < rank; ++i) {
    const int64_t dx = Dim(x, rank, i), dy = Dim(y, rank, i);
    if (dx != dy && dx != 1 && dy != 1) {
      c.FailFile("shapes ", ToString(x), " and ", ToString(y), " do not broadcast");
    }
    out[i] = dx == 1 ? dy : dx;
  }
  return out;
}

kernels::LoopNest BroadcastLoops(const Shape& a, const Shape& b, const Shape& y) {
  kernels::LoopNest nest;
  const size_t rank = y.size();
  int64_t a_stride = 1, b_stride = 1, y_stride = 1;
  for (size_t i = rank; i-- > 0;) {
    const int64_t da = Dim(a, rank, i), db = Dim(b, rank, i);
    nest.Add(y[i], {da == 1 ? 0 : a_stride, db == 1 ? 0 : b_stride, y_stride});
    a_stride *= da;
    b_stride *= db;
    y_stride *= y[i];
  }
  std::reverse(nest.loops.begin(), nest.loops.end());
  nest.Simplify();
  return nest;
}

}  // namespace integra::graph
