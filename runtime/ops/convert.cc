// Lowering of operators that change how numbers are held.
#include "kernels/convert.h"

#include <array>
#include <limits>
#include <memory>

#include "runtime/lowering.h"
#include "runtime/parallel_rows.h"

namespace integra::runtime {
namespace {

// Emits convert(x, count, y) over all elements.
template <typename In, typename Out, typename F>
void EmitConversion(Lowering& l, std::string kernel, F convert) {
  kernels::LoopNest nest;
  nest.Add(ElementCount(l.output(0).shape), {1, 1, 1});
  l.Emit(std::move(kernel),
         [nest, convert, in = l.node.inputs[0], out = l.node.outputs[0]](const StepContext& c) {
           const In* x = c.in<In>(in);
           Out* y = c.out<Out>(out);
           ParallelRows(*c.pool, nest, [&](int64_t i, int64_t, int64_t, int64_t count) {
             convert(x + i, count, y + i);
           });
         });
}

template <typename Out>
kernels::RequantizeParams ParamsOf(const Lowering& l) {
  kernels::RequantizeParams p;
  p.input_zero = Lowering::ActivationOf(l.input(0)).zero_point;
  p.factor = {static_cast<int32_t>(l.node.integers("multiplier")[0]),
              static_cast<int32_t>(l.node.integers("shift")[0])};
  p.rounding = l.node.text("rounding") == "single" ? Rounding::kSingle : Rounding::kDouble;
  p.output_zero = Lowering::ActivationOf(l.output(0)).zero_point;
  p.clamp_min = std::numeric_limits<Out>::min();
  p.clamp_max = std::numeric_limits<Out>::max();
  return p;
}

template <typename In, typename Out>
void EmitQuantize(Lowering& l) {
  EmitConversion<In, Out>(l, "requantize reference",
                          [p = ParamsOf<Out>(l)](const In* x, int64_t count, Out* y) {
                            kernels::RequantizeReference(p, x, count, y);
                          });
}

// 256 possible inputs: a table, or nothing to do where it maps every value to itself. The latter is
// how a uint8 network input becomes int8, and back.
void LowerQuantize8(Lowering& l) {
  using Table = std::array<uint8_t, 256>;
  Table every;
  for (size_t i = 0; i < every.size(); ++i) every[i] = static_cast<uint8_t>(i);
  auto table = std::make_shared<Table>();
  kernels::RequantizeReference(ParamsOf<uint8_t>(l), every.data(), 256, table->data());
  if (*table == every) return l.AliasOutput(0, 0);
  EmitConversion<uint8_t, uint8_t>(l, "lookup reference",
                                   [table](const uint8_t* x, int64_t count, uint8_t* y) {
                                     for (int64_t i = 0; i < count; ++i) y[i] = (*table)[x[i]];
                                   });
}

template <typename In>
void LowerCastFrom(Lowering& l) {
  const int32_t from = Lowering::ActivationOf(l.input(0)).offset;
  const int32_t to = Lowering::ActivationOf(l.output(0)).offset;
  const auto emit = [&]<typename Out>(Out*) {
    EmitConversion<In, Out>(l, "cast reference",
                            [offset = to - from](const In* x, int64_t count, Out* y) {
                              kernels::CastIntegers(x, offset, count, y);
                            });
  };
  switch (l.output(0).dtype) {
    case DataType::kInt8:
    case DataType::kUInt8:
      return emit(static_cast<uint8_t*>(nullptr));
    case DataType::kInt16:
      return emit(static_cast<int16_t*>(nullptr));
    case DataType::kInt32:
      return emit(static_cast<int32_t*>(nullptr));
    case DataType::kInt64:
      return emit(static_cast<int64_t*>(nullptr));
    case DataType::kBool:
      return EmitConversion<In, uint8_t>(l, "cast reference",
                                         [from](const In* x, int64_t count, uint8_t* y) {
                                           kernels::CastToBool(x, from, count, y);
                                         });
    default:
      l.FailUnsupported("casts to ", NameOf(l.output(0).dtype));
  }
}

}  // namespace

void LowerQuantize(Lowering& l) {
  const DataType from = l.input(0).dtype, to = l.output(0).dtype;
  const bool to_8_bits = to == DataType::kInt8 || to == DataType::kUInt8;
  switch (from) {
    case DataType::kInt8:
    case DataType::kUInt8:
      if (to_8_bits) return LowerQuantize8(l);
      return EmitQuantize<uint8_t, int16_t>(l);
    case DataType::kInt16:
      if (to_8_bits) return EmitQuantize<int16_t, uint8_t>(l);
      if (to == DataType::kInt16) return EmitQuantize<int16_t, int16_t>(l);
      return EmitQuantize<int16_t, int32_t>(l);
    case DataType::kInt32:
      if (to_8_bits) return EmitQuantize<int32_t, uint8_t>(l);
      return EmitQuantize<int32_t, int16_t>(l);
    default:
      l.FailUnsupported("quantizes float values, which takes floating point");
  }
}

void LowerCast(Lowering& l) {
  if (l.input(0).dtype == l.output(0).dtype) return l.AliasOutput(0, 0);
  switch (l.input(0).dtype) {
    case DataType::kInt8:
    case DataType::kUInt8:
    case DataType::kBool:
      return LowerCastFrom<uint8_t>(l);
    case DataType::kInt16:
      return LowerCastFrom<int16_t>(l);
    case DataType::kInt32:
      return LowerCastFrom<int32_t>(l);
    case DataType::kInt64:
      return LowerCastFrom<int64_t>(l);
    default:
      l.FailUnsupported("casts from ", NameOf(l.input(0).dtype));
  }
}

void LowerDequantize(Lowering& l) { l.FailUnsupported("makes float values"); }
void LowerSqrt(Lowering& l) { l.FailUnsupported("computes in float"); }

}  // namespace integra::runtime
