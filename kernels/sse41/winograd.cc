#include "kernels/winograd.h"

#include "kernels/sse41/vectors.h"
#include "kernels/winograd_products.h"

namespace integra::kernels {

std::unique_ptr<const Winograd> MakeSse41Winograd(const GemmProblem& problem) {
  using Products = WinogradProducts<Vectors, 4, 3, sse41::Requantize>;
  return std::make_unique<WinogradTiles<Products>>(problem, "own sse41 winograd");
}

}  // namespace integra::kernels
