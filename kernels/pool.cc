#include "kernels/pool_rows.h"

namespace integra::kernels {

void AveragePoolPortable(const PoolParams& p, const uint8_t* image, int64_t out_y, uint8_t* dst) {
  AveragePoolRow<void>(p, image, out_y, dst);
}

void MaxPoolPortable(const PoolParams& p, const uint8_t* image, int64_t out_y, uint8_t* dst) {
  MaxPoolRow(p, image, out_y, dst);
}

PoolChoice ChooseAveragePool([[maybe_unused]] Isa isa) {
#ifdef INTEGRA_X86
  if (isa >= Isa::kAvx512) return {AveragePoolAvx512, "avx512"};
  if (isa >= Isa::kAvx2) return {AveragePoolAvx2, "avx2"};
  if (isa >= Isa::kSse41) return {AveragePoolSse41, "sse41"};
#endif
  return {AveragePoolPortable, "portable"};
}

PoolChoice ChooseMaxPool([[maybe_unused]] Isa isa) {
#ifdef INTEGRA_X86
  if (isa >= Isa::kAvx512) return {MaxPoolAvx512, "avx512"};
  if (isa >= Isa::kAvx2) return {MaxPoolAvx2, "avx2"};
  if (isa >= Isa::kSse41) return {MaxPoolSse41, "sse41"};
#endif
  return {MaxPoolPortable, "portable"};
}

}  // namespace integra::kernels
