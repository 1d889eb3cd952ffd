#include "kernels/winograd.h"

#include "kernels/avx2/vectors.h"
#include "kernels/vnni256.h"
#include "kernels/vnni256/products.h"
#include "kernels/winograd_products.h"

namespace integra::kernels {
namespace {

struct VnniVectors : Vectors {
  static void AddPairs(Vector a, Vector b, Lanes& sum) { sum = MultiplyAddPairs(sum, a, b); }
};

}  // namespace

std::unique_ptr<const Winograd> INTEGRA_ENCODING::MakeWinograd(const GemmProblem& problem) {
  using Products = WinogradProducts<VnniVectors, 2, 6, avx2::Requantize>;
  return std::make_unique<WinogradTiles<Products>>(problem, "own avx2_vnni winograd");
}

}  // namespace integra::kernels
