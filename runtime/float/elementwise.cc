// Element-wise operators of two operands in float, and of plain integers as they are.
#include <algorithm>
#include <cmath>
#include <type_traits>

#include "base/error.h"
#include "graph/ops/broadcast.h"
#include "kernels/elementwise.h"
#include "runtime/float/activation.h"
#include "runtime/float/float_call.h"

namespace integra::floats {
namespace {

template <typename T, typename F>
void ForEach(FloatCall& call, const F& f) {
  const auto nest =
      graph::BroadcastLoops(call.inputs[0].shape, call.inputs[1].shape, call.outputs[0].shape);
  const auto* a = static_cast<const T*>(call.inputs[0].data);
  const auto* b = static_cast<const T*>(call.inputs[1].data);
  auto* y = static_cast<T*>(call.outputs[0].data);
  const auto& steps = nest.loops.back().strides;
  const int64_t length = nest.row_length();
  // Along a row, an operand moves on or stands still. Known steps let the compiler use vectors.
  const auto rows = [&](const auto step_a, const auto step_b) {
    nest.ForEachRow(0, nest.rows(), [&](int64_t i, int64_t j, int64_t k) {
      for (int64_t n = 0; n < length; ++n) y[k + n] = f(a[i + n * step_a], b[j + n * step_b]);
    });
  };
  constexpr std::integral_constant<int64_t, 0> kStill;
  constexpr std::integral_constant<int64_t, 1> kOn;
  if (steps[0] == 1 && steps[1] == 1) return rows(kOn, kOn);
  if (steps[0] == 1 && steps[1] == 0) return rows(kOn, kStill);
  if (steps[0] == 0 && steps[1] == 1) return rows(kStill, kOn);
  rows(steps[0], steps[1]);
}

template <typename T>
void Integers(FloatCall& call, kernels::IntegerOp op) {
  const auto row = kernels::ChooseIntegerRow<T>(op);
  const ActivationRange range = ActivationRangeOf(call.node);
  T low = std::numeric_limits<T>::min(), high = std::numeric_limits<T>::max();
  if (std::isfinite(range.low)) low = static_cast<T>(range.low);
  if (std::isfinite(range.high)) high = static_cast<T>(range.high);
  ForEach<T>(call, [&](T a, T b) {
    T y;
    row(&a, 1, &b, 1, low, high, &y, 1);
    return y;
  });
}

template <typename F>
void Binary(FloatCall& call, kernels::IntegerOp op, const F& f) {
  switch (call.outputs[0].dtype) {
    case DataType::kFloat32: {
      const ActivationRange range = ActivationRangeOf(call.node);
      return ForEach<float>(call, [&](float a, float b) { return range(f(a, b)); });
    }
    case DataType::kInt32:
      return Integers<int32_t>(call, op);
    case DataType::kInt64:
      return Integers<int64_t>(call, op);
    default:
      Fail(ErrorCode::kUnsupported, graph::Describe(call.graph, call.node), ": computes with ",
           NameOf(call.outputs[0].dtype));
  }
}

}  // namespace

void FloatAdd(FloatCall& call) {
  Binary(call, kernels::IntegerOp::kAdd, [](float a, float b) { return a + b; });
}
void FloatSub(FloatCall& call) {
  Binary(call, kernels::IntegerOp::kSub, [](float a, float b) { return a - b; });
}
void FloatMul(FloatCall& call) {
  Binary(call, kernels::IntegerOp::kMul, [](float a, float b) { return a * b; });
}
void FloatMaximum(FloatCall& call) {
  Binary(call, kernels::IntegerOp::kMaximum, [](float a, float b) { return a > b ? a : b; });
}
void FloatMinimum(FloatCall& call) {
  Binary(call, kernels::IntegerOp::kMinimum, [](float a, float b) { return a < b ? a : b; });
}
void FloatFloorDiv(FloatCall& call) {
  Binary(call, kernels::IntegerOp::kFloorDiv, [](float a, float b) { return std::floor(a / b); });
}
void FloatDiv(FloatCall& call) {
  const ActivationRange range = ActivationRangeOf(call.node);
  ForEach<float>(call, [&](float a, float b) { return range(a / b); });
}

}  // namespace integra::floats
