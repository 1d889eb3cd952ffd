#include "io/preprocess.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include "base/error.h"
#include "io/values.h"

namespace integra::io {
namespace {

TensorInfo Input(DataType dtype, Shape shape, float scale = 0, int32_t zero_point = 0) {
  TensorInfo info{.name = "image", .dtype = dtype, .shape = std::move(shape), .quantization = {}};
  if (scale != 0) info.quantization = {.scale = {scale}, .zero_point = {zero_point}, .axis = 0};
  return info;
}

// One row of pixels of two colours.
Picture TwoPixels() { return {2, 1, {10, 20, 30, 200, 255, 0}}; }

std::vector<double> Values(const Picture& picture, const Preprocessing& preprocessing,
                           const TensorInfo& input,
                           const std::optional<TensorInfo>& meant_for = std::nullopt) {
  const auto count = static_cast<size_t>(ElementCount(input.shape));
  std::vector<std::byte> buffer(count * SizeOf(input.dtype));
  Preprocess(picture, preprocessing, input, buffer, meant_for);
  TensorInfo stored = input;
  stored.quantization = {};
  std::vector<double> values;
  for (size_t i = 0; i < count; ++i) values.push_back(RealValue(buffer, stored, i));
  return values;
}

using V = std::vector<double>;

TEST_CASE("preprocess: the named values") {
  const Shape shape{1, 1, 2, 3};
  const auto real = [&](const char* name) {
    return Values(TwoPixels(), {.values = name}, Input(DataType::kFloat32, shape));
  };
  CHECK(real("none") == V{10, 20, 30, 200, 255, 0});
  CHECK(real("int8") == V{-118, -108, -98, 72, 127, -128});
  CHECK(real("unit")[3] == float(200 / 255.0));
  CHECK(real("signed")[4] == 1.0);
  CHECK(real("signed")[5] == -1.0);
  CHECK(real("lite0") == V{-117 / 128.0, -107 / 128.0, -97 / 128.0, 73 / 128.0, 1.0, -127 / 128.0});
  CHECK(real("imagenet")[4] == float((1.0 - 0.456) / 0.224));
}

TEST_CASE("preprocess: the default follows the input's type") {
  const Shape shape{1, 1, 2, 3};
  CHECK(Values(TwoPixels(), {}, Input(DataType::kUInt8, shape, 0.0078125f, 128)) ==
        V{10, 20, 30, 200, 255, 0});
  CHECK(Values(TwoPixels(), {}, Input(DataType::kInt8, shape, 1.f, -128)) ==
        V{-118, -108, -98, 72, 127, -128});
  CHECK_THROWS_WITH_AS(Values(TwoPixels(), {}, Input(DataType::kFloat32, shape)),
                       doctest::Contains("--preprocess"), Error);
}

TEST_CASE("preprocess: real values are quantized with the input's scale") {
  const Shape shape{1, 1, 2, 3};
  // 0.0078125 = 1/128, so that q = p + 1 for lite0.
  CHECK(Values(TwoPixels(), {.values = "lite0"}, Input(DataType::kUInt8, shape, 0.0078125f, 128)) ==
        V{11, 21, 31, 201, 255, 1});
  CHECK_THROWS_WITH_AS(Values(TwoPixels(), {.values = "unit"}, Input(DataType::kUInt8, shape)),
                       doctest::Contains("no scale"), Error);
}

TEST_CASE("preprocess: a float input gets what the integers of its quantized sibling stand for") {
  const Shape shape{1, 1, 2, 3};
  const TensorInfo sibling = Input(DataType::kInt8, shape, 0.5f, -128);
  CHECK(Values(TwoPixels(), {}, Input(DataType::kFloat32, shape), sibling) ==
        V{5, 10, 15, 100, 127.5, 0});
  CHECK(Values(TwoPixels(), {.values = "unit"}, Input(DataType::kFloat32, shape), sibling)[4] ==
        1.0);
}

TEST_CASE("preprocess: layouts") {
  const Preprocessing none{.values = "none"};
  CHECK(Values(TwoPixels(), none, Input(DataType::kUInt8, {1, 3, 1, 2})) ==
        V{10, 200, 20, 255, 30, 0});
  CHECK(Values(TwoPixels(), none, Input(DataType::kUInt8, {3, 2, 3})).size() == 18);
  // (10*19595 + 20*38470 + 30*7471 + 32768) >> 16 and the same of the second pixel.
  CHECK(Values(TwoPixels(), none, Input(DataType::kUInt8, {1, 1, 2, 1})) == V{18, 209});
  CHECK(Values(TwoPixels(), none, Input(DataType::kUInt8, {1, 1, 2})) == V{18, 209});
  for (const Shape& shape : {Shape{1, 10}, Shape{1, 5, 5, 7}, Shape{2, 5, 5, 3}, Shape{1, 0, 5, 3},
                             Shape{1, 1, 8, 8, 3}, Shape{}}) {
    CAPTURE(ToString(shape));
    CHECK_THROWS_AS(LayoutOf(Input(DataType::kUInt8, shape)), Error);
  }
}

TEST_CASE("preprocess: cropping keeps proportions") {
  // Left half black, right half white; 7x7 out of 16x8.
  Picture picture{16, 8, std::vector<uint8_t>(16 * 8 * 3)};
  for (int y = 0; y < 8; ++y) {
    for (int x = 8 * 3; x < 16 * 3; ++x) picture.row(y)[x] = 255;
  }
  const TensorInfo input = Input(DataType::kUInt8, {1, 7, 7, 1});
  const V values = Values(picture, {.values = "none", .fit = Fit::kCrop}, input);
  // Not resized at all: columns 4 to 10.
  CHECK(V(values.begin(), values.begin() + 7) == V{0, 0, 0, 0, 255, 255, 255});
  Fit fit;
  CHECK(ParseFit("crop", &fit));
  CHECK_FALSE(ParseFit("pad", &fit));
}

TEST_CASE("preprocess: wrong names are answered with a suggestion") {
  const TensorInfo input = Input(DataType::kUInt8, {1, 1, 2, 3}, 1.f);
  CHECK_THROWS_WITH_AS(Values(TwoPixels(), {.values = "sigend"}, input),
                       doctest::Contains("did you mean 'signed'?"), Error);
  CHECK_THROWS_WITH_AS(Values(TwoPixels(), {.values = "int8"}, input),
                       doctest::Contains("does not fit"), Error);
}

TEST_CASE("preprocess: inputs that the named values do not fit") {
  const auto read = [](const TensorInfo& input, const char* values, size_t bytes,
                       const std::optional<TensorInfo>& meant_for = std::nullopt) {
    std::vector<std::byte> buffer(bytes);
    Preprocess(TwoPixels(), {.values = values}, input, buffer, meant_for);
  };
  const TensorInfo gray = Input(DataType::kUInt8, {1, 1, 2, 1});
  CHECK_THROWS_WITH_AS(read(gray, "imagenet", 2), doctest::Contains("3 channels"), Error);
  CHECK_THROWS_WITH_AS(read(gray, "unit", 2), doctest::Contains("has no scale"), Error);
  CHECK_THROWS_WITH_AS(read(gray, "none", 3),
                       doctest::Contains("input 'image' needs 2 bytes, the buffer has 3"), Error);
  // A float input that is given the integers of a sibling without a scale gets them as they are.
  CHECK(Values(TwoPixels(), {.values = "none"}, Input(DataType::kFloat32, {1, 1, 2, 1}), gray) ==
        V{18, 209});
  for (const Shape& shape : {Shape{1, 1 << 21, 1, 3}, Shape{1, 1, 1 << 21, 3}, Shape{1, 1, 0, 1}}) {
    CHECK_THROWS_WITH_AS(LayoutOf(Input(DataType::kUInt8, shape)), doctest::Contains("no picture"),
                         Error);
  }
  TensorInfo channels = Input(DataType::kInt8, {2}, 0.5f);
  channels.quantization = {.scale = {1, 2}, .zero_point = {0, 0}, .axis = 0};
  std::vector<std::byte> out(8), in(2);
  CHECK_THROWS_WITH_AS(ConvertValues(in, channels, out, Input(DataType::kFloat32, {2})),
                       doctest::Contains("where there is a scale per channel"), Error);
}

TEST_CASE("values: conversions round, clamp and keep what is the same") {
  const auto convert = [](double value, const TensorInfo& to) {
    const auto number = static_cast<float>(value);
    std::vector<std::byte> out(SizeOf(to.dtype));
    ConvertValues(std::as_bytes(std::span(&number, 1)), Input(DataType::kFloat32, {1}), out, to);
    TensorInfo stored = to;
    stored.quantization = {};
    return RealValue(out, stored, 0);
  };
  CHECK(convert(0.5, Input(DataType::kInt8, {1}, 0.25f, 3)) == 5);
  CHECK(convert(0.125, Input(DataType::kInt8, {1}, 0.25f, 0)) == 1);
  CHECK(convert(-0.125, Input(DataType::kInt8, {1}, 0.25f, 0)) == -1);
  CHECK(convert(1e9, Input(DataType::kInt8, {1}, 0.25f, 0)) == 127);
  CHECK(convert(-1e30, Input(DataType::kUInt8, {1}, 0.25f, 0)) == 0);
  CHECK(convert(1e30, Input(DataType::kInt64, {1})) == 0x1p63);
  CHECK(convert(std::nan(""), Input(DataType::kInt16, {1})) == 0);
  const TensorInfo three = Input(DataType::kInt8, {3}, 2.f, 1);
  const int8_t q[3] = {-3, 0, 4};
  std::vector<std::byte> copy(3), reals(12);
  ConvertValues(std::as_bytes(std::span(q)), three, copy, three);
  CHECK(std::memcmp(copy.data(), q, 3) == 0);
  ConvertValues(std::as_bytes(std::span(q)), three, reals, Input(DataType::kFloat32, {3}));
  CHECK(RealValue(reals, Input(DataType::kFloat32, {3}), 0) == -8);
  std::vector<std::byte> four(4);
  CHECK_THROWS_AS(ConvertValues(copy, three, four, Input(DataType::kInt8, {4})), Error);
}

}  // namespace
}  // namespace integra::io
