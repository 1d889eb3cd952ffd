// Operators that change how numbers are held, in float.
//
// A quantized tensor is here its real values, so that quantize and dequantize only copy; whoever
// calls rounds to the output's steps where the mode asks for it.
#include <cmath>
#include <cstring>
#include <limits>

#include "base/error.h"
#include "runtime/float/float_call.h"

namespace integra::floats {
namespace {

[[noreturn]] void FailType(const FloatCall& call, DataType type) {
  Fail(ErrorCode::kUnsupported, graph::Describe(call.graph, call.node), ": cannot convert ",
       NameOf(type));
}

void CopyReals(FloatCall& call) {
  for (const FloatTensor* tensor : {&call.inputs[0], &call.outputs[0]}) {
    if (tensor->dtype != DataType::kFloat32) FailType(call, tensor->dtype);
  }
  std::memcpy(call.outputs[0].data, call.inputs[0].data,
              static_cast<size_t>(call.outputs[0].count()) * sizeof(float));
}

template <typename F>
void WithElements(const FloatCall& call, const FloatTensor& tensor, const F& f) {
  switch (tensor.dtype) {
    case DataType::kFloat32:
      return f(static_cast<float*>(tensor.data));
    case DataType::kInt8:
      return f(static_cast<int8_t*>(tensor.data));
    case DataType::kUInt8:
      return f(static_cast<uint8_t*>(tensor.data));
    case DataType::kInt16:
      return f(static_cast<int16_t*>(tensor.data));
    case DataType::kInt32:
      return f(static_cast<int32_t*>(tensor.data));
    case DataType::kInt64:
      return f(static_cast<int64_t*>(tensor.data));
    case DataType::kBool:
      return f(static_cast<bool*>(tensor.data));
  }
  FailType(call, tensor.dtype);
}

// One value in another type. Float to integer truncates; what does not fit becomes the nearest
// value that does, and NaN 0.
template <typename Out, typename In>
Out CastOne(In x) {
  if constexpr (std::is_same_v<Out, bool>) {
    return x != In{};
  } else if constexpr (std::is_floating_point_v<In> && std::is_integral_v<Out>) {
    constexpr auto kLow = static_cast<double>(std::numeric_limits<Out>::min());
    constexpr auto kHigh = static_cast<double>(std::numeric_limits<Out>::max());
    if (!(static_cast<double>(x) >= kLow)) {
      return std::isnan(x) ? Out{0} : std::numeric_limits<Out>::min();
    }
    if (static_cast<double>(x) >= kHigh) return std::numeric_limits<Out>::max();
    return static_cast<Out>(x);
  } else {
    return static_cast<Out>(x);
  }
}

// Cast works on the stored values: where a quantized tensor is given as real ones, its stored ones
// are found again and put back.
void RealToStored(const graph::Tensor& tensor, float* x, int64_t count) {
  const float scale = tensor.quantization.scale[0];
  const auto zero = static_cast<float>(tensor.quantization.zero_point[0]);
  for (int64_t i = 0; i < count; ++i) x[i] = std::round(x[i] / scale) + zero;
}

bool IsReal(const FloatTensor& given, const graph::Tensor& tensor) {
  return given.dtype == DataType::kFloat32 && tensor.dtype != DataType::kFloat32 &&
         !tensor.quantization.empty();
}

}  // namespace

void FloatQuantize(FloatCall& call) { CopyReals(call); }
void FloatDequantize(FloatCall& call) { CopyReals(call); }

void FloatCast(FloatCall& call) {
  FloatTensor& from = call.inputs[0];
  FloatTensor& to = call.outputs[0];
  const int64_t count = to.count();
  std::vector<float> stored;
  FloatTensor source = from;
  if (IsReal(from, call.input_tensor(0))) {
    stored.assign(from.floats(), from.floats() + count);
    RealToStored(call.input_tensor(0), stored.data(), count);
    source.data = stored.data();
  }
  WithElements(call, source, [&](const auto* x) {
    WithElements(call, to, [&](auto* y) {
      using Out = std::remove_pointer_t<decltype(y)>;
      for (int64_t i = 0; i < count; ++i) y[i] = CastOne<Out>(x[i]);
    });
  });
  if (IsReal(to, call.output_tensor(0))) {
    const Quantization& q = call.output_tensor(0).quantization;
    float* y = to.floats();
    for (int64_t i = 0; i < count; ++i) {
      y[i] = (y[i] - static_cast<float>(q.zero_point[0])) * q.scale[0];
    }
  }
}

void FloatSqrt(FloatCall& call) {
  const float* x = call.inputs[0].floats();
  float* y = call.outputs[0].floats();
  for (int64_t i = 0; i < call.outputs[0].count(); ++i) y[i] = std::sqrt(x[i]);
}

}  // namespace integra::floats
