#include "kernels/channel_extremes.h"
#include "kernels/sse41/vectors.h"

namespace integra::kernels {

void ChannelExtremesSse41(const int32_t* sums, int64_t rows, int64_t n, int32_t* lowest,
                          int32_t* highest) {
  ChannelExtremesOf<Vectors>(sums, rows, n, lowest, highest);
}

}  // namespace integra::kernels
