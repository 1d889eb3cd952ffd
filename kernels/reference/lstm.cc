#include "kernels/lstm.h"

#include "kernels/fixed_functions16.h"

namespace integra::kernels {
namespace {

int32_t Dot(const int8_t* weights, const uint8_t* x, int32_t zero, int64_t count) {
  int32_t sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += weights[i] * (x[i] - zero);
  return sum;
}

void Sums(const LstmParams& p, const LstmGate& gate, const uint8_t* x, const uint8_t* h,
          int16_t* sums) {
  for (int64_t j = 0; j < p.cells; ++j) {
    const int32_t from_input =
        gate.bias[j] + Dot(gate.input_weights + j * p.inputs, x, p.input_zero, p.inputs);
    const int32_t from_state = Dot(gate.recurrent_weights + j * p.cells, h, p.state_zero, p.cells);
    // Saturated twice, as the two products are added one after the other.
    const int64_t first = SaturateTo<int16_t>(MultiplyDouble(from_input, gate.input));
    sums[j] = SaturateTo<int16_t>(MultiplyDouble(from_state, gate.recurrent) + first);
  }
}

}  // namespace

void LstmStepReference(const LstmParams& p, const uint8_t* x, uint8_t* h, int16_t* c,
                       int16_t* scratch) {
  int16_t* const input = scratch;
  int16_t* const forget = scratch + p.cells;
  int16_t* const modulation = scratch + 2 * p.cells;
  int16_t* const output = scratch + 3 * p.cells;
  Sums(p, p.input, x, h, input);
  Sums(p, p.forget, x, h, forget);
  Sums(p, p.modulation, x, h, modulation);
  Sums(p, p.output, x, h, output);
  for (int64_t j = 0; j < p.cells; ++j) {
    const int32_t kept = RoundingShiftRight(Logistic16(forget[j]) * c[j], 15);
    const int32_t added =
        RoundingShiftRight(Logistic16(input[j]) * Tanh16(modulation[j], 3), 30 + p.cell_exponent);
    int32_t cell =
        SaturateTo<int16_t>(static_cast<int16_t>(kept) + int64_t{static_cast<int16_t>(added)});
    if (p.cell_clip > 0) cell = Clamp<int32_t>(cell, -p.cell_clip, p.cell_clip);
    c[j] = static_cast<int16_t>(cell);
    const int32_t product = Logistic16(output[j]) * Tanh16(c[j], 15 + p.cell_exponent);
    const int64_t hidden = MultiplyDouble(product, p.hidden) + p.state_zero;
    h[j] = SaturateTo<uint8_t>(hidden);
  }
}

}  // namespace integra::kernels
