// softmax, log_softmax and l2_normalization in float.
#include <algorithm>
#include <cmath>
#include <cstdint>

#include "runtime/float/float_call.h"

namespace integra::floats {
namespace {

constexpr float kSmallestNorm = 1e-6f;  // TensorFlow Lite's

// Calls f(x, y, depth) for every row of the last dimension.
template <typename F>
void ForEachRow(FloatCall& call, const F& f) {
  const int64_t depth = call.inputs[0].shape.back();
  const int64_t count = call.inputs[0].count();
  for (int64_t i = 0; i < count; i += depth) {
    f(call.inputs[0].floats() + i, call.outputs[0].floats() + i, depth);
  }
}

}  // namespace

void FloatSoftmax(FloatCall& call) {
  const auto beta = static_cast<float>(call.node.real("beta"));
  ForEachRow(call, [beta](const float* x, float* y, int64_t depth) {
    const float largest = *std::max_element(x, x + depth);
    float sum = 0.0f;
    for (int64_t c = 0; c < depth; ++c) {
      y[c] = std::exp((x[c] - largest) * beta);
      sum += y[c];
    }
    for (int64_t c = 0; c < depth; ++c) y[c] /= sum;
  });
}

void FloatLogSoftmax(FloatCall& call) {
  ForEachRow(call, [](const float* x, float* y, int64_t depth) {
    const float largest = *std::max_element(x, x + depth);
    float sum = 0.0f;
    for (int64_t c = 0; c < depth; ++c) sum += std::exp(x[c] - largest);
    const float log_sum = std::log(sum);
    for (int64_t c = 0; c < depth; ++c) y[c] = x[c] - largest - log_sum;
  });
}

void FloatL2Normalization(FloatCall& call) {
  ForEachRow(call, [](const float* x, float* y, int64_t depth) {
    float squares = 0.0f;
    for (int64_t c = 0; c < depth; ++c) squares += x[c] * x[c];
    const float norm = std::max(std::sqrt(squares), kSmallestNorm);
    for (int64_t c = 0; c < depth; ++c) y[c] = x[c] / norm;
  });
}

}  // namespace integra::floats
