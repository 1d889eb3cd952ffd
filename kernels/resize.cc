#include "kernels/bilinear_row.h"

namespace integra::kernels {

void BilinearPortable(const BilinearParams& p, const uint8_t* lower, const uint8_t* upper,
                      int32_t fraction, int32_t* blend, uint8_t* dst) {
  BilinearOneRow(p, lower, upper, fraction, blend, dst);
}

BilinearChoice ChooseBilinear([[maybe_unused]] Isa isa) {
#ifdef INTEGRA_X86
  if (isa >= Isa::kAvx512) return {BilinearAvx512, "avx512"};
  if (isa >= Isa::kAvx2) return {BilinearAvx2, "avx2"};
  if (isa >= Isa::kSse41) return {BilinearSse41, "sse41"};
#endif
  return {BilinearPortable, "portable"};
}

}  // namespace integra::kernels
