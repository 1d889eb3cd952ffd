// The output stage on a matrix of sums.
#pragma once

#include <cstdint>

#include "kernels/isa.h"
#include "kernels/output_stage.h"

namespace integra::kernels {

// dst[r * dst_stride + j] = stage(sums[r * sum_stride + j] + row_terms[r]) for r in [0, rows), j in
// [0, n), at position first + j of the stage; `first` is a multiple of 16. `row_terms` may be null.
// Sums of positions past n, up to a multiple of 16, may be read.
using RequantizeFunction = void (*)(const VectorOutputStage& stage, int64_t first,
                                    const int32_t* sums, int64_t sum_stride, int64_t rows,
                                    int64_t n, const int32_t* row_terms, uint8_t* dst,
                                    int64_t dst_stride);

RequantizeFunction ChooseRequantize(Isa isa);

namespace reference {
void Requantize(const VectorOutputStage&, int64_t, const int32_t*, int64_t, int64_t, int64_t,
                const int32_t*, uint8_t*, int64_t);
}
namespace sse41 {
void Requantize(const VectorOutputStage&, int64_t, const int32_t*, int64_t, int64_t, int64_t,
                const int32_t*, uint8_t*, int64_t);
}
namespace avx2 {
void Requantize(const VectorOutputStage&, int64_t, const int32_t*, int64_t, int64_t, int64_t,
                const int32_t*, uint8_t*, int64_t);
}
namespace avx512 {
void Requantize(const VectorOutputStage&, int64_t, const int32_t*, int64_t, int64_t, int64_t,
                const int32_t*, uint8_t*, int64_t);
}

}  // namespace integra::kernels
