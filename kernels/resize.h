// Resizing of images [H,W,C]: one row of outputs at a time.
#pragma once

#include <cstdint>

#include "base/soft_float.h"
#include "kernels/isa.h"

namespace integra::kernels {

// Where one output row or column comes from: between `lower` and `upper`, at fraction / 2^bits of
// the way. At the borders of half-pixel grids the fraction is negative and both are the same.
struct Neighbors {
  int32_t lower = 0, upper = 0;
  int32_t fraction = 0;
};

// Bilinear interpolation with exact weights:
//   v = sum of four pixels times their weights, in units of 2^-(row_bits + column_bits)
//   y = v rounded half away from zero in own values
// 8-bit values are stored; `offset` is stored - own value.
struct BilinearParams {
  int64_t in_w = 0, channels = 0, out_w = 0;
  const Neighbors* columns = nullptr;  // out_w of them
  int32_t row_bits = 0, column_bits = 0;
  int32_t offset = 0;
};

// `upper` and `lower` are rows [in_w, C] of the source, `fraction` as in Neighbors. `blend` is
// scratch of in_w * channels + 64 int32. Up to 63 elements behind the source rows may be read.
template <typename T>
using BilinearRow = void (*)(const BilinearParams& params, const T* lower, const T* upper,
                             int32_t fraction, int32_t* blend, T* dst);

// T is uint8_t or int16_t.
template <typename T>
void BilinearReference(const BilinearParams& params, const T* lower, const T* upper,
                       int32_t fraction, int32_t* blend, T* dst);

struct BilinearChoice {
  BilinearRow<uint8_t> row;
  const char* name;
};
BilinearChoice ChooseBilinear(Isa isa);

#define INTEGRA_BILINEAR_ROW(Suffix)                                                              \
  void Bilinear##Suffix(const BilinearParams& params, const uint8_t* lower, const uint8_t* upper, \
                        int32_t fraction, int32_t* blend, uint8_t* dst)
INTEGRA_BILINEAR_ROW(Portable);
INTEGRA_BILINEAR_ROW(Sse41);
INTEGRA_BILINEAR_ROW(Avx2);
INTEGRA_BILINEAR_ROW(Avx512);
#undef INTEGRA_BILINEAR_ROW

// The uint8 form whose weights have too many bits for exact sums: binary32 arithmetic in LiteRT's
// order, (((ll + ul) + lu) + uu) + 1/2 with (pixel * row weight) * column weight, cut off towards
// zero.
struct SoftNeighbors {
  int32_t lower = 0, upper = 0;
  SoftFloat lower_weight, upper_weight;
};
struct SoftBilinearParams {
  int64_t in_w = 0, channels = 0, out_w = 0;
  const SoftNeighbors* columns = nullptr;
};
// `blend` is scratch of 2 * in_w * channels SoftFloat.
void BilinearSoft(const SoftBilinearParams& params, const SoftNeighbors& row, const uint8_t* lower,
                  const uint8_t* upper, SoftFloat* blend, uint8_t* dst);

// dst pixel x = src pixel columns[x]; pixels of `pixel_bytes`.
void NearestRow(const uint8_t* src, const int32_t* columns, int64_t out_w, int64_t pixel_bytes,
                uint8_t* dst);

}  // namespace integra::kernels
