// Functions of one tensor in a network file: which types, scales, zero points, integers and shapes
// they take. operand_refusals_test.cc has operators of several tensors.
#include <doctest/doctest.h>

#include "tests/support/check_nodes.h"

namespace integra::test {
namespace {

constexpr auto kUnsupported = ErrorCode::kUnsupported;
constexpr const char* kHalf = "1073741824";  // the smallest multiplier, 2^30

std::string Int8(const char* shape, const char* scale = "0.5", const char* zero_point = "0") {
  return TensorFields("int8", shape, scale, zero_point);
}
std::string Int16(const char* shape, const char* scale = "0.5", const char* zero_point = "0") {
  return TensorFields("int16", shape, scale, zero_point);
}
std::string Multipliers(const std::string& multiplier, const std::string& shift) {
  return R"("multiplier": [)" + multiplier + R"(], "shift": [)" + shift + "]";
}
const std::string kFloats = TensorFields("float32", "[1, 4]");
const std::string kFloat = TensorFields("float32", "");

TEST_CASE("checklist 7: types, scales and zero points of functions of one tensor") {
  const std::string row = Int8("[1, 4]");
  CheckNodes({
      {"elu", {row}, {Int8("")}, "", ""},
      {"elu", {kFloats}, {kFloat}, "", ""},
      {"elu", {Int16("[1, 4]")}, {Int16("")}, "", "inputs of type int16", kUnsupported},
      {"exp", {TensorFields("bool", "[1, 4]")}, {kFloat}, "", "of type bool", kUnsupported},
      {"tanh", {TensorFields("int8", "[1, 4]")}, {Int8("")}, "", "'x0' is int8 but has no scale"},
      {"tanh", {row}, {TensorFields("int8", "")}, "", "'y0' is int8 but has no scale"},
      {"tanh", {Int8("[2]", "[1, 2]")}, {Int8("")}, "", "a scale per channel", kUnsupported},
      {"tanh", {Int8("[2]")}, {Int8("", "[1, 2]")}, "", "a scale per channel", kUnsupported},
      {"relu", {row}, {TensorFields("float32", "")}, "", "'y0' is float32 but has no scale"},
      {"relu", {kFloats}, {kFloat}, "", ""},
      {"relu", {row}, {Int8("")}, R"("clamp": [0, 100])", ""},
      {"relu", {row}, {Int8("")}, R"("clamp": [0, 128])", "attribute 'clamp' has to be"},
      {"relu", {Int16("[1, 4]")}, {Int16("")}, "", ""},
      {"relu",
       {Int16("[1, 4]", "1", "1")},
       {Int16("")},
       "",
       "'x0' with zero point 1",
       kUnsupported},
      {"relu",
       {Int16("[1, 4]")},
       {Int16("", "1", "-2")},
       "",
       "'y0' with zero point -2",
       kUnsupported},
      {"leaky_relu", {kFloats}, {kFloat}, R"("alpha": 0.5)", ""},
      {"leaky_relu", {kFloats}, {kFloat}, R"("alpha": 1e39)", "'alpha' is not a finite number"},
      {"leaky_relu", {row}, {Int8("")}, R"("alpha": 1)", ""},
      {"gelu", {kFloats}, {kFloat}, "", ""},
      {"gelu", {row}, {Int8("")}, R"("approximate": true)", ""},
      {"gelu", {row}, {Int8("", "9e-13")}, "", "an output scale of 9", kUnsupported},
      {"logistic", {row}, {Int8("", "0.00390625", "-128")}, "", ""},
      {"logistic", {row}, {Int8("", "0.004")}, "", "the output's scale has to be", kUnsupported},
  });
}

TEST_CASE("checklist 7: scales whose ratio does not fit fixed point") {
  const auto relu = [](const char* from, const char* to, const char* reason, ErrorCode code) {
    return OneNode{"relu", {Int8("[1, 4]", from)}, {Int8("", to)}, "", reason, code};
  };
  CheckNodes({
      relu("1e38", "2e-38", "scale factor of inf cannot be used", ErrorCode::kInvalidFile),
      relu("1e20", "1e-5", "is too large for fixed point", kUnsupported),
      relu("2e-38", "1e38", "", kUnsupported),  // 0: every result is the zero point
  });
}

TEST_CASE("checklist 7: 16-bit logistic and tanh") {
  const std::string y = Int16("", "3.0517578125e-05");
  const auto tanh = [&](const char* scale, const std::string& attributes, const char* reason,
                        ErrorCode code = ErrorCode::kInvalidFile) {
    return OneNode{"tanh", {Int16("[1, 4]", scale)}, {y}, attributes, reason, code};
  };
  CheckNodes({
      tanh("0.000244140625", "", ""),  // 2^-12: shifted by 0
      tanh("0.00048828125", "", ""),   // 2^-11: shifted by 1
      tanh("0.0009765625", "", ""),    // 2^-10: beyond that
      tanh("0.0001220703125", "", ""),
      tanh("1e-20", "", ""),
      tanh("5.4", "", "attribute 'multiplier' is missing and cannot be derived"),
      tanh("0.1", Multipliers("65536", "0"), "the 16-bit factor has to be below 2^16"),
      tanh("0.1", Multipliers("5", "-1"), "the 16-bit factor has to be below 2^16"),
      {"tanh", {Int16("[1, 4]")}, {Int16("")}, "", "the output's scale has to be", kUnsupported},
      {"logistic", {Int16("[1, 4]", "0.00048828125")}, {y}, "", ""},
      {"logistic", {Int16("[1, 4]", "0.1", "1")}, {y}, "", "zero point 1", kUnsupported},
  });
}

TEST_CASE("checklist 7: multipliers and shifts of functions of one tensor") {
  const auto leaky = [](const std::string& multiplier, const std::string& shift,
                        const char* reason) {
    return OneNode{"leaky_relu",
                   {Int8("[1, 4]")},
                   {Int8("")},
                   R"("alpha": 0.1, )" + Multipliers(multiplier, shift),
                   reason};
  };
  const auto swish = [](const char* from, const char* to, const std::string& attributes,
                        const char* reason, ErrorCode code = ErrorCode::kInvalidFile) {
    return OneNode{"hard_swish", {Int8("[1, 4]", from)}, {Int8("", to)}, attributes, reason, code};
  };
  CheckNodes({
      leaky("5, -5", "31, -31", ""),
      leaky("5", "0", "'multiplier' has 1 values instead of 2"),
      leaky("5, 5", "0", "'shift' has 1 values instead of 2"),
      leaky("5, 2147483648", "0, 0", "'multiplier' holds 2147483648"),
      leaky("5, -2147483648", "0, 0", "'multiplier' holds -2147483648"),
      leaky("5, 5", "0, 32", "'shift' holds 32"),
      leaky("5, 5", "0, -32", "'shift' holds -32"),
      {"leaky_relu",
       {Int16("[1, 4]", "0.5", "1")},
       {Int16("")},
       R"("alpha": 0.1)",
       "zero point 1",
       kUnsupported},
      swish("0.5", "0.0078125", "", ""),
      swish("0.9999999", "0.0078125", "", ""),  // the 16-bit factor saturates
      swish("1", "0.001", "", "the output's scale is too small", kUnsupported),
      swish("1", "1", Multipliers("5, 32768", "0, 0"), "'multiplier' holds 32768"),
      swish("1", "1", Multipliers("-1, 5", "0, 0"), "'multiplier' holds -1"),
      {"hard_swish", {kFloats}, {kFloat}, "", ""},
  });
}

TEST_CASE("checklist 7: softmax, log_softmax and l2_normalization") {
  const std::string row = Int8("[1, 4]", "0.1", "3");
  const std::string softmax = Int8("", "0.00390625", "-128"), log = Int8("", "0.0625", "127");
  const std::string wide = Int16("", "3.0517578125e-05");
  const std::string half(kHalf);
  CheckNodes({
      {"softmax", {row}, {softmax}, "", ""},
      {"softmax", {row}, {softmax}, R"("beta": 1e12)", ""},
      {"softmax", {row}, {softmax}, R"("beta": 0)", "'multiplier' is missing and cannot be"},
      {"softmax", {row}, {Int8("", "0.004", "-128")}, "", "scale has to be", kUnsupported},
      {"softmax", {row}, {Int8("", "0.00390625", "-127")}, "", "zero point -128", kUnsupported},
      {"softmax", {row}, {softmax}, Multipliers(half, "1"), "'shift' holds 1"},
      {"softmax", {row}, {softmax}, Multipliers("1073741823", "0"), "holds 1073741823"},
      {"softmax", {TensorFields("float32", "[]")}, {kFloat}, "", "the input has no dimensions"},
      {"softmax",
       {TensorFields("uint8", "[1, 4]", "0.1")},
       {TensorFields("uint8", "", "0.00390625")},
       "",
       ""},
      {"softmax", {Int16("[1, 4]")}, {wide}, "", ""},
      {"softmax", {Int16("[1, 4]")}, {wide}, Multipliers(half, "5"), ""},
      {"softmax", {Int16("[1, 4]")}, {wide}, R"("beta": 0)", "'multiplier' is missing"},
      {"softmax", {Int16("[1, 4]")}, {wide}, R"("beta": 1e9)", "'multiplier' is missing"},
      {"log_softmax", {kFloats}, {kFloat}, "", ""},
      {"log_softmax", {row}, {log}, "", ""},
      {"log_softmax", {Int8("[1, 4]", "1e-8")}, {log}, "", "'multiplier' is missing"},
      {"log_softmax", {row}, {log}, Multipliers(half + ", 5", "1, 0"), "holds a wrong sign"},
      {"log_softmax", {row}, {log}, Multipliers(half + ", 5", "0, -1"), "holds a wrong sign"},
      {"log_softmax", {row}, {log}, Multipliers("5, 5", "0, 0"), "'multiplier' holds 5"},
      {"log_softmax",
       {TensorFields("uint8", "[1, 4]", "0.1")},
       {TensorFields("uint8", "", "0.0625", "255")},
       "",
       ""},
      {"l2_normalization", {kFloats}, {kFloat}, "", ""},
      {"l2_normalization", {row}, {Int8("", "0.0078125")}, "", ""},
      {"l2_normalization",
       {Int8("[1, 33026]")},
       {Int8("", "0.0078125")},
       "",
       "rows of more than 33025 elements could overflow",
       kUnsupported},
      {"l2_normalization", {Int8("[]")}, {Int8("", "0.0078125")}, "", "has no dimensions"},
  });
}

TEST_CASE("checklist 7: pools, reductions and resizing keep or change the scale") {
  const std::string image = Int8("[1, 4, 4, 2]", "0.5", "3"), same = Int8("", "0.5", "3");
  const std::string floats = TensorFields("float32", "[1, 4, 4, 2]");
  const auto pool = [&](const std::string& y, const std::string& attributes, const char* reason,
                        ErrorCode code = ErrorCode::kInvalidFile) {
    return OneNode{"max_pool_2d", {image}, {y}, R"("filter": [2, 2], )" + attributes, reason, code};
  };
  const auto reduce = [](const char* type, const std::string& x, const std::string& y,
                         const std::string& attributes, const char* reason,
                         ErrorCode code = ErrorCode::kInvalidFile) {
    return OneNode{type, {x}, {y}, R"("axes": [1])" + attributes, reason, code};
  };
  const auto resize = [](const char* type, const std::string& x, const std::string& y,
                         const char* size, const char* attributes, const char* reason,
                         ErrorCode code = ErrorCode::kInvalidFile) {
    return OneNode{type, {x}, {y}, R"("size": )" + std::string(size) + attributes, reason, code};
  };
  const char* const kBilinear = "resize_bilinear";
  const char* const kNearest = "resize_nearest_neighbor";
  CheckNodes({
      pool(same, R"("clamp": [-128, 127])", ""),
      pool(same, R"("clamp": [0])", "attribute 'clamp' has to be two values"),
      pool(same, R"("clamp": [-129, 0])", "attribute 'clamp' has to be two values"),
      pool(same, R"("clamp": [0, 128])", "attribute 'clamp' has to be two values"),
      pool(same, R"("clamp": [5, 4])", "in order"),
      pool(same, R"("stride": [1])", "attribute 'stride' needs 2 values"),
      pool(same, R"("padding": [0, 0])", "attribute 'padding' needs 4 values"),
      pool(same, R"("padding": [0, 2, 0, 0])", "padding is not smaller than the window"),
      pool(Int8("", "0.25", "3"), R"("stride": [1, 1])", "need the same scale", kUnsupported),
      pool(Int8("", "0.5", "4"), R"("stride": [1, 1])", "and zero point", kUnsupported),
      {"average_pool_2d",
       {TensorFields("uint8", "[1, 4, 4, 2]", "1")},
       {TensorFields("uint8", "", "1")},
       R"("filter": [2, 2], "clamp": [-1, 5])",
       "attribute 'clamp' has to be two values"},
      {"max_pool_2d", {floats}, {kFloat}, R"("filter": [1048577, 1])", "window of 1048577 x 1"},
      {"max_pool_2d", {floats}, {kFloat}, R"("filter": [1, 1048577])", "window of 1 x 1048577"},
      {"max_pool_2d", {floats}, {kFloat}, R"("filter": [1, 0])", "a window of 1 x 0"},
      reduce("mean", floats, kFloat, "", ""),
      reduce("reduce_max", floats, kFloat, "", ""),
      reduce("reduce_min", image, same, R"(, "keep_dims": true)", ""),
      reduce("reduce_max", image, Int8(""), "", "need the same scale", kUnsupported),
      reduce("sum", image, same, ", " + Multipliers(kHalf, "-31"), "'shift' is below -30"),
      reduce("sum", Int8("[1, 8388607]"), same, "", ""),
      reduce("sum", Int8("[1, 8388608]"), same, "", "sum of 8388608 elements", kUnsupported),
      reduce("mean", Int16("[1, 65536]"), Int16(""), "", "the limit is 65535", kUnsupported),
      resize(kBilinear, floats, kFloat, "[2, 3]", "", ""),
      resize(kBilinear, floats, kFloat, "[2]", "", "'size' needs 2 positive values"),
      resize(kBilinear, floats, kFloat, "[2, 0]", "", "'size' needs 2 positive values"),
      resize(kBilinear, floats, kFloat, "[-1, 2]", "", "'size' needs 2 positive values"),
      resize(kBilinear, floats, kFloat, "[1048577, 1]", "", "1048577 pixels", kUnsupported),
      resize(kBilinear, floats, kFloat, "[2, 2]", R"(, "align_corners": true)", ""),
      resize(kBilinear, floats, kFloat, "[2, 2]",
             R"(, "align_corners": true, "half_pixel_centers": true)", "align_corners together",
             kUnsupported),
      resize(kBilinear, image, Int8(""), "[2, 2]", "", "need the same scale", kUnsupported),
      resize(kNearest, image, same, "[2, 2]", "", ""),
      resize(kNearest, floats, kFloat, "[2, 2]", "", ""),
      resize(kNearest, image, TensorFields("int8", ""), "[2, 2]", "", ""),
      resize(kNearest, image, Int8(""), "[2, 2]", "", "need the same scale", kUnsupported),
  });
}

}  // namespace
}  // namespace integra::test
