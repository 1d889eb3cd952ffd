#include "kernels/winograd.h"

#include "kernels/avx2/vectors.h"
#include "kernels/winograd_products.h"

namespace integra::kernels {

std::unique_ptr<const Winograd> MakeAvx2Winograd(const GemmProblem& problem) {
  using Products = WinogradProducts<Vectors, 2, 6, avx2::Requantize>;
  return std::make_unique<WinogradTiles<Products>>(problem, "own avx2 winograd");
}

}  // namespace integra::kernels
