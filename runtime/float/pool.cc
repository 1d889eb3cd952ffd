// Pooling in float.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>

#include "graph/ops/window.h"
#include "runtime/float/float_call.h"

namespace integra::floats {
namespace {

float Activate(const std::string& activation, float x) {
  if (activation == "relu") return std::max(x, 0.0f);
  if (activation == "relu6") return std::clamp(x, 0.0f, 6.0f);
  if (activation == "relu_n1_to_1") return std::clamp(x, -1.0f, 1.0f);
  return x;
}

// y = finish(fold of all x of the window from `start`, number of them)
template <typename Fold, typename End>
void Pool(FloatCall& call, float start, const Fold& fold, const End& end) {
  const Shape& in = call.inputs[0].shape;
  const Shape& out = call.outputs[0].shape;
  const auto& filter = call.node.integers("filter");
  const auto [rows, columns] = graph::WindowsOf(call.node, filter[0], filter[1]);
  const std::string& activation = call.node.text("activation");
  float* y = call.outputs[0].floats();
  for (int64_t n = 0; n < out[0]; ++n) {
    const float* image = call.inputs[0].floats() + n * in[1] * in[2] * in[3];
    for (int64_t i = 0; i < out[1] * out[2]; ++i) {
      const int64_t top = i / out[2] * rows.stride - rows.pad_before;
      const int64_t left = i % out[2] * columns.stride - columns.pad_before;
      const int64_t bottom = std::min(top + rows.size, in[1]);
      const int64_t right = std::min(left + columns.size, in[2]);
      for (int64_t c = 0; c < in[3]; ++c) {
        float value = start;
        int64_t count = 0;
        for (int64_t r = std::max<int64_t>(top, 0); r < bottom; ++r) {
          for (int64_t s = std::max<int64_t>(left, 0); s < right; ++s, ++count) {
            value = fold(value, image[(r * in[2] + s) * in[3] + c]);
          }
        }
        *y++ = Activate(activation, end(value, count));
      }
    }
  }
}

}  // namespace

void FloatAveragePool2d(FloatCall& call) {
  Pool(
      call, 0.0f, [](float sum, float x) { return sum + x; },
      [](float sum, int64_t count) { return sum / static_cast<float>(count); });
}

void FloatMaxPool2d(FloatCall& call) {
  Pool(
      call, std::numeric_limits<float>::lowest(),
      [](float largest, float x) { return std::max(largest, x); },
      [](float largest, int64_t) { return largest; });
}

}  // namespace integra::floats
