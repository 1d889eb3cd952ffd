// Reductions over some dimensions of a tensor: mean, sum, maximum, minimum.
//
// The general form takes the offset of each output's first element and the offsets of the elements
// that are reduced, relative to it. Where the reduced dimensions lie together, the tensor is
// [outer, count, inner] and there are faster forms for 8-bit values.
#pragma once

#include <cstdint>

#include "base/fixed_point.h"
#include "kernels/isa.h"

namespace integra::kernels {

// y = clamp((sum x - zero_sum) scaled and rounded twice, + output_zero). For a mean, `scale` has
// the division in it: see MeanScale.
struct SumParams {
  Multiplier scale;
  int32_t zero_sum = 0;  // the input's zero point times the number of elements
  int32_t output_zero = 0;
  int32_t clamp_min = 0, clamp_max = 0;
};

// `scale` divided by `count` >= 1, as LiteRT does it (QuantizedMeanOrSum): the multiplier is
// shifted left as far as `count` has bits, divided, and the rest of the division cut off.
Multiplier MeanScale(Multiplier scale, int64_t count);

struct ReduceOffsets {
  const int64_t* outputs;  // one per output
  int64_t output_count;
  const int64_t* reduced;
  int64_t reduced_count;
};

// T is uint8_t or int16_t. Sums fit in int32: the caller has checked.
template <typename T>
void ReduceSum(const SumParams& params, const ReduceOffsets& offsets, const T* src, T* dst);
template <typename T>
void ReduceMax(const ReduceOffsets& offsets, const T* src, T* dst);
template <typename T>
void ReduceMin(const ReduceOffsets& offsets, const T* src, T* dst);

// One [count, inner] of uint8 to one [inner]. Up to 63 elements behind src may be read.
using SumColumns = void (*)(const SumParams& params, const uint8_t* src, int64_t count,
                            int64_t inner, uint8_t* dst);
struct SumColumnsChoice {
  SumColumns run;
  const char* name;
};
SumColumnsChoice ChooseSumColumns(Isa isa);
void SumColumnsPortable(const SumParams& params, const uint8_t* src, int64_t count, int64_t inner,
                        uint8_t* dst);
void SumColumnsSse41(const SumParams& params, const uint8_t* src, int64_t count, int64_t inner,
                     uint8_t* dst);
void SumColumnsAvx2(const SumParams& params, const uint8_t* src, int64_t count, int64_t inner,
                    uint8_t* dst);
void SumColumnsAvx512(const SumParams& params, const uint8_t* src, int64_t count, int64_t inner,
                      uint8_t* dst);

}  // namespace integra::kernels
