#include "kernels/elementwise.h"

#include <limits>
#include <type_traits>

namespace integra::kernels {

template <typename T>
void AddRowReference(const AddParams& p, const T* a, int64_t a_step, const T* b, int64_t b_step,
                     T* y, int64_t count) {
  const int64_t one = int64_t{1} << p.left_shift;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t t0 = MultiplyDouble((a[i * a_step] - p.zero[0]) * one, p.input[0]);
    const int64_t t1 = MultiplyDouble((b[i * b_step] - p.zero[1]) * one, p.input[1]);
    const int64_t sum = p.subtract ? t0 - t1 : t0 + t1;
    const int64_t scaled = MultiplyDouble(sum, p.output) + p.output_zero;
    y[i] = static_cast<T>(Clamp<int64_t>(scaled, p.clamp_min, p.clamp_max));
  }
}

std::array<int32_t, 256> AddTerms(const AddParams& p, int i) {
  std::array<int32_t, 256> terms;
  const int64_t one = int64_t{1} << p.left_shift;
  for (int32_t x = 0; x < 256; ++x) {
    const int64_t term = MultiplyDouble((x - p.zero[i]) * one, p.input[i]);
    terms[static_cast<size_t>(x)] = static_cast<int32_t>(i == 1 && p.subtract ? -term : term);
  }
  return terms;
}

template <typename T>
void MulRowReference(const MulParams& p, const T* a, int64_t a_step, const T* b, int64_t b_step,
                     T* y, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const int64_t product = int64_t{a[i * a_step] - p.zero[0]} * (b[i * b_step] - p.zero[1]);
    const int64_t scaled = Multiply(product, p.output, p.rounding) + p.output_zero;
    y[i] = static_cast<T>(Clamp<int64_t>(scaled, p.clamp_min, p.clamp_max));
  }
}

template void AddRowReference(const AddParams&, const uint8_t*, int64_t, const uint8_t*, int64_t,
                              uint8_t*, int64_t);
template void AddRowReference(const AddParams&, const int16_t*, int64_t, const int16_t*, int64_t,
                              int16_t*, int64_t);
template void MulRowReference(const MulParams&, const uint8_t*, int64_t, const uint8_t*, int64_t,
                              uint8_t*, int64_t);
template void MulRowReference(const MulParams&, const int16_t*, int64_t, const int16_t*, int64_t,
                              int16_t*, int64_t);

namespace {

template <IntegerOp op, typename T>
T Apply(T a, T b) {
  using Wide = std::make_unsigned_t<std::common_type_t<T, int32_t>>;  // wraps around
  switch (op) {
    case IntegerOp::kAdd:
      return static_cast<T>(static_cast<Wide>(a) + static_cast<Wide>(b));
    case IntegerOp::kSub:
      return static_cast<T>(static_cast<Wide>(a) - static_cast<Wide>(b));
    case IntegerOp::kMul:
      return static_cast<T>(static_cast<Wide>(a) * static_cast<Wide>(b));
    case IntegerOp::kMaximum:
      return a > b ? a : b;
    case IntegerOp::kMinimum:
      return a < b ? a : b;
    case IntegerOp::kFloorDiv: {
      if (b == 0 ||
          (std::is_signed_v<T> && a == std::numeric_limits<T>::min() && b == static_cast<T>(-1))) {
        return 0;
      }
      const bool inexact_and_negative = a % b != 0 && (a < 0) != (b < 0);
      return static_cast<T>(a / b - (inexact_and_negative ? 1 : 0));
    }
  }
  return 0;
}

template <IntegerOp op, typename T>
void Row(const T* a, int64_t a_step, const T* b, int64_t b_step, T low, T high, T* y,
         int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    y[i] = Clamp(Apply<op>(a[i * a_step], b[i * b_step]), low, high);
  }
}

}  // namespace

template <typename T>
IntegerRow<T> ChooseIntegerRow(IntegerOp op) {
  switch (op) {
    case IntegerOp::kAdd:
      return Row<IntegerOp::kAdd, T>;
    case IntegerOp::kSub:
      return Row<IntegerOp::kSub, T>;
    case IntegerOp::kMul:
      return Row<IntegerOp::kMul, T>;
    case IntegerOp::kMaximum:
      return Row<IntegerOp::kMaximum, T>;
    case IntegerOp::kMinimum:
      return Row<IntegerOp::kMinimum, T>;
    case IntegerOp::kFloorDiv:
      return Row<IntegerOp::kFloorDiv, T>;
  }
  return nullptr;
}

template IntegerRow<uint8_t> ChooseIntegerRow(IntegerOp);
template IntegerRow<int16_t> ChooseIntegerRow(IntegerOp);
template IntegerRow<int32_t> ChooseIntegerRow(IntegerOp);
template IntegerRow<int64_t> ChooseIntegerRow(IntegerOp);

}  // namespace integra::kernels
