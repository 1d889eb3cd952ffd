// LSTM on real values.
#include <algorithm>
#include <cmath>
#include <vector>

#include "runtime/float/float_call.h"

namespace integra::floats {
namespace {

float Logistic(float x) { return 1.0f / (1.0f + std::exp(-x)); }

struct Gate {
  const float *input_weights, *recurrent_weights, *bias;
};

}  // namespace

void FloatUnidirectionalSequenceLstm(FloatCall& call) {
  const Shape& shape = call.inputs[0].shape;
  const bool time_major = call.node.flag("time_major");
  const int64_t steps = shape[time_major ? 0 : 1], batch = shape[time_major ? 1 : 0];
  const int64_t inputs = shape[2], cells = call.inputs[1].shape[0];
  const auto clip = static_cast<float>(call.node.real("cell_clip"));
  Gate gates[4];
  for (size_t g = 0; g < 4; ++g) {
    gates[g] = {call.inputs[1 + g].floats(), call.inputs[5 + g].floats(),
                call.inputs[9 + g].floats()};
  }
  const auto count = static_cast<size_t>(cells);
  std::vector<float> h(count), c(count), sums(4 * count);
  const auto start = [&](size_t input, int64_t b, std::vector<float>& state) {
    std::fill(state.begin(), state.end(), 0.0f);
    if (input >= call.inputs.size() || call.inputs[input].data == nullptr) return;
    std::copy_n(call.inputs[input].floats() + b * cells, cells, state.begin());
  };
  for (int64_t b = 0; b < batch; ++b) {
    start(13, b, h);
    start(14, b, c);
    for (int64_t t = 0; t < steps; ++t) {
      const int64_t row = time_major ? t * batch + b : b * steps + t;
      const float* x = call.inputs[0].floats() + row * inputs;
      for (size_t g = 0; g < 4; ++g) {
        for (int64_t j = 0; j < cells; ++j) {
          float sum = gates[g].bias[j];
          for (int64_t i = 0; i < inputs; ++i) sum += gates[g].input_weights[j * inputs + i] * x[i];
          for (int64_t i = 0; i < cells; ++i) {
            sum += gates[g].recurrent_weights[j * cells + i] * h[static_cast<size_t>(i)];
          }
          sums[g * count + static_cast<size_t>(j)] = sum;
        }
      }
      float* y = call.outputs[0].floats() + row * cells;
      for (size_t j = 0; j < count; ++j) {
        const float i = Logistic(sums[j]), f = Logistic(sums[count + j]);
        c[j] = f * c[j] + i * std::tanh(sums[2 * count + j]);
        if (clip > 0) c[j] = std::clamp(c[j], -clip, clip);
        h[j] = y[j] = Logistic(sums[3 * count + j]) * std::tanh(c[j]);
      }
    }
    if (call.outputs.size() > 1)
      std::copy_n(h.begin(), cells, call.outputs[1].floats() + b * cells);
    if (call.outputs.size() > 2)
      std::copy_n(c.begin(), cells, call.outputs[2].floats() + b * cells);
  }
}

}  // namespace integra::floats
