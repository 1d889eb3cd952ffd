// Quantized 8-bit add in one rounding, where that gives the bits of the three roundings of
// AddRowReference: y = clamp((a * A + b * B + C) >> S).
//
// MakeLinearSum looks for a C that meets every one of the 65536 pairs of operands; where there is
// none, the exact kernel stays. It need look only at the few pairs near the next output.
#pragma once

#include <cstdint>
#include <optional>

#include "kernels/elementwise.h"
#include "kernels/isa.h"

namespace integra::kernels {

// A = a_high * 2^15 + a_low with a_low in [0, 2^15), and so B and C; S = 15 + shift. Then
//   (a A + b B + C) >> S = (a a_high + b b_high + c_high + ((a a_low + b b_low + c_low) >> 15)) >>
//   shift
// holds exactly, and everything fits in 32 bits.
struct LinearSum {
  int16_t a_high = 0, b_high = 0, a_low = 0, b_low = 0;
  int32_t c_high = 0, c_low = 0;
  int32_t shift = 0;
  uint8_t min = 0, max = 255;
};

// Nothing where one rounding does not give all sums of `params`.
std::optional<LinearSum> MakeLinearSum(const AddParams& params);

// y[i] for i in [0, count); y may be a or b.
using LinearSumRow = void (*)(const LinearSum& sum, const uint8_t* a, const uint8_t* b, uint8_t* y,
                              int64_t count);
void LinearSumRowReference(const LinearSum& sum, const uint8_t* a, const uint8_t* b, uint8_t* y,
                           int64_t count);
void LinearSumRowSse41(const LinearSum& sum, const uint8_t* a, const uint8_t* b, uint8_t* y,
                       int64_t count);
void LinearSumRowAvx2(const LinearSum& sum, const uint8_t* a, const uint8_t* b, uint8_t* y,
                      int64_t count);
void LinearSumRowAvx512(const LinearSum& sum, const uint8_t* a, const uint8_t* b, uint8_t* y,
                        int64_t count);
void LinearSumRowAvx512Vnni(const LinearSum& sum, const uint8_t* a, const uint8_t* b, uint8_t* y,
                            int64_t count);

struct LinearSumChoice {
  LinearSumRow row;
  const char* name;
};
LinearSumChoice ChooseLinearSumRow(Isa isa);

}  // namespace integra::kernels
