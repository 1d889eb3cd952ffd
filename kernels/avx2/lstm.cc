#include "kernels/lstm_cells.h"

namespace integra::kernels {

void LstmCellsAvx2(const LstmParams& p, const int16_t* sums, uint8_t* h, int16_t* c) {
  LstmCellsOf(p, sums, h, c);
}

}  // namespace integra::kernels
