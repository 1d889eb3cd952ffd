// Lowering of activation functions: 8-bit ones become a table.
#include <algorithm>
#include <array>
#include <bit>

#include "base/elementary.h"
#include "kernels/activation.h"
#include "runtime/lowering.h"
#include "runtime/ops/activation_tables.h"

namespace integra::runtime {
namespace {

using kernels::SlopesParams;

// Elements per part when threads share the work.
constexpr int64_t kPart = 16384;

// Calls f(begin, end) for parts of [0, count).
template <typename F>
void ForParts(const StepContext& context, int64_t count, const F& f) {
  context.pool->ParallelFor((count + kPart - 1) / kPart, [&](int64_t part, int) {
    f(part * kPart, std::min(count, (part + 1) * kPart));
  });
}

TableScale ScaleOf(const graph::Tensor& tensor) {
  TableScale t;
  t.scale = {std::bit_cast<uint32_t>(tensor.quantization.scale[0])};
  t.zero_point = tensor.quantization.zero_point[0];
  switch (tensor.dtype) {
    case DataType::kInt8:
      t.low = -128, t.high = 127;
      break;
    case DataType::kInt16:
      t.low = -32768, t.high = 32767;
      break;
    default:
      t.low = 0, t.high = 255;
  }
  return t;
}

bool Is16Bit(const Lowering& l) { return l.input(0).dtype == DataType::kInt16; }

// Emits the table of result(q), both in the tensors' own values.
template <typename F>
void EmitTable(Lowering& l, const F& result) {
  const int32_t in_offset = Lowering::ActivationOf(l.input(0)).offset;
  const int32_t out_offset = Lowering::ActivationOf(l.output(0)).offset;
  std::array<uint8_t, 256> table;
  for (int32_t i = 0; i < 256; ++i) {
    table[static_cast<size_t>(i)] = static_cast<uint8_t>(result(i - in_offset) + out_offset);
  }
  const auto lookup = kernels::ChooseLookup(l.isa);
  const int64_t count = ElementCount(l.output(0).shape);
  const graph::TensorId in = l.node.inputs[0], out = l.node.outputs[0];
  l.Emit(StrCat("table ", lookup.name), [=](const StepContext& context) {
    ForParts(context, count, [&](int64_t begin, int64_t end) {
      lookup.run(table.data(), context.in<uint8_t>(in) + begin, end - begin,
                 context.out<uint8_t>(out) + begin);
    });
  });
}

// Emits run(src, count, dst) on int16 elements.
template <typename F>
void Emit16(Lowering& l, F run) {
  const int64_t count = ElementCount(l.output(0).shape);
  const graph::TensorId in = l.node.inputs[0], out = l.node.outputs[0];
  l.Emit("int16 portable", [=](const StepContext& context) {
    ForParts(context, count, [&](int64_t begin, int64_t end) {
      run(context.in<int16_t>(in) + begin, end - begin, context.out<int16_t>(out) + begin);
    });
  });
}

void EmitFunction(Lowering& l, RealFunction f) {
  const TableScale in = ScaleOf(l.input(0)), out = ScaleOf(l.output(0));
  EmitTable(l, [&](int32_t q) { return QuantizedFunction(f, in, out, q); });
}

Multiplier MultiplierOf(const graph::Node& node, size_t i) {
  return {static_cast<int32_t>(node.integers("multiplier")[i]),
          static_cast<int32_t>(node.integers("shift")[i])};
}

void EmitSlopes(Lowering& l, Multiplier negative, int32_t clamp_min, int32_t clamp_max) {
  SlopesParams p;
  p.positive = MultiplierOf(l.node, 0);
  p.negative = negative;
  p.output_zero = l.output(0).quantization.zero_point[0];
  p.clamp_min = clamp_min;
  p.clamp_max = clamp_max;
  if (Is16Bit(l)) {
    Emit16(l, [p](const int16_t* src, int64_t count, int16_t* dst) {
      kernels::Slopes16(p, src, count, dst);
    });
    return;
  }
  const int32_t zero = l.input(0).quantization.zero_point[0];
  EmitTable(l, [&](int32_t q) { return kernels::Slopes(p, q - zero); });
}

void LowerClamping(Lowering& l) {
  const auto& clamp = l.node.integers("clamp");
  EmitSlopes(l, MultiplierOf(l.node, 0), static_cast<int32_t>(clamp[0]),
             static_cast<int32_t>(clamp[1]));
}

void LowerSigmoid(Lowering& l, RealFunction f,
                  void (*run16)(const kernels::Sigmoid16Params&, const int16_t*, int64_t,
                                int16_t*)) {
  if (!Is16Bit(l)) {
    EmitFunction(l, f);
    return;
  }
  const Multiplier m = MultiplierOf(l.node, 0);
  const kernels::Sigmoid16Params p = {m.m, m.s, Sigmoid16Table().data()};
  Emit16(l, [p, run16](const int16_t* src, int64_t count, int16_t* dst) {
    run16(p, src, count, dst);
  });
}

}  // namespace

void LowerRelu(Lowering& l) { LowerClamping(l); }
void LowerRelu6(Lowering& l) { LowerClamping(l); }
void LowerReluN1To1(Lowering& l) { LowerClamping(l); }

void LowerLeakyRelu(Lowering& l) {
  const TableScale out = ScaleOf(l.output(0));
  EmitSlopes(l, MultiplierOf(l.node, 1), out.low, out.high);
}

void LowerHardSwish(Lowering& l) {
  const kernels::HardSwishParams p = {MultiplierOf(l.node, 0), MultiplierOf(l.node, 1)};
  const TableScale in = ScaleOf(l.input(0)), out = ScaleOf(l.output(0));
  EmitTable(l, [&](int32_t q) {
    return Clamp(kernels::HardSwish(p, q - in.zero_point) + out.zero_point, out.low, out.high);
  });
}

void LowerLogistic(Lowering& l) { LowerSigmoid(l, LogisticOf, kernels::Logistic16); }
void LowerTanh(Lowering& l) { LowerSigmoid(l, Tanh, kernels::Tanh16); }
void LowerElu(Lowering& l) { EmitFunction(l, EluOf); }

void LowerGelu(Lowering& l) {
  EmitFunction(l, l.node.flag("approximate") ? ApproximateGeluOf : GeluOf);
}

void LowerExp(Lowering& l) {
  if (!Is16Bit(l)) {
    EmitFunction(l, Exp);
    return;
  }
  auto table = InterpolationTable(Exp, ScaleOf(l.input(0)), ScaleOf(l.output(0)));
  Emit16(l, [table = std::move(table)](const int16_t* src, int64_t count, int16_t* dst) {
    kernels::Interpolation16(table.data(), src, count, dst);
  });
}

}  // namespace integra::runtime
