// Element-wise operators of two operands: shapes that broadcast, and the loops over them.
#pragma once

#include "graph/schema.h"
#include "kernels/loop_nest.h"

namespace integra::graph {

// The shape of `input a` op `input b`: aligned at the last dimension, a dimension of 1 is repeated.
// Fails where the shapes do not go together.
Shape BroadcastShape(const InferContext& context, size_t a, size_t b);

// The loops over an output of shape `y`: operands 0 and 1 are a and b, which broadcast to y;
// operand 2 is y, dense. Simplified.
kernels::LoopNest BroadcastLoops(const Shape& a, const Shape& b, const Shape& y);

}  // namespace integra::graph
