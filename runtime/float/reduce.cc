// Reductions in float.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "runtime/float/float_call.h"

namespace integra::floats {
namespace {

// y = fold of all x that are reduced to it, from `start`.
template <typename Fold>
void Reduce(FloatCall& call, float start, const Fold& fold) {
  const Shape& shape = call.inputs[0].shape;
  // Steps in the output for one step along each dimension of the input; 0 for the reduced ones.
  std::vector<int64_t> steps(shape.size(), 1);
  for (const int64_t axis : call.node.integers("axes")) {
    steps[static_cast<size_t>(axis < 0 ? axis + static_cast<int64_t>(shape.size()) : axis)] = 0;
  }
  int64_t size = 1;
  for (size_t d = shape.size(); d-- > 0;) {
    if (steps[d] == 0) continue;
    steps[d] = size;
    size *= shape[d];
  }
  float* y = call.outputs[0].floats();
  std::fill(y, y + call.outputs[0].count(), start);
  std::vector<int64_t> index(shape.size(), 0);
  const float* x = call.inputs[0].floats();
  const int64_t count = call.inputs[0].count();
  int64_t at = 0;
  for (int64_t i = 0; i < count; ++i) {
    y[at] = fold(y[at], x[i]);
    for (size_t d = shape.size(); d-- > 0;) {
      at += steps[d];
      if (++index[d] < shape[d]) break;
      at -= steps[d] * shape[d];
      index[d] = 0;
    }
  }
}

}  // namespace

void FloatSum(FloatCall& call) {
  Reduce(call, 0.0f, [](float sum, float x) { return sum + x; });
}

void FloatMean(FloatCall& call) {
  FloatSum(call);
  const int64_t outputs = call.outputs[0].count();
  const auto count = static_cast<float>(call.inputs[0].count() / std::max<int64_t>(1, outputs));
  for (int64_t i = 0; i < outputs; ++i) call.outputs[0].floats()[i] /= count;
}

void FloatReduceMax(FloatCall& call) {
  Reduce(call, std::numeric_limits<float>::lowest(),
         [](float largest, float x) { return std::max(largest, x); });
}

void FloatReduceMin(FloatCall& call) {
  Reduce(call, std::numeric_limits<float>::max(),
         [](float smallest, float x) { return std::min(smallest, x); });
}

}  // namespace integra::floats
