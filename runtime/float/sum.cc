#include "runtime/float/sum.h"

#include <algorithm>
#include <cmath>

#include "graph/ops/broadcast.h"
#include "runtime/float/activation.h"

namespace integra::floats {
namespace {

double ScaleOf(const graph::Tensor& tensor) { return double{tensor.quantization.scale[0]}; }

// Integer mode adds in units of 2^-20 of twice the larger scale and rounds first to whole halvings
// of a step that are about as fine: fine enough to be taken for real numbers, except that some pair
// of values may by chance come so near to a half step that this decides. Such a pair is as frequent
// as its values are.
template <int kSign>
void SimulatedSum(FloatCall& call) {
  const auto nest =
      graph::BroadcastLoops(call.inputs[0].shape, call.inputs[1].shape, call.outputs[0].shape);
  const double scale_a = ScaleOf(call.input_tensor(0)), scale_b = ScaleOf(call.input_tensor(1));
  const double scale = ScaleOf(call.output_tensor(0));
  const double unit = std::ldexp(std::max(scale_a, scale_b), 1 - 20);
  int exponent = 0;
  std::frexp(unit / scale, &exponent);
  const double parts = std::ldexp(1.0, std::max(-exponent, 0));
  const double parts_per_unit = unit / scale * parts;
  const ActivationRange range = ActivationRangeOf(call.node);
  const float* a = call.inputs[0].floats();
  const float* b = call.inputs[1].floats();
  float* y = call.outputs[0].floats();
  const auto units = [unit](float x, double x_scale) {
    return std::nearbyint(std::nearbyint(x / x_scale) * (x_scale / unit));
  };
  const auto& steps = nest.loops.back().strides;
  nest.ForEachRow(0, nest.rows(), [&](int64_t i, int64_t j, int64_t k) {
    for (int64_t n = 0; n < nest.row_length(); ++n) {
      const double sum =
          units(a[i + n * steps[0]], scale_a) + kSign * units(b[j + n * steps[1]], scale_b);
      const double rounded = std::round(std::round(sum * parts_per_unit) / parts);
      y[k + n] = range(static_cast<float>(rounded * scale));
    }
  });
}

bool IsByte(const graph::Tensor& tensor) {
  return tensor.quantization.scale.size() == 1 &&
         (tensor.dtype == DataType::kInt8 || tensor.dtype == DataType::kUInt8);
}

}  // namespace

FloatFunction SimulatedSumOf(const graph::Graph& graph, const graph::Node& node) {
  const bool add = node.type == graph::OpType::kAdd;
  if (!add && node.type != graph::OpType::kSub) return nullptr;
  for (const graph::TensorId id : node.inputs) {
    if (id == graph::kNoTensor || !IsByte(graph.tensor(id))) return nullptr;
  }
  if (!IsByte(graph.tensor(node.outputs[0]))) return nullptr;
  return add ? SimulatedSum<1> : SimulatedSum<-1>;
}

}  // namespace integra::floats
