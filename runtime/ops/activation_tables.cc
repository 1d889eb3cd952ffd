#include "runtime/ops/activation_tables.h"

#include "base/elementary.h"
#include "base/fixed_point.h"

namespace integra::runtime {
namespace {

using soft_float::Add;
using soft_float::Divide;
using soft_float::kHalf;
using soft_float::kOne;
using soft_float::Multiply;
using soft_float::RoundToInteger;
using soft_float::Subtract;

}  // namespace

int32_t QuantizedFunction(RealFunction f, const TableScale& input, const TableScale& output,
                          int32_t q) {
  const SoftFloat inverse = Divide(kOne, output.scale);
  const SoftFloat real = Multiply(input.scale, SoftFloat::FromInt(q - input.zero_point));
  const SoftFloat rounded = RoundToInteger(Multiply(f(real), inverse));
  const SoftFloat moved = Add(rounded, SoftFloat::FromInt(output.zero_point));
  return Clamp(soft_float::ToInt32(moved), output.low, output.high);
}

std::vector<int16_t> InterpolationTable(RealFunction f, const TableScale& input,
                                        const TableScale& output) {
  constexpr int kSteps = 512;
  const auto integer = [](int64_t value) { return SoftFloat::FromInt(value); };
  const auto half = [](SoftFloat x) { return Multiply(x, kHalf); };
  const auto real = [&](const TableScale& t, int32_t q) {
    return Multiply(t.scale, integer(q - t.zero_point));
  };
  const SoftFloat first = real(input, input.low);
  const SoftFloat last = real(input, input.high);
  const SoftFloat step = Divide(Subtract(last, first), integer(kSteps));
  const SoftFloat range = Subtract(real(output, output.high), real(output, output.low));
  const SoftFloat to_output = Divide(integer(65536), range);
  const auto at = [&](int i) { return Add(first, Multiply(integer(i), step)); };
  const auto clamp = [&](SoftFloat x) {
    const int64_t value = soft_float::ToInt(x, soft_float::Toward::kZero);
    return static_cast<int16_t>(Clamp<int64_t>(value, output.low, output.high));
  };
  std::vector<int16_t> table(kSteps + 1);
  for (int i = 0; i < kSteps; ++i) {
    const SoftFloat here = RoundToInteger(Multiply(f(at(i)), to_output));
    const SoftFloat next = Multiply(f(at(i + 1)), to_output);
    const SoftFloat middle = RoundToInteger(Multiply(f(Add(at(i), half(step))), to_output));
    // Half of the error in the middle of the step is taken off at its start.
    const SoftFloat interpolated = RoundToInteger(half(Add(next, here)));
    const SoftFloat bias = RoundToInteger(half(Subtract(interpolated, middle)));
    table[static_cast<size_t>(i)] = clamp(Subtract(here, bias));
  }
  table[kSteps] = clamp(RoundToInteger(Multiply(f(last), to_output)));
  return table;
}

SoftFloat LogisticOf(SoftFloat x) { return Divide(kOne, Add(kOne, Exp(soft_float::Negate(x)))); }

SoftFloat EluOf(SoftFloat x) { return x.negative() && !x.is_zero() ? ExpMinusOne(x) : x; }

SoftFloat GeluOf(SoftFloat x) {
  constexpr SoftFloat kMinusRootHalf = {0xbf3504f3u};
  return Multiply(Multiply(kHalf, x), Erfc(Multiply(x, kMinusRootHalf)));
}

SoftFloat ApproximateGeluOf(SoftFloat x) {
  constexpr SoftFloat kCubic = {0x3d372713u};          // 0.044715
  constexpr SoftFloat kRootTwoOverPi = {0x3f4c422au};  // 0.79788456
  const SoftFloat cubic = Multiply(Multiply(Multiply(kCubic, x), x), x);
  const SoftFloat tanh = Tanh(Multiply(kRootTwoOverPi, Add(x, cubic)));
  return Multiply(Multiply(kHalf, x), Add(kOne, tanh));
}

const std::array<uint16_t, 256>& Sigmoid16Table() {
  static const std::array<uint16_t, 256> table = [] {
    // s at i half steps, with 16 bits behind the point.
    const auto s = [](int i) {
      constexpr auto kOne = int64_t{1} << 31;
      const auto sum = static_cast<uint64_t>(kOne + ScaledExpOfMinus(i, 48, 31));
      return static_cast<int64_t>((uint64_t{1} << 63) / sum);
    };
    std::array<uint16_t, 256> t;
    for (int i = 0; i < 255; ++i) {
      const int64_t lacking_twice = 2 * s(2 * i + 1) - s(2 * i) - s(2 * i + 2);
      const int64_t sum = 4 * s(2 * i) + lacking_twice;
      t[static_cast<size_t>(i)] = static_cast<uint16_t>((sum + (1 << 17)) >> 18);
    }
    t[255] = 65535;
    return t;
  }();
  return table;
}

}  // namespace integra::runtime
