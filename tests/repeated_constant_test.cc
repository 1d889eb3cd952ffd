// A constant of few elements that is broadcast over pixels gives what the same values give as an
// input.
#include <doctest/doctest.h>

#include <random>
#include <vector>

#include "convert/convert.h"
#include "convert/tflite_generated.h"
#include "integra/session.hpp"
#include "kernels/isa.h"
#include "tests/support/tflite_model.h"

namespace integra::test {
namespace {

using Builtin = tflite::BuiltinOperator;

Bytes RandomBytes(std::mt19937& random, size_t count) {
  Bytes bytes(count);
  for (std::byte& b : bytes) b = static_cast<std::byte>(random());
  return bytes;
}

ModelT BinaryModel(Builtin op, const TensorSpec& a, const TensorSpec& b, const TensorSpec& y) {
  switch (op) {
    case Builtin::ADD:
      return OperatorModel(op, {a, b}, {y}, tflite::AddOptionsT{});
    case Builtin::SUB:
      return OperatorModel(op, {a, b}, {y}, tflite::SubOptionsT{});
    case Builtin::MUL:
      return OperatorModel(op, {a, b}, {y}, tflite::MulOptionsT{});
    default:
      return OperatorModel(op, {a, b}, {y});
  }
}

Bytes Run(const ModelT& model, const SessionOptions& options, const std::vector<Bytes>& inputs) {
  const Network network(convert::ImportTflite(Build(model), "test.tflite", {}));
  Session session(network, options);
  REQUIRE(session.inputs().size() == inputs.size());
  const TensorInfo& out = session.outputs()[0];
  Bytes output(static_cast<size_t>(ElementCount(out.shape)) * SizeOf(out.dtype));
  const std::vector<std::span<const std::byte>> in(inputs.begin(), inputs.end());
  const std::span<std::byte> to[] = {output};
  session.Run(in, to);
  return output;
}

TEST_CASE("a constant of few elements, on either side, equals an input with its values") {
  std::mt19937 random(3);
  const std::vector<int32_t> pictures[] = {{1, 8, 8, 3},  {1, 7, 11, 3},   {1, 1, 1, 3},
                                           {2, 5, 40, 1}, {1, 13, 1, 130}, {1, 64, 64, 2}};
  for (const Builtin op : {Builtin::ADD, Builtin::SUB, Builtin::MUL, Builtin::MAXIMUM}) {
    for (const std::vector<int32_t>& shape : pictures) {
      CAPTURE(tflite::EnumNameBuiltinOperator(op));
      CAPTURE(shape);
      size_t count = 1;
      for (const int32_t d : shape) count *= static_cast<size_t>(d);
      const bool one_scale = op == Builtin::MAXIMUM;
      const TensorSpec x = Int8(shape, 0.5f, 3), y = Int8(shape, one_scale ? 0.5f : 0.75f, 3);
      const TensorSpec few = Int8({shape.back()}, one_scale ? 0.5f : 0.25f, one_scale ? 3 : -5);
      TensorSpec constant = few;
      constant.data = RandomBytes(random, static_cast<size_t>(shape.back()));
      const Bytes input = RandomBytes(random, count);
      for (int isa = 0; isa <= static_cast<int>(kernels::DetectIsa()); ++isa) {
        const SessionOptions options = {.threads = 1 + isa % 2,
                                        .max_isa = kernels::NameOf(static_cast<kernels::Isa>(isa))};
        CAPTURE(options.max_isa);
        CHECK(Run(BinaryModel(op, x, constant, y), options, {input}) ==
              Run(BinaryModel(op, x, few, y), options, {input, constant.data}));
        CHECK(Run(BinaryModel(op, constant, x, y), options, {input}) ==
              Run(BinaryModel(op, few, x, y), options, {constant.data, input}));
      }
    }
  }
}

}  // namespace
}  // namespace integra::test
