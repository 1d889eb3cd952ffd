#include "kernels/lookup_bytes.h"
#include "kernels/sse41/vectors.h"

namespace integra::kernels {

void LookupSse41(const uint8_t* table, const uint8_t* src, int64_t count, uint8_t* dst) {
  LookupBytes<Vectors>(table, src, count, dst);
}

}  // namespace integra::kernels
