// How large the accumulators of a layer can become: the proof that they never overflow.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "graph/graph.h"

namespace integra::graph {

class InferContext;

// The output channel of a layer whose accumulator comes closest to its limit. No input whatsoever
// makes the accumulator, or any part of its sum, larger than `bound` in absolute value.
struct AccumulatorBound {
  int64_t bound = 0;
  int64_t limit = 0;  // 2^31 - 1; for int16 activations, which are summed in 64 bits, 2^47
  int64_t channel = 0;

  int bits() const;        // that the accumulator uses, its sign included
  int limit_bits() const;  // that it has: 32 or 48
};

// Per node of a graph that has passed Validate(): its bound, or nothing where the operator sums no
// products with constants.
std::vector<std::optional<AccumulatorBound>> AccumulatorBounds(const Graph& graph);

// Checks that the sums over input 0 times weights (input 1), plus bias (input 2, may be absent),
// cannot overflow, and reports the bound to `context`. Weights are laid out
// [outer, channels, inner], with outer * inner products per output channel. The bound of a channel
// is
//     max over v in {x - zx, x as stored} of  sum |w - zw| * |v|  plus |bias|,
// since kernels sum products of stored values first and subtract the zero point's share after.
// Throws kUnsupported with the node's name, the channel and the bound.
void CheckAccumulators(const InferContext& context, int64_t outer, int64_t channels, int64_t inner);

}  // namespace integra::graph
