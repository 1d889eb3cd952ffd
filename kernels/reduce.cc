#include "kernels/sum_columns.h"

namespace integra::kernels {

void SumColumnsPortable(const SumParams& p, const uint8_t* src, int64_t count, int64_t inner,
                        uint8_t* dst) {
  ScaledColumnSums(p, src, count, inner, dst);
}

SumColumnsChoice ChooseSumColumns([[maybe_unused]] Isa isa) {
#ifdef INTEGRA_X86
  if (isa >= Isa::kAvx512) return {SumColumnsAvx512, "avx512"};
  if (isa >= Isa::kAvx2) return {SumColumnsAvx2, "avx2"};
  if (isa >= Isa::kSse41) return {SumColumnsSse41, "sse41"};
#endif
  return {SumColumnsPortable, "portable"};
}

}  // namespace integra::kernels
