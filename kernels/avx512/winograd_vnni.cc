#include "kernels/winograd.h"

#include "kernels/avx512/vectors.h"
#include "kernels/winograd_tiles.h"

namespace integra::kernels {

std::unique_ptr<const Winograd> MakeAvx512VnniWinograd(const GemmProblem& problem) {
  return std::make_unique<WinogradTiles<Vectors, 2, 8>>(problem, "own avx512_vnni winograd",
                                                        avx512::Requantize);
}

}  // namespace integra::kernels
