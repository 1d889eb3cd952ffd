#include "kernels/lstm.h"

#include "kernels/fixed_functions16.h"

namespace integra::kernels {

void LstmSums(const LstmParams& p, const int32_t* from_input, const int32_t* from_state,
              int16_t* sums) {
  for (const LstmGate* gate : {&p.input, &p.forget, &p.modulation, &p.output}) {
    for (int64_t j = 0; j < p.cells; ++j) {
      const auto biased = static_cast<int32_t>(static_cast<uint32_t>(*from_input++) +
                                               static_cast<uint32_t>(gate->bias[j]));
      // Saturated twice, as the two products are added one after the other.
      const int64_t first = SaturateTo<int16_t>(MultiplyDouble(biased, gate->input));
      *sums++ = SaturateTo<int16_t>(MultiplyDouble(*from_state++, gate->recurrent) + first);
    }
  }
}

void LstmCellsReference(const LstmParams& p, const int16_t* sums, uint8_t* h, int16_t* c) {
  const int16_t* const input = sums;
  const int16_t* const forget = sums + p.cells;
  const int16_t* const modulation = sums + 2 * p.cells;
  const int16_t* const output = sums + 3 * p.cells;
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
