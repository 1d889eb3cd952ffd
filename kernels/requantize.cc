#include "kernels/requantize.h"

namespace integra::kernels {

RequantizeFunction ChooseRequantize(Isa isa) {
#ifdef INTEGRA_X86
  if (isa >= Isa::kAvx512) return avx512::Requantize;
  if (isa >= Isa::kAvx2) return avx2::Requantize;
  if (isa >= Isa::kSse41) return sse41::Requantize;
#endif
  (void)isa;
  return reference::Requantize;
}

}  // namespace integra::kernels
