// One time step of a long short-term memory: 8-bit input, output and weights, 16-bit cell.
#pragma once

#include <cstdint>

#include "base/fixed_point.h"

namespace integra::kernels {

// sum = (sum of input weights * (x - input_zero) + bias) scaled by `input`
//     + (sum of recurrent weights * (h - state_zero)) scaled by `recurrent`,
// each product rounded (Rounding::kDouble) and the sum saturated to 16 bits, in steps of 2^-12.
struct LstmGate {
  const int8_t* input_weights = nullptr;      // [cells][inputs], zero point 0
  const int8_t* recurrent_weights = nullptr;  // [cells][cells], zero point 0
  const int32_t* bias = nullptr;              // [cells]
  Multiplier input, recurrent;
};

struct LstmParams {
  int64_t inputs = 0;
  int64_t cells = 0;
  LstmGate input, forget, modulation, output;
  int32_t input_zero = 0;   // stored domain
  int32_t state_zero = 0;   // stored domain; of the output and the output state
  int cell_exponent = -12;  // a cell's value is stored * 2^cell_exponent; [-15, -9]
  int16_t cell_clip = 0;    // cells stay within [-clip, clip]; 0: no limit
  Multiplier hidden;        // from products of two values in steps of 2^-15 to the output's steps
};

// Bytes of LstmStep's `scratch`.
inline int64_t LstmScratchBytes(int64_t cells) { return 4 * cells * 2; }

//   i, f, o = logistic(sum), g = tanh(sum)
//   c = f * c + i * g;   h = o * tanh(c)
// as LiteRT's integer LSTM rounds each product. `x` [inputs], `h` [cells] (read, then written) are
// in the stored domain, `c` [cells] is read and written; `scratch` has LstmScratchBytes(cells).
void LstmStepReference(const LstmParams& params, const uint8_t* x, uint8_t* h, int16_t* c,
                       int16_t* scratch);

}  // namespace integra::kernels
