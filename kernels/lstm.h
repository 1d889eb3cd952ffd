// One time step of a long short-term memory: 8-bit input, output and weights, 16-bit cell.
#pragma once

#include <cstdint>

#include "base/fixed_point.h"
#include "kernels/isa.h"

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

//   i, f, o = logistic(sum), g = tanh(sum)
//   c = f * c + i * g;   h = o * tanh(c)
// as LiteRT's integer LSTM rounds each product. Here the gates' sums become cells: `sums`
// [4][cells] in the order of LstmParams, `c` [cells] is read and written, `h` [cells] written.
using LstmCells = void (*)(const LstmParams& params, const int16_t* sums, uint8_t* h, int16_t* c);

struct LstmCellsChoice {
  LstmCells run;
  const char* name;
};
LstmCellsChoice ChooseLstmCells(Isa isa);

void LstmCellsReference(const LstmParams& params, const int16_t* sums, uint8_t* h, int16_t* c);
void LstmCellsPortable(const LstmParams& params, const int16_t* sums, uint8_t* h, int16_t* c);
void LstmCellsSse41(const LstmParams& params, const int16_t* sums, uint8_t* h, int16_t* c);
void LstmCellsAvx2(const LstmParams& params, const int16_t* sums, uint8_t* h, int16_t* c);
void LstmCellsAvx512(const LstmParams& params, const int16_t* sums, uint8_t* h, int16_t* c);

// The gates' sums from their two products (without the bias), both [4][cells]. Sums of 32 bits are
// modulo 2^32: their true values fit (graph::CheckAccumulators).
void LstmSums(const LstmParams& params, const int32_t* from_input, const int32_t* from_state,
              int16_t* sums);

}  // namespace integra::kernels
