#include "kernels/activation.h"

namespace integra::kernels {

LookupChoice ChooseLookup([[maybe_unused]] Isa isa) {
#ifdef INTEGRA_X86
  if (isa >= Isa::kAvx512) return {LookupAvx512, "avx512"};
  if (isa >= Isa::kAvx2) return {LookupAvx2, "avx2"};
  if (isa >= Isa::kSse41) return {LookupSse41, "sse41"};
#endif
  return {LookupReference, "portable"};
}

}  // namespace integra::kernels
