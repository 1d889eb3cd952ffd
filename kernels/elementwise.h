// Element-wise arithmetic of two operands: one row of outputs at a time.
//
// 8-bit operands are in the stored domain (an int8 value plus 128); zero points and clamp are in
// the same domain. A row has `count` outputs; operand i's value for output j is a[j * step], the
// step being 1, or 0 where one value serves the whole row. Outputs may overwrite an operand whose
// step is 1. Every function returns the same bits as the reference.
#pragma once

#include <array>
#include <cstdint>

#include "base/fixed_point.h"
#include "kernels/isa.h"

namespace integra::kernels {

// Quantized add and subtract.
//   t_i = (x_i - zero_i) * 2^left_shift, scaled by input_i and rounded
//   y   = clamp((t_0 +- t_1) scaled by output and rounded, + output_zero)
// Every rounding is Rounding::kDouble. left_shift leaves room for one more bit in int32.
struct AddParams {
  int32_t zero[2] = {0, 0};
  int32_t left_shift = 0;
  Multiplier input[2];
  Multiplier output;
  int32_t output_zero = 0;
  int32_t clamp_min = 0;
  int32_t clamp_max = 0;
  bool subtract = false;
};

template <typename T>
using AddRow = void (*)(const AddParams& params, const T* a, int64_t a_step, const T* b,
                        int64_t b_step, T* y, int64_t count);

// T is uint8_t or int16_t.
template <typename T>
void AddRowReference(const AddParams& params, const T* a, int64_t a_step, const T* b,
                     int64_t b_step, T* y, int64_t count);

// +- t_i of all values of 8-bit operand i: sums whose range is dynamic add them first.
std::array<int32_t, 256> AddTerms(const AddParams& params, int i);

// The fastest 8-bit function that the parameters allow.
struct AddRowChoice {
  AddRow<uint8_t> row;
  const char* name;
};
AddRowChoice ChooseAddRow(const AddParams& params, Isa isa);

// Parameters that the vector kernels can run: see kernels/add_rows.h.
bool VectorAddAccepts(const AddParams& params);
void AddRowSse41(const AddParams& params, const uint8_t* a, int64_t a_step, const uint8_t* b,
                 int64_t b_step, uint8_t* y, int64_t count);
void AddRowAvx2(const AddParams& params, const uint8_t* a, int64_t a_step, const uint8_t* b,
                int64_t b_step, uint8_t* y, int64_t count);
void AddRowAvx512(const AddParams& params, const uint8_t* a, int64_t a_step, const uint8_t* b,
                  int64_t b_step, uint8_t* y, int64_t count);

// Quantized multiply: y = clamp((x_0 - zero_0) * (x_1 - zero_1) scaled by `output`, + output_zero).
// The product of two 16-bit operands fits in int32 because their zero points are 0.
struct MulParams {
  int32_t zero[2] = {0, 0};
  Multiplier output;
  Rounding rounding = Rounding::kDouble;
  int32_t output_zero = 0;
  int32_t clamp_min = 0;
  int32_t clamp_max = 0;
};

template <typename T>
using MulRow = void (*)(const MulParams& params, const T* a, int64_t a_step, const T* b,
                        int64_t b_step, T* y, int64_t count);

// T is uint8_t or int16_t.
template <typename T>
void MulRowReference(const MulParams& params, const T* a, int64_t a_step, const T* b,
                     int64_t b_step, T* y, int64_t count);

// The fastest 8-bit function that the parameters allow.
struct MulRowChoice {
  MulRow<uint8_t> row;
  const char* name;
};
MulRowChoice ChooseMulRow(const MulParams& params, Isa isa);

// Parameters that the vector kernels can run: see kernels/mul_rows.h.
bool VectorMulAccepts(const MulParams& params);
void MulRowSse41(const MulParams& params, const uint8_t* a, int64_t a_step, const uint8_t* b,
                 int64_t b_step, uint8_t* y, int64_t count);
void MulRowAvx2(const MulParams& params, const uint8_t* a, int64_t a_step, const uint8_t* b,
                int64_t b_step, uint8_t* y, int64_t count);
void MulRowAvx512(const MulParams& params, const uint8_t* a, int64_t a_step, const uint8_t* b,
                  int64_t b_step, uint8_t* y, int64_t count);

// Arithmetic on plain integers: indices, sizes, and 8- and 16-bit values of one scale for maximum
// and minimum. Sums, differences and products wrap around. floor_div rounds towards minus infinity;
// a divisor of 0 gives 0, and so does the one quotient that does not fit (lowest / -1): LiteRT
// stops at the first and is undefined at the second.
enum class IntegerOp : uint8_t { kAdd, kSub, kMul, kMaximum, kMinimum, kFloorDiv };

template <typename T>
using IntegerRow = void (*)(const T* a, int64_t a_step, const T* b, int64_t b_step, T low, T high,
                            T* y, int64_t count);

// The row function of `op`; results are clamped to [low, high]. T is uint8_t, int16_t, int32_t or
// int64_t.
template <typename T>
IntegerRow<T> ChooseIntegerRow(IntegerOp op);

}  // namespace integra::kernels
