// Activation functions in float, element by element.
#include <algorithm>
#include <cmath>
#include <cstdint>

#include "runtime/float/float_call.h"

namespace integra::floats {
namespace {

template <typename F>
void ForEach(FloatCall& call, const F& f) {
  const float* x = call.inputs[0].floats();
  float* y = call.outputs[0].floats();
  const int64_t count = call.outputs[0].count();
  for (int64_t i = 0; i < count; ++i) y[i] = f(x[i]);
}

}  // namespace

void FloatLogistic(FloatCall& call) {
  ForEach(call, [](float x) { return 1.0f / (1.0f + std::exp(-x)); });
}

void FloatTanh(FloatCall& call) {
  ForEach(call, [](float x) { return std::tanh(x); });
}

void FloatRelu(FloatCall& call) {
  ForEach(call, [](float x) { return std::max(x, 0.0f); });
}

void FloatRelu6(FloatCall& call) {
  ForEach(call, [](float x) { return std::clamp(x, 0.0f, 6.0f); });
}

void FloatReluN1To1(FloatCall& call) {
  ForEach(call, [](float x) { return std::clamp(x, -1.0f, 1.0f); });
}

void FloatLeakyRelu(FloatCall& call) {
  const auto alpha = static_cast<float>(call.node.real("alpha"));
  ForEach(call, [alpha](float x) { return x > 0.0f ? x : x * alpha; });
}

void FloatElu(FloatCall& call) {
  ForEach(call, [](float x) { return x < 0.0f ? std::expm1(x) : x; });
}

void FloatGelu(FloatCall& call) {
  if (call.node.flag("approximate")) {  // Hendrycks and Gimpel 2016, "Gaussian Error Linear Units"
    ForEach(call, [](float x) {
      constexpr float kSqrtTwoOverPi = 0.797884583f;
      return 0.5f * x * (1.0f + std::tanh(kSqrtTwoOverPi * (x + 0.044715f * x * x * x)));
    });
  } else {
    ForEach(call, [](float x) { return 0.5f * x * std::erfc(-x * 0.707106769f); });
  }
}

void FloatExp(FloatCall& call) {
  ForEach(call, [](float x) { return std::exp(x); });
}

void FloatHardSwish(FloatCall& call) {
  ForEach(call, [](float x) { return x * std::clamp(x + 3.0f, 0.0f, 6.0f) / 6.0f; });
}

}  // namespace integra::floats
