// Tables of activation functions, made when a network is planned, with integers only.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/soft_float.h"
#include "kernels/activation.h"

namespace integra::runtime {

// A quantized tensor, as tables need it: its own values, not the stored ones.
struct TableScale {
  SoftFloat scale;
  int32_t zero_point = 0;
  int32_t low = 0;  // of its type
  int32_t high = 0;
};

using RealFunction = SoftFloat (*)(SoftFloat);

// By single precision arithmetic, step by step as LiteRT's table does it (LUTPopulate):
// round(f(scale * (q - zero)) * (1 / output scale)) + output zero, clamped.
int32_t QuantizedFunction(RealFunction f, const TableScale& input, const TableScale& output,
                          int32_t q);

// The table of such a function over int16, for kernels::Interpolate16 (LUTPopulateInt16).
std::vector<int16_t> InterpolationTable(RealFunction f, const TableScale& input,
                                        const TableScale& output);

// The functions, in the steps of LiteRT's kernels; only the elementary ones inside are correctly
// rounded.
SoftFloat LogisticOf(SoftFloat x);
SoftFloat EluOf(SoftFloat x);
SoftFloat GeluOf(SoftFloat x);
SoftFloat ApproximateGeluOf(SoftFloat x);

// s(i) = 2^16 / (1 + e^(-i / 24)) for i in [0, 256), plus half of what linear interpolation lacks
// in the middle to s(i + 1), rounded. (A derivation of LiteRT's sigmoid_table_uint16, which it
// equals.)
const std::array<uint16_t, 256>& Sigmoid16Table();

}  // namespace integra::runtime
