// Lowering of softmax, log_softmax and l2_normalization.
#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "base/elementary.h"
#include "kernels/softmax.h"
#include "runtime/lowering.h"

namespace integra::runtime {
namespace {

struct Rows {
  int64_t count, depth;
};

Rows RowsOf(const Lowering& l) {
  const Shape& shape = l.input(0).shape;
  return {ElementCount(shape) / std::max<int64_t>(1, shape.back()), shape.back()};
}

Multiplier MultiplierOf(const graph::Node& node, size_t i) {
  return {static_cast<int32_t>(node.integers("multiplier")[i]),
          static_cast<int32_t>(node.integers("shift")[i])};
}

// Emits run(src, rows, depth, dst), rows shared out between threads.
template <typename T, typename F>
void EmitRows(Lowering& l, std::string kernel, F run) {
  const Rows rows = RowsOf(l);
  const graph::TensorId in = l.node.inputs[0], out = l.node.outputs[0];
  const int64_t per_part = std::max<int64_t>(1, 4096 / std::max<int64_t>(1, rows.depth));
  l.Emit(std::move(kernel), [=](const StepContext& context) {
    context.pool->ParallelFor((rows.count + per_part - 1) / per_part, [&](int64_t part, int) {
      const int64_t first = part * per_part;
      const int64_t count = std::min(per_part, rows.count - first);
      run(context.in<T>(in) + first * rows.depth, count, rows.depth,
          context.out<T>(out) + first * rows.depth);
    });
  });
}

std::shared_ptr<kernels::ExponentialTable> ExponentialTableOf(const graph::Node& node) {
  auto table = std::make_shared<kernels::ExponentialTable>();
  kernels::MakeExponentialTable(MultiplierOf(node, 0), table.get());
  return table;
}

int64_t RoundedHalf(int64_t x) { return (x + (x >= 0 ? 1 : -1)) / 2; }  // half away from zero

// A table for kernels::Interpolate16 of a function given as value(i), in 2^15 * 2^kExtra, at i
// half steps: the rounded value at each step, less half of the error of interpolating to its middle
// (LiteRT's LUTPopulateInt16).
constexpr int kExtra = 30;
template <typename F>
std::array<int16_t, 513> InterpolationTable(const F& value) {
  const auto round = [](int64_t x, int bits) { return (x + (int64_t{1} << (bits - 1))) >> bits; };
  std::array<int16_t, 513> table;
  for (int i = 0; i < 512; ++i) {
    const int64_t here = round(value(2 * i), kExtra);
    const int64_t interpolated = round(value(2 * i + 2) + (here << kExtra), kExtra + 1);
    const int64_t error = interpolated - round(value(2 * i + 1), kExtra);
    table[static_cast<size_t>(i)] = SaturateTo<int16_t>(here - RoundedHalf(error));
  }
  table[512] = SaturateTo<int16_t>(round(value(1024), kExtra));
  return table;
}

// e^x on [-10, 0] and 1 / (1 + x) on [0, 1].
const std::array<int16_t, 513>& ExponentialTable16() {
  static const auto table = InterpolationTable(
      [](int i) { return ScaledExpOfMinus(int64_t{1024 - i} * 10, 1024, 15 + kExtra); });
  return table;
}

const std::array<int16_t, 513>& ReciprocalTable16() {
  static const auto table =
      InterpolationTable([](int i) { return (int64_t{1024} << (15 + kExtra)) / (1024 + i); });
  return table;
}

}  // namespace

void LowerSoftmax(Lowering& l) {
  if (l.input(0).dtype == DataType::kInt16) {
    const kernels::Softmax16Params p = {MultiplierOf(l.node, 0), ExponentialTable16().data(),
                                        ReciprocalTable16().data()};
    EmitRows<int16_t>(l, "softmax int16 portable",
                      [p](const int16_t* src, int64_t rows, int64_t depth, int16_t* dst) {
                        kernels::Softmax16(p, src, rows, depth, dst);
                      });
    return;
  }
  const auto table = ExponentialTableOf(l.node);
  const auto lookup = kernels::ChooseLookup(l.isa);
  // Below, the table of a row costs more than its elements.
  const bool tabulate = RowsOf(l).depth >= 200;
  const auto run = tabulate ? kernels::SoftmaxTabulated : kernels::SoftmaxReference;
  EmitRows<uint8_t>(
      l, tabulate ? StrCat("softmax by table ", lookup.name) : "softmax portable",
      [table, lookup, run](const uint8_t* src, int64_t rows, int64_t depth, uint8_t* dst) {
        run(*table, lookup.run, src, rows, depth, dst);
      });
}

void LowerLogSoftmax(Lowering& l) {
  const auto table = ExponentialTableOf(l.node);
  const Multiplier inverse = MultiplierOf(l.node, 1);
  EmitRows<uint8_t>(
      l, "log_softmax portable",
      [table, inverse](const uint8_t* src, int64_t rows, int64_t depth, uint8_t* dst) {
        kernels::LogSoftmaxReference(*table, inverse, src, rows, depth, dst);
      });
}

void LowerL2Normalization(Lowering& l) {
  const int32_t zero = Lowering::ActivationOf(l.input(0)).zero_point;
  const bool shift_first = l.input(0).dtype == DataType::kUInt8;
  EmitRows<uint8_t>(
      l, "l2_normalization portable",
      [zero, shift_first](const uint8_t* src, int64_t rows, int64_t depth, uint8_t* dst) {
        kernels::L2Normalize(zero, shift_first, src, rows, depth, dst);
      });
}

}  // namespace integra::runtime
