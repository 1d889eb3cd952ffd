// Lowering of element-wise operators of two operands.
#include "kernels/elementwise.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "base/buffer.h"
#include "graph/ops/broadcast.h"
#include "kernels/linear_sum.h"
#include "runtime/lowering.h"
#include "runtime/ops/dynamic_layer.h"
#include "runtime/parallel_rows.h"
#include "runtime/plan.h"

namespace integra::runtime {
namespace {

using kernels::LoopNest;

LoopNest LoopsOf(const Lowering& l) {
  return graph::BroadcastLoops(l.input(0).shape, l.input(1).shape, l.output(0).shape);
}

// A constant of few elements that is added to every pixel makes rows of few elements. Repeated, as
// often as divides their number, it makes long ones; `nest` is changed to that. Null where an
// operand is not like this.
template <typename T>
std::shared_ptr<const AlignedBuffer> RepeatedConstant(const Lowering& l, size_t operand,
                                                      LoopNest& nest) {
  constexpr int64_t kLongRow = 256;
  const graph::Tensor& tensor = l.input(operand);
  const int64_t length = nest.row_length();
  if (nest.loops.size() < 2 || !tensor.is_constant() || ElementCount(tensor.shape) != length) {
    return nullptr;
  }
  LoopNest::Loop& outer = nest.loops[nest.loops.size() - 2];
  LoopNest::Strides pixels = {length, length, length};
  pixels[operand] = 0;
  if (outer.strides != pixels || nest.loops.back().strides != LoopNest::Strides{1, 1, 1}) {
    return nullptr;
  }
  int64_t times = std::min(outer.count, kLongRow / length);
  while (times > 1 && outer.count % times != 0) --times;
  if (times <= 1) return nullptr;

  const size_t bytes = static_cast<size_t>(length) * sizeof(T);
  auto repeated = std::make_shared<AlignedBuffer>(bytes * static_cast<size_t>(times));
  for (int64_t i = 0; i < times; ++i) {
    ToStored(tensor.dtype, tensor.data.bytes.data(),
             repeated->data() + bytes * static_cast<size_t>(i), bytes);
  }
  outer.count /= times;
  for (int64_t& stride : outer.strides) stride *= times;
  nest.loops.back().count *= times;
  return repeated;
}

// Two tensors of one shape: every pixel by itself.
template <typename T, typename F>
void OfferPixels(Lowering& l, F row) {
  if (l.input(0).shape != l.input(1).shape) return;
  const Shape& shape = l.output(0).shape;
  const int64_t channels = shape.empty() ? 1 : std::max<int64_t>(1, shape.back());
  l.OfferPixels({ElementCount(l.output(0).shape) / channels, 1, true,
                 [=, in_a = l.node.inputs[0], in_b = l.node.inputs[1], out = l.node.outputs[0]](
                     const StepContext& c, int64_t first, int64_t last, int /*thread*/) {
                   const int64_t from = first * channels;
                   row(c.in<T>(in_a) + from, 1, c.in<T>(in_b) + from, 1, c.out<T>(out) + from,
                       (last - first) * channels);
                 }});
}

// Emits row(a, a_step, b, b_step, y, count) over all rows.
template <typename T, typename F>
void EmitRows(Lowering& l, const std::string& kernel, F row) {
  LoopNest nest = LoopsOf(l);
  using Constant = std::shared_ptr<const AlignedBuffer>;
  const Constant constant_a = RepeatedConstant<T>(l, 0, nest);
  const Constant constant_b = constant_a ? nullptr : RepeatedConstant<T>(l, 1, nest);
  l.Emit(kernel, [nest, row, constant_a, constant_b, in_a = l.node.inputs[0],
                  in_b = l.node.inputs[1], out = l.node.outputs[0]](const StepContext& c) {
    const T* a = constant_a ? constant_a->data<T>() : c.in<T>(in_a);
    const T* b = constant_b ? constant_b->data<T>() : c.in<T>(in_b);
    T* y = c.out<T>(out);
    const auto& steps = nest.loops.back().strides;
    ParallelRows(*c.pool, nest, [&](int64_t i, int64_t j, int64_t k, int64_t count) {
      row(a + i, steps[0], b + j, steps[1], y + k, count);
    });
  });
  OfferPixels<T>(l, row);
}

Multiplier MultiplierOf(const graph::Node& node, const char* multiplier, const char* shift,
                        size_t i) {
  return {static_cast<int32_t>(node.integers(multiplier)[i]),
          static_cast<int32_t>(node.integers(shift)[i])};
}

kernels::AddParams AddParamsOf(const Lowering& l) {
  const Activation y = Lowering::ActivationOf(l.output(0));
  const auto& clamp = l.node.integers("clamp");
  kernels::AddParams p;
  for (size_t i = 0; i < 2; ++i) {
    p.zero[i] = Lowering::ActivationOf(l.input(i)).zero_point;
    p.input[i] = MultiplierOf(l.node, "input_multiplier", "input_shift", i);
  }
  p.left_shift = static_cast<int32_t>(l.node.integer("left_shift"));
  p.output = MultiplierOf(l.node, "multiplier", "shift", 0);
  p.output_zero = y.zero_point;
  p.clamp_min = static_cast<int32_t>(clamp[0]) + y.offset;
  p.clamp_max = static_cast<int32_t>(clamp[1]) + y.offset;
  p.subtract = l.node.type == graph::OpType::kSub;
  return p;
}

kernels::MulParams MulParamsOf(const Lowering& l) {
  const Activation y = Lowering::ActivationOf(l.output(0));
  const auto& clamp = l.node.integers("clamp");
  kernels::MulParams p;
  for (size_t i = 0; i < 2; ++i) p.zero[i] = Lowering::ActivationOf(l.input(i)).zero_point;
  p.output = MultiplierOf(l.node, "multiplier", "shift", 0);
  p.output_zero = y.zero_point;
  p.clamp_min = static_cast<int32_t>(clamp[0]) + y.offset;
  p.clamp_max = static_cast<int32_t>(clamp[1]) + y.offset;
  return p;
}

template <typename T>
void EmitInteger(Lowering& l, kernels::IntegerOp op) {
  T low = std::numeric_limits<T>::min(), high = std::numeric_limits<T>::max();
  if (l.node.has("activation")) {
    const std::string& activation = l.node.text("activation");
    if (activation == "relu" || activation == "relu6") low = 0;
    if (activation == "relu6") high = 6;
    if (activation == "relu_n1_to_1") {
      low = static_cast<T>(-1);
      high = 1;
    }
  }
  const kernels::IntegerRow<T> row = kernels::ChooseIntegerRow<T>(op);
  EmitRows<T>(l, "integer reference",
              [=](const T* a, int64_t a_step, const T* b, int64_t b_step, T* y, int64_t count) {
                row(a, a_step, b, b_step, low, high, y, count);
              });
}

// Integers without a scale, and values that are compared within one scale.
void LowerInteger(Lowering& l, kernels::IntegerOp op) {
  switch (l.output(0).dtype) {
    case DataType::kInt8:
    case DataType::kUInt8:
      return EmitInteger<uint8_t>(l, op);
    case DataType::kInt16:
      return EmitInteger<int16_t>(l, op);
    case DataType::kInt32:
      return EmitInteger<int32_t>(l, op);
    case DataType::kInt64:
      return EmitInteger<int64_t>(l, op);
    default:
      l.FailUnsupported("computes with ", NameOf(l.output(0).dtype));
  }
}

// Two tensors of one shape, large enough to be worth the search for a single rounding.
bool EmitLinearSum(Lowering& l, const kernels::AddParams& p) {
  constexpr int64_t kWorthSearching = 4096;
  if (l.input(0).shape != l.input(1).shape) return false;
  if (ElementCount(l.output(0).shape) < kWorthSearching) return false;
  const auto sum = kernels::MakeLinearSum(p);
  if (!sum) return false;
  const kernels::LinearSumChoice choice = kernels::ChooseLinearSumRow(l.isa);
  EmitRows<uint8_t>(
      l, StrCat("sum in one rounding ", choice.name),
      [sum = *sum, row = choice.row](const uint8_t* a, int64_t, const uint8_t* b, int64_t,
                                     uint8_t* y, int64_t count) { row(sum, a, b, y, count); });
  return true;
}

// The factors of both operands follow from their ranges. Static ranges make the larger one 1/2, for
// which left_shift has room; here a power of two brings it to [1/4, 1/2), and the factor of the
// output, which is multiplied by the ratio that is returned, takes it back.
DynamicRange ScaleOperands(const DynamicRange& a, const DynamicRange& b, kernels::AddParams& p) {
  p.input[0] = Product(p.input[0], a.ratio);
  p.input[1] = Product(p.input[1], b.ratio);
  int32_t least = kMaxShift;
  for (const Multiplier& f : p.input) {
    if (f.m != 0) least = std::min(least, f.s);
  }
  for (Multiplier& f : p.input) {
    f.s += 1 - least;
    if (f.s > kMaxShift) f = {};
  }
  return {.ratio = {kOne.m, least - 2}, .inverse = kOne};
}

// A range of an operand or of the output is dynamic.
void EmitDynamicSum(Lowering& l, const kernels::AddParams& p) {
  const int64_t channels = l.output(0).shape.empty() ? 1 : l.output(0).shape.back();
  kernels::DynamicLayer layer;
  layer.stage = {{p.output}, Rounding::kDouble, p.output_zero, p.clamp_min, p.clamp_max};
  layer.addends.assign(static_cast<size_t>(channels), 0);
  layer.largest_sum = int64_t{1} << (9 + p.left_shift);
  const auto finish = std::make_shared<DynamicLayerStep>(l, std::move(layer));
  l.Emit("dynamic sum in tables", [=, nest = LoopsOf(l), in_a = l.node.inputs[0],
                                   in_b = l.node.inputs[1], range_a = l.range_of(l.node.inputs[0]),
                                   range_b = l.range_of(l.node.inputs[1])](const StepContext& c) {
    const auto range = [&](graph::TensorId owner) {
      return owner == graph::kNoTensor ? DynamicRange{} : c.ranges[owner];
    };
    kernels::AddParams scaled = p;
    const DynamicRange x = ScaleOperands(range(range_a), range(range_b), scaled);
    const auto terms_a = kernels::AddTerms(scaled, 0), terms_b = kernels::AddTerms(scaled, 1);
    const auto& steps = nest.loops.back().strides;
    ParallelRows(*c.pool, nest, [&](int64_t i, int64_t j, int64_t k, int64_t count) {
      const uint8_t* a = c.in<uint8_t>(in_a) + i;
      const uint8_t* b = c.in<uint8_t>(in_b) + j;
      int32_t* sums = DynamicLayerStep::Sums(c) + k;
      for (int64_t n = 0; n < count; ++n) {
        sums[n] = terms_a[a[n * steps[0]]] + terms_b[b[n * steps[1]]];
      }
    });
    finish->Finish(c, x);
  });
}

void LowerSum(Lowering& l, kernels::IntegerOp op) {
  const DataType type = l.output(0).dtype;
  if (!IsQuantizedStorage(type)) return LowerInteger(l, op);
  const kernels::AddParams p = AddParamsOf(l);
  if (l.has_dynamic_range()) return EmitDynamicSum(l, p);
  if (type == DataType::kInt16) {
    EmitRows<int16_t>(
        l, "sum 16-bit reference",
        [p](const int16_t* a, int64_t a_step, const int16_t* b, int64_t b_step, int16_t* y,
            int64_t count) { kernels::AddRowReference(p, a, a_step, b, b_step, y, count); });
    return;
  }
  if (EmitLinearSum(l, p)) return;
  const kernels::AddRowChoice choice = kernels::ChooseAddRow(p, l.isa);
  EmitRows<uint8_t>(
      l, StrCat("sum ", choice.name),
      [p, row = choice.row](const uint8_t* a, int64_t a_step, const uint8_t* b, int64_t b_step,
                            uint8_t* y, int64_t count) { row(p, a, a_step, b, b_step, y, count); });
}

void LowerProduct(Lowering& l) {
  const kernels::MulParams p = MulParamsOf(l);
  if (l.output(0).dtype == DataType::kInt16) {
    EmitRows<int16_t>(
        l, "product 16-bit reference",
        [p](const int16_t* a, int64_t a_step, const int16_t* b, int64_t b_step, int16_t* y,
            int64_t count) { kernels::MulRowReference(p, a, a_step, b, b_step, y, count); });
    return;
  }
  const kernels::MulRowChoice choice = kernels::ChooseMulRow(p, l.isa);
  EmitRows<uint8_t>(
      l, StrCat("product ", choice.name),
      [p, row = choice.row](const uint8_t* a, int64_t a_step, const uint8_t* b, int64_t b_step,
                            uint8_t* y, int64_t count) { row(p, a, a_step, b, b_step, y, count); });
}

}  // namespace

void LowerAdd(Lowering& l) { LowerSum(l, kernels::IntegerOp::kAdd); }
void LowerSub(Lowering& l) { LowerSum(l, kernels::IntegerOp::kSub); }

void LowerMul(Lowering& l) {
  if (!IsQuantizedStorage(l.output(0).dtype)) return LowerInteger(l, kernels::IntegerOp::kMul);
  LowerProduct(l);
}

void LowerMaximum(Lowering& l) { LowerInteger(l, kernels::IntegerOp::kMaximum); }
void LowerMinimum(Lowering& l) { LowerInteger(l, kernels::IntegerOp::kMinimum); }
void LowerFloorDiv(Lowering& l) { LowerInteger(l, kernels::IntegerOp::kFloorDiv); }
void LowerDiv(Lowering& l) { l.FailUnsupported("divides in float"); }

}  // namespace integra::runtime
