// softmax, log_softmax and l2_normalization: functions of rows, the last dimension of a tensor.
//
// 8-bit values are in the stored domain. Both softmax kinds depend on an element only through its
// distance d = largest - x in [0, 255], so their parameters are tables over d.
#pragma once

#include <cstdint>

#include "base/fixed_point.h"
#include "kernels/activation.h"
#include "kernels/isa.h"

namespace integra::kernels {

struct ExponentialTable {
  int32_t limit = 0;         // largest d that counts; beyond it e^-d is taken as 0
  int32_t scaled[256];       // -d in Q5: times the input's scale and beta
  int32_t exponential[256];  // e^scaled in Q0
  int32_t term[256];         // the same in Q12, as it is summed; 0 beyond `limit`
};

// `scale`: beta * the input's scale * 2^26, shift <= 0 (a factor of at least 1).
void MakeExponentialTable(Multiplier scale, ExponentialTable* table);

// y = e^(x - max) / sum e^(x - max), with an output scale of 1/256 and its lowest value for 0.
// src and dst may be the same.
using SoftmaxRows = void (*)(const ExponentialTable& table, Lookup lookup, const uint8_t* src,
                             int64_t rows, int64_t depth, uint8_t* dst);
void SoftmaxReference(const ExponentialTable& table, Lookup lookup, const uint8_t* src,
                      int64_t rows, int64_t depth, uint8_t* dst);
// The same with one table of 256 results per row: faster from some 200 elements on.
void SoftmaxTabulated(const ExponentialTable& table, Lookup lookup, const uint8_t* src,
                      int64_t rows, int64_t depth, uint8_t* dst);

// y = x - max - ln sum e^(x - max), with an output scale of 1/16 and its highest value for 0.
// `inverse` brings Q5 back to steps of the input.
void LogSoftmaxReference(const ExponentialTable& table, Multiplier inverse, const uint8_t* src,
                         int64_t rows, int64_t depth, uint8_t* dst);

// 16-bit softmax, output scale 2^-15. Both tables are for Interpolate16: `exponential` spans
// [-10, 0], `reciprocal` holds 1 / (1 + x) for x in [0, 1]; values are in Q0 of 16 bits. `scale`
// brings a distance to steps of 10 / 65535.
struct Softmax16Params {
  Multiplier scale;
  const int16_t* exponential = nullptr;
  const int16_t* reciprocal = nullptr;
};
void Softmax16(const Softmax16Params& params, const int16_t* src, int64_t rows, int64_t depth,
               int16_t* dst);

// y = x / sqrt(sum x^2), output scale 1/128 and 0 in the middle, x = stored - zero_point. For int8
// LiteRT scales by 128 after the first rounding, for uint8 before it: `shift_first`.
void L2Normalize(int32_t zero_point, bool shift_first, const uint8_t* src, int64_t rows,
                 int64_t depth, uint8_t* dst);

}  // namespace integra::kernels
