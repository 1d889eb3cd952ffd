#include "kernels/elementwise.h"

namespace integra::kernels {

bool VectorAddAccepts(const AddParams& p) {
  const auto fits = [](const Multiplier& f, int smallest) { return f.s >= smallest && f.s <= 20; };
  return p.left_shift == 20 && fits(p.input[0], 0) && fits(p.input[1], 0) && fits(p.output, 1);
}

AddRowChoice ChooseAddRow(const AddParams& params, Isa isa) {
#ifdef INTEGRA_X86
  if (VectorAddAccepts(params)) {
    if (isa >= Isa::kAvx512) return {AddRowAvx512, "avx512"};
    if (isa >= Isa::kAvx2) return {AddRowAvx2, "avx2"};
    if (isa >= Isa::kSse41) return {AddRowSse41, "sse41"};
  }
#else
  (void)isa;
  (void)params;
#endif
  return {AddRowReference<uint8_t>, "reference"};
}

}  // namespace integra::kernels
