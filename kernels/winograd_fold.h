// The output stage of Winograd's convolution folded into its sums.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/gemm.h"

namespace integra::kernels {

// Of a channel. The transforms of kernels/winograd.h make 576 times a sum; with h = ((that + start)
// * m) >> 32, the output is ((h < half ? h - less : h) >> shift) - offset, narrowed to 8 bits.
//
// The output is a staircase of 255 steps. Between sums, which are 576 apart here, there is room for
// each step to be moved a little, so that addend, rounding and zero point become one start for all,
// and m needs not be exact. Of double rounding `less` remains, where outputs may be below the zero
// point: it rounds away from zero.
struct WinogradFold {
  int32_t m = 0;
  int32_t start = 0;
  int32_t shift = 0;
  int32_t half = 0, less = 0;
  int32_t offset = 0;
};

// Of all channels; none where one cannot be folded, or outputs are clamped to less than 8 bits. The
// product of row and column 1 can begin at `start`: it counts once in every output of a tile.
// `addends`: WinogradAddends(problem).
std::vector<WinogradFold> FoldWinogradStage(const GemmProblem& problem,
                                            const std::vector<int32_t>& addends);

}  // namespace integra::kernels
