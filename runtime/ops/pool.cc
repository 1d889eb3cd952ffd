// Lowering of average_pool_2d and max_pool_2d.
#include "kernels/pool.h"

#include "graph/ops/window.h"
#include "runtime/lowering.h"

namespace integra::runtime {
namespace {

kernels::PoolParams ParamsOf(const Lowering& l) {
  const Shape& x = l.input(0).shape;
  const Shape& y = l.output(0).shape;
  const auto& filter = l.node.integers("filter");
  const auto [rows, columns] = graph::WindowsOf(l.node, filter[0], filter[1]);
  const auto& clamp = l.node.integers("clamp");
  kernels::PoolParams p;
  p.in_h = x[1];
  p.in_w = x[2];
  p.channels = x[3];
  p.out_w = y[2];
  p.filter_h = rows.size;
  p.filter_w = columns.size;
  p.stride_h = rows.stride;
  p.stride_w = columns.stride;
  p.pad_top = rows.pad_before;
  p.pad_left = columns.pad_before;
  p.offset = Lowering::ActivationOf(l.output(0)).offset;
  p.clamp_min = static_cast<int32_t>(clamp[0]) + p.offset;
  p.clamp_max = static_cast<int32_t>(clamp[1]) + p.offset;
  return p;
}

template <typename T>
void EmitPool(Lowering& l, kernels::PoolRow<T> row, const char* kernel) {
  const kernels::PoolParams p = ParamsOf(l);
  const int64_t out_h = l.output(0).shape[1], images = l.input(0).shape[0];
  const graph::TensorId in = l.node.inputs[0], out = l.node.outputs[0];
  l.Emit(StrCat("pool ", kernel), [=](const StepContext& context) {
    context.pool->ParallelFor(images * out_h, [&](int64_t i, int) {
      const T* image = context.in<T>(in) + i / out_h * p.in_h * p.in_w * p.channels;
      row(p, image, i % out_h, context.out<T>(out) + i * p.out_w * p.channels);
    });
  });
}

bool Is16Bit(const Lowering& l) { return l.input(0).dtype == DataType::kInt16; }

}  // namespace

void LowerAveragePool2d(Lowering& l) {
  if (Is16Bit(l)) {
    EmitPool<int16_t>(l, kernels::AveragePoolReference<int16_t>, "int16 portable");
  } else {
    const auto choice = kernels::ChooseAveragePool(l.isa);
    EmitPool<uint8_t>(l, choice.row, choice.name);
  }
}

void LowerMaxPool2d(Lowering& l) {
  if (Is16Bit(l)) {
    EmitPool<int16_t>(l, kernels::MaxPoolReference<int16_t>, "int16 portable");
  } else {
    const auto choice = kernels::ChooseMaxPool(l.isa);
    EmitPool<uint8_t>(l, choice.row, choice.name);
  }
}

}  // namespace integra::runtime
