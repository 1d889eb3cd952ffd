#include "kernels/avx2/vectors.h"
#include "kernels/lookup_bytes.h"

namespace integra::kernels {

void LookupAvx2(const uint8_t* table, const uint8_t* src, int64_t count, uint8_t* dst) {
  LookupBytes<Vectors>(table, src, count, dst);
}

}  // namespace integra::kernels
