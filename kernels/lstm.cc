#include "kernels/lstm_cells.h"

namespace integra::kernels {

void LstmCellsPortable(const LstmParams& p, const int16_t* sums, uint8_t* h, int16_t* c) {
  LstmCellsOf(p, sums, h, c);
}

LstmCellsChoice ChooseLstmCells([[maybe_unused]] Isa isa) {
#ifdef INTEGRA_X86
  if (isa >= Isa::kAvx512) return {LstmCellsAvx512, "lstm avx512"};
  if (isa >= Isa::kAvx2) return {LstmCellsAvx2, "lstm avx2"};
  if (isa >= Isa::kSse41) return {LstmCellsSse41, "lstm sse41"};
#endif
  return {LstmCellsPortable, "lstm portable"};
}

}  // namespace integra::kernels
