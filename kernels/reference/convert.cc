#include "kernels/convert.h"

namespace integra::kernels {

template <typename In, typename Out>
void RequantizeReference(const RequantizeParams& p, const In* x, int64_t count, Out* y) {
  for (int64_t i = 0; i < count; ++i) {
    const int64_t scaled = Multiply(int64_t{x[i]} - p.input_zero, p.factor, p.rounding);
    y[i] = static_cast<Out>(Clamp<int64_t>(scaled + p.output_zero, p.clamp_min, p.clamp_max));
  }
}

template <typename In, typename Out>
void CastIntegers(const In* x, int32_t offset, int64_t count, Out* y) {
  const auto add = static_cast<uint64_t>(int64_t{offset});
  for (int64_t i = 0; i < count; ++i) y[i] = static_cast<Out>(static_cast<uint64_t>(x[i]) + add);
}

template <typename In>
void CastToBool(const In* x, int32_t zero, int64_t count, uint8_t* y) {
  for (int64_t i = 0; i < count; ++i) y[i] = x[i] != zero;
}

#define REQUANTIZE(In, Out) \
  template void RequantizeReference(const RequantizeParams&, const In*, int64_t, Out*);
REQUANTIZE(uint8_t, uint8_t)
REQUANTIZE(uint8_t, int16_t)
REQUANTIZE(int16_t, uint8_t)
REQUANTIZE(int16_t, int16_t)
REQUANTIZE(int16_t, int32_t)
REQUANTIZE(int32_t, uint8_t)
REQUANTIZE(int32_t, int16_t)
#undef REQUANTIZE

#define CASTS(In)                                                    \
  template void CastIntegers(const In*, int32_t, int64_t, uint8_t*); \
  template void CastIntegers(const In*, int32_t, int64_t, int16_t*); \
  template void CastIntegers(const In*, int32_t, int64_t, int32_t*); \
  template void CastIntegers(const In*, int32_t, int64_t, int64_t*); \
  template void CastToBool(const In*, int32_t, int64_t, uint8_t*);
CASTS(uint8_t)
CASTS(int16_t)
CASTS(int32_t)
CASTS(int64_t)
#undef CASTS

}  // namespace integra::kernels
