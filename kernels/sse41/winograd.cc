#include "kernels/winograd.h"

#include "kernels/sse41/vectors.h"
#include "kernels/winograd_tiles.h"

namespace integra::kernels {

std::unique_ptr<const Winograd> MakeSse41Winograd(const GemmProblem& problem) {
  return std::make_unique<WinogradTiles<Vectors, 4, 3>>(problem, "own sse41 winograd",
                                                        sse41::Requantize);
}

}  // namespace integra::kernels
