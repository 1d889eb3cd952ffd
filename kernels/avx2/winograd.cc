#include "kernels/winograd.h"

#include "kernels/avx2/vectors.h"
#include "kernels/winograd_tiles.h"

namespace integra::kernels {

std::unique_ptr<const Winograd> MakeAvx2Winograd(const GemmProblem& problem) {
  return std::make_unique<WinogradTiles<Vectors, 2, 6>>(problem, "own avx2 winograd",
                                                        avx2::Requantize);
}

}  // namespace integra::kernels
