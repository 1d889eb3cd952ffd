// Geometry of gather and gather_nd.
#pragma once

#include "graph/graph.h"
#include "kernels/gather.h"

namespace integra::graph {

// Of a node that has passed Validate(); `element_bytes` is the size of one element of input 0.
kernels::GatherParams GatherParamsOf(const Node& node, const Shape& params, const Shape& indices,
                                     int64_t element_bytes);
kernels::GatherNdParams GatherNdParamsOf(const Shape& params, const Shape& indices,
                                         int64_t element_bytes);

// A dimension, seen as [outer, axis, inner].
struct AxisView {
  int64_t outer = 1, axis = 1, inner = 1;
};
AxisView AxisViewOf(const Node& node, const Shape& shape);

}  // namespace integra::graph
