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

bool VectorMulAccepts(const MulParams& p) {
  return p.rounding == Rounding::kDouble && p.output.s >= 1 && p.output.s <= 20;
}

MulRowChoice ChooseMulRow(const MulParams& params, Isa isa) {
#ifdef INTEGRA_X86
  if (VectorMulAccepts(params)) {
    if (isa >= Isa::kAvx512) return {MulRowAvx512, "avx512"};
    if (isa >= Isa::kAvx2) return {MulRowAvx2, "avx2"};
    if (isa >= Isa::kSse41) return {MulRowSse41, "sse41"};
  }
#else
  (void)isa;
  (void)params;
#endif
  return {MulRowReference<uint8_t>, "reference"};
}

}  // namespace integra::kernels
