// Operators of several tensors in a network file, and those that move elements: types, scales,
// integers and shapes that do not go together. activation_refusals_test.cc has functions of one
// tensor.
#include <doctest/doctest.h>

#include "graph/ops/joining.h"
#include "tests/support/check_nodes.h"

namespace integra::test {
namespace {

constexpr auto kUnsupported = ErrorCode::kUnsupported;

std::string Int8(const char* shape, const char* scale = "0.5", const char* zero_point = "0",
                 const char* data = "") {
  return TensorFields("int8", shape, scale, zero_point, data);
}
std::string Int16(const char* shape, const char* scale = "0.5", const char* zero_point = "0") {
  return TensorFields("int16", shape, scale, zero_point);
}
std::string Plain(const char* type, const char* shape = "", const char* data = "") {
  return TensorFields(type, shape, "", "", data);
}
const std::string kRow = Int8("[1, 4]"), kSame = Int8("");
const std::string kImage = Plain("float32", "[1, 4, 4, 2]"), kFloat = Plain("float32");

TEST_CASE("checklist 7: types, scales and multipliers of conversions") {
  const auto quantize = [](const std::string& x, const std::string& y, const char* attributes,
                           const char* reason, ErrorCode code = ErrorCode::kInvalidFile) {
    return OneNode{"quantize", {x}, {y}, attributes, reason, code};
  };
  const auto by_hand = [&](const char* attributes, const char* reason) {
    return quantize(kRow, kSame, attributes, reason);
  };
  CheckNodes({
      quantize(Plain("float32", "[4]"), kSame, "", ""),
      quantize(Plain("float32", "[4]"), kFloat, "", "'y0' is float32", kUnsupported),
      quantize(Plain("float32", "[4]"), TensorFields("int32", "", "1"), "", "of float inputs",
               kUnsupported),
      quantize(kRow, TensorFields("int32", "", "1"), "", "int32 results of 8-bit", kUnsupported),
      quantize(Int16("[4]"), TensorFields("int32", "", "1"), "", ""),
      quantize(Int16("[4]"), Plain("int32"), "", "tensor 'y0' needs one scale"),
      quantize(Plain("int32", "[4]"), kSame, "", "tensor 'x0' needs one scale"),
      quantize(TensorFields("int32", "[4]", "1"), kSame, "", ""),
      quantize(TensorFields("int32", "[4]", "1", "3"), kSame, "", "zero point 3", kUnsupported),
      quantize(Int16("[4]", "1", "1"), Int16(""), "", "'x0' has zero point 1", kUnsupported),
      quantize(Int16("[4]"), Int16("", "1", "2"), "", "'y0' has zero point 2", kUnsupported),
      quantize(Int8("[2]", "[1, 2]"), kSame, "", "'x0' has a scale per channel", kUnsupported),
      quantize(kRow, Plain("int8"), "", "'y0' is int8 but has no scale"),
      by_hand(R"("multiplier": [1073741824], "shift": [0])", ""),
      by_hand(R"("multiplier": [0], "shift": [0])", ""),
      by_hand(R"("multiplier": [1073741824])", "attribute 'shift' is missing"),
      by_hand(R"("multiplier": [5, 5], "shift": [0])", "'multiplier' needs 1 values"),
      by_hand(R"("multiplier": [5], "shift": [0])", "'multiplier' holds 5, outside of"),
      by_hand(R"("multiplier": [2147483648], "shift": [0])", "'multiplier' holds 2147483648"),
      by_hand(R"("multiplier": [1073741824], "shift": [32])", "'shift' holds 32, outside of"),
      by_hand(R"("multiplier": [1073741824], "shift": [-31])", "'shift' holds -31, outside of"),
      {"dequantize", {kRow}, {kFloat}, "", ""},
      {"sqrt", {Plain("float32", "[4]")}, {kFloat}, "", ""},
      {"sqrt", {kRow}, {kSame}, "", "input of type int8", kUnsupported},
  });
}

TEST_CASE("checklist 7: types, scales and integers of functions of two tensors") {
  const auto add = [](const char* attributes, const char* reason) {
    return OneNode{"add", {kRow, kRow}, {kSame}, attributes, reason};
  };
  const auto two = [](const char* type, const std::string& x, const std::string& y,
                      const char* attributes, const char* reason,
                      ErrorCode code = ErrorCode::kInvalidFile) {
    return OneNode{type, {x, x}, {y}, attributes, reason, code};
  };
  const std::string bools = Plain("bool", "[4]"), ints = Plain("int32", "[4]");
  CheckNodes({
      add("", ""),
      add(R"("left_shift": 20)", ""),
      add(R"("left_shift": 20, "input_multiplier": [1073741824, 0], "input_shift": [0, 0],
             "multiplier": [1073741824], "shift": [0])",
          ""),
      add(R"("left_shift": 21, "input_multiplier": [0, 0], "input_shift": [0, 0],
             "multiplier": [0], "shift": [0])",
          "'left_shift' holds 21, outside of [0, 20]"),
      add(R"("left_shift": -1, "input_multiplier": [0, 0], "input_shift": [0, 0],
             "multiplier": [0], "shift": [0])",
          "'left_shift' holds -1"),
      add(R"("left_shift": 20, "input_multiplier": [0, 0], "multiplier": [0], "shift": [0])",
          "attribute 'input_shift' is missing"),
      add(R"("left_shift": 20, "input_multiplier": [0, 0], "multiplier": [0])",
          "attribute 'shift' is missing and cannot be derived"),
      add(R"("input_multiplier": [0, 0], "input_shift": [0, -1])", "inputs cannot be scaled up"),
      add(R"("multiplier": [0], "shift": [0])", ""),
      add(R"("clamp": [0, 128])", "attribute 'clamp' has to be two values"),
      {"add", {Int16("[4]", "1"), Int16("[4]", "0.5")}, {Int16("", "1")}, "", ""},
      {"add",
       {Int16("[4]", "1"), Int16("[4]", "0.5")},
       {Int16("", "0.5")},
       "",
       "'pot_scale_int16' the output has to have the scale of the coarser input",
       kUnsupported},
      {"add",
       {Int16("[4]", "1"), Int16("[4]", "2.3283064365386963e-10")},
       {Int16("", "1")},
       "",
       "'pot_scale_int16'",
       kUnsupported},
      {"add", {Int16("[4]", "3"), Int16("[4]", "1")}, {Int16("", "1")}, "", ""},
      {"add", {Int16("[4]", "1"), Int16("[4]", "3")}, {Int16("", "1")}, "", ""},
      {"add", {Int16("[4]", "1"), Int16("[4]", "1")}, {Int16("", "3")}, "", ""},
      two("add", Int16("[4]", "1", "1"), Int16("", "1"), "", "'x0' has zero point 1", kUnsupported),
      two("add", bools, Plain("bool"), "", "'x0' is bool", kUnsupported),
      two("add", ints, Plain("int32"), "", ""),
      two("mul", Plain("int64", "[4]"), Plain("int64"), "", ""),
      two("mul", kRow, Plain("int8"), "", "'y0' is int8 but has no scale"),
      two("mul", kRow, kSame, R"("multiplier": [0])", ""),
      two("mul", Int8("[2]", "[1, 2]"), kSame, "", "scale per channel", kUnsupported),
      two("maximum", kRow, kSame, "", ""),
      two("maximum", bools, Plain("bool"), "", "bool operands", kUnsupported),
      two("minimum", kRow, Int8("", "1"), "", "'x0' and 'y0' differ in scale"),
      two("div", Plain("float32", "[4]"), kFloat, "", ""),
      two("div", kRow, kSame, "", "operands of type int8", kUnsupported),
      two("floor_div", ints, Plain("int32"), "", ""),
      two("floor_div", Plain("float32", "[4]"), kFloat, "", ""),
      two("floor_div", kRow, kSame, "", "operands of type int8", kUnsupported),
      {"add", {kRow, ints}, {kSame}, "", "'x0' (int8) and 'x1' (int32) differ in type"},
  });
}

TEST_CASE("checklist 7: weights and biases that do not go with their layer") {
  const std::string x = Int8("[1, 2]"), y = Int8("", "1");
  const std::string w = Int8("[2, 2]", "0.5", "0", "[1, 2, 3, 4]");
  const auto dense = [](std::vector<std::string> inputs, const std::string& out,
                        const char* attributes, const char* reason,
                        ErrorCode code = ErrorCode::kInvalidFile) {
    return OneNode{"fully_connected", std::move(inputs), {out}, attributes, reason, code};
  };
  const std::string wide = Plain("int64", "[2]", "[1, 9223372036854775807]");
  const std::string bytes = TensorFields("uint8", "[2, 2]", "[1, 2]", "0", "[1, 2, 3, 4]");
  const std::string filter = Plain("float32", "[2, 1, 1, 3]", "[1, 2, 3, 4, 5, 6]");
  CheckNodes({
      dense({x, w}, y, "", ""),
      dense({x, w}, y, R"("keep_dims": true)", ""),
      dense({Int8("[4, 1]"), w}, y, "", ""),
      dense({Int8("[4, 1]"), w}, y, R"("keep_dims": true)", "last dimension has to be 2"),
      dense({Plain("float32", "[]"), Plain("float32", "[1, 1]", "[5]")}, kFloat,
            R"("keep_dims": true)", "last dimension has to be 1"),
      dense({Int8("[3]"), w}, y, "", "input [3] does not divide into rows of 2"),
      dense({x, Int8("[2]", "1", "0", "[1, 2]")}, y, "", "'x1' has shape [2], but 2 dimensions"),
      dense({x, Int8("[2, 2]")}, y, "", "weights 'x1' have to be constant", kUnsupported),
      dense({x, w, Plain("int32", "[2]")}, y, "", "bias 'x2' has to be constant", kUnsupported),
      dense({x, w, wide}, y, "", "'x2' is int64, which does not go with int8 inputs"),
      dense({Int16("[1, 2]"), w, Plain("int64", "[2]", "[1, -2]")}, Int16(""), "", ""),
      dense({Int16("[1, 2]"), w, wide}, Int16(""), "", "48-bit accumulator", kUnsupported),
      dense({Int16("[1, 2]"), w, Plain("int32", "[2]", "[1, -2]")}, Int16(""), "", ""),
      dense({Int16("[1, 2]"), w, Plain("float32", "[2]", "[1, -2]")}, Int16(""), "", "is float32"),
      dense({x, Plain("float32", "[2, 2]", "[1, 2, 3, 4]")}, y, "", "'x1' is float32, which"),
      dense({Plain("float32", "[1, 2]"), w}, kFloat, "", "'x1' is int8, which does not go with"),
      dense({Plain("int32", "[1, 2]"), w}, y, "", "'x0' is int32, which does not go with"),
      dense({x, Plain("int8", "[2, 2]", "[1, 2, 3, 4]")}, y, "", "'x1' is int8 but has no scale"),
      dense({Int8("[2]", "[1, 2]"), w}, y, "", "activations with a scale per", kUnsupported),
      dense({Int8("[1, 2]"), w}, Int8("", "[1, 2]"), "", "activations with a scale per",
            kUnsupported),
      dense({TensorFields("uint8", "[1, 2]", "1"), bytes}, TensorFields("uint8", "", "1"), "",
            "uint8 weights with a scale per channel", kUnsupported),
      dense({TensorFields("uint8", "[1, 2]", "1"), w}, TensorFields("uint8", "", "1"), "", ""),
      dense({x, Int8("[2, 2]", "1", "1", "[1, 2, 3, 4]")}, y, "", "with zero point 1",
            kUnsupported),
      dense({x, w}, TensorFields("int32", "", "1"), "", "'y0' is declared int32"),
      {"depthwise_conv_2d",
       {kImage, filter},
       {kFloat},
       "",
       "the filter's first dimension has to be 1, not 2"},
      {"depthwise_conv_2d",
       {kImage, Plain("float32", "[1, 1, 1, 3]", "[1, 2, 3]")},
       {kFloat},
       "",
       "filter channels (3) are not a multiple of input channels (2)"},
      // The product of these scales is 1 - 2^-34, which rounds up to the next power of two.
      {"conv_2d",
       {Int8("[1, 1, 1, 1]", "1.00000762939453125"),
        Int8("[1, 1, 1, 1]", "0.99999237060546875", "0", "[1]")},
       {Int8("", "1")},
       "",
       ""},
  });
}

TEST_CASE("checklist 8: parts and joints that do not fit") {
  const auto split = [](const char* type, size_t parts, const char* attributes,
                        const char* reason) {
    return OneNode{type, {kImage}, std::vector<std::string>(parts, kFloat), attributes, reason};
  };
  const std::string bytes = TensorFields("uint8", "[1, 4]", "1");
  CheckNodes({
      {"concatenation",
       {kImage, Plain("float32", "[1, 4]")},
       {kFloat},
       R"("axis": 0)",
       "differ in rank"},
      {"concatenation", {bytes, bytes}, {TensorFields("uint8", "", "2")}, R"("axis": 1)", ""},
      {"concatenation", {bytes, bytes}, {Plain("uint8")}, R"("axis": 1)", "has no scale"},
      {"concatenation", {kRow, kRow}, {Int8("", "1")}, R"("axis": 1)", "differ in scale"},
      {"concatenation",
       {Plain("uint8", "[1, 4]"), Plain("uint8", "[1, 4]")},
       {Plain("uint8")},
       R"("axis": 1)",
       ""},
      split("split", 2, R"("axis": 1)", ""),
      split("split", 3, R"("axis": 1)", "cannot split 4 into 3 equal parts"),
      split("split_v", 2, R"("axis": 1, "size_splits": [1, 3])", ""),
      split("split_v", 2, R"("axis": 1, "size_splits": [1, -1])", ""),
      split("split_v", 2, R"("axis": 1, "size_splits": [4])", "has 1 values for 2 outputs"),
      split("split_v", 2, R"("axis": 1, "size_splits": [-1, -1])", "'size_splits' holds -1"),
      split("split_v", 2, R"("axis": 1, "size_splits": [0, 4])", "'size_splits' holds 0"),
      split("split_v", 2, R"("axis": 1, "size_splits": [5, -1])", "'size_splits' holds 5"),
      split("split_v", 2, R"("axis": 1, "size_splits": [4, -1])", "does not add up to 4"),
      split("split_v", 2, R"("axis": 1, "size_splits": [1, 2])", "does not add up to 4"),
      split("unpack", 4, R"("axis": 1)", ""),
      split("unpack", 3, R"("axis": 1)", "has 3 outputs for a dimension of 4"),
      {"split", {kRow}, {Int8("", "1")}, R"("axis": 1)", "'x0' and 'y0' differ in scale"},
      {"pack", {kImage, kImage}, {kFloat}, R"("axis": 4)", ""},
      {"pack", {kImage, Plain("float32", "[2]")}, {kFloat}, R"("axis": 0)", "and [2] differ"},
      {"pack",
       {kImage, Plain("int32", "[1, 4, 4, 2]")},
       {kFloat},
       R"("axis": 0)",
       "differ in type"},
  });
  // Scales so far apart that their ratio is infinite: what is no number becomes the zero point.
  const auto table = graph::ConcatenationTable({.scale = {3e38f}, .zero_point = {0}},
                                               {.scale = {1.2e-38f}, .zero_point = {7}});
  CHECK(table[0] == 7);
  CHECK(table[255] == 7);
}

TEST_CASE("checklist 8: borders, orders and blocks that do not fit") {
  const auto move = [](const char* type, const char* attributes, const char* reason) {
    return OneNode{type, {kImage}, {kFloat}, attributes, reason};
  };
  const auto pad = [](const std::string& x, const std::string& value, const std::string& y,
                      const char* reason) {
    return OneNode{"padv2", {x, value}, {y}, R"("paddings": [0, 0, 1, 1])", reason};
  };
  CheckNodes({
      move("pad", R"("paddings": [0, 0, 1, 1, 2, 2, 0, 0])", ""),
      move("pad", R"("paddings": [0, 0])", "'paddings' has 2 values instead of 8"),
      move("pad", R"("paddings": [0, 0, -1, 1, 2, 2, 0, 0])", "'paddings' holds -1"),
      move("pad", R"("paddings": [0, 0, 1048577, 1, 2, 2, 0, 0])", "'paddings' holds 1048577"),
      pad(kRow, Int8("[1]", "0.5", "0", "[3]"), kSame, ""),
      pad(kRow, Int8("[2]", "0.5", "0", "[3, 4]"), kSame, "the value has to be one number"),
      pad(kRow, Int8("[1]", "1", "0", "[3]"), kSame, "'x1' and 'y0' differ in scale"),
      pad(kRow, Plain("int32", "[1]", "[3]"), kSame, "differ in type"),
      move("transpose", R"("perm": [3, 2, 1, 0])", ""),
      move("transpose", R"("perm": [0, 1, 2, 2])", "'perm' is no permutation of 4"),
      move("transpose", R"("perm": [0, 1, 2, 4])", "'perm' is no permutation of 4"),
      move("transpose", R"("perm": [0, 1])", "'perm' has 2 values instead of 4"),
      move("squeeze", "", ""),
      move("squeeze", R"("axes": [-4])", ""),
      move("squeeze", R"("axes": [1])", "dimension 1 is 4, not 1"),
      move("squeeze", R"("axes": [4])", "axis 4 is outside of 4 dimensions"),
      move("expand_dims", R"("axis": 4)", ""),
      move("expand_dims", R"("axis": 5)", "axis 5 is outside of 5 dimensions"),
      {"space_to_depth",
       {Plain("float32", "[1, 4, 3, 2]")},
       {kFloat},
       R"("block_size": 2)",
       "blocks of 2 do not divide [1, 4, 3, 2]"},
      {"space_to_depth", {kRow}, {kSame}, R"("block_size": 2)", "but 4 dimensions are needed"},
      move("space_to_depth", R"("block_size": 1048577)", "'block_size' holds 1048577"),
      move("depth_to_space", R"("block_size": 2)", "blocks of 2 do not divide"),
      move("space_to_batch_nd", R"("block_shape": [2, 2], "paddings": [0, 0, 1, 1])", ""),
      move("space_to_batch_nd", R"("block_shape": [], "paddings": [])", "has 0 values for 4"),
      move("space_to_batch_nd", R"("block_shape": [1, 1, 1, 1], "paddings": [])", "has 4 values"),
      {"space_to_batch_nd",
       {kRow},
       {kSame},
       R"("block_shape": [1, 1], "paddings": [])",
       "has 2 values for 2 dimensions"},
      move("space_to_batch_nd", R"("block_shape": [3], "paddings": [0, 0])", "blocks of 3 do not"),
      move("space_to_batch_nd", R"("block_shape": [0], "paddings": [0, 0])", "holds 0"),
      move("batch_to_space_nd", R"("block_shape": [1], "crops": [1, 1])", ""),
      move("batch_to_space_nd", R"("block_shape": [2], "crops": [0, 0])", "a batch of 1"),
      move("batch_to_space_nd", R"("block_shape": [1], "crops": [2, 2])", "nothing of dimension 1"),
      move("reshape", R"("shape": [0, -1])", "attribute 'shape' holds 0"),
      move("reshape", R"("shape": [2147483647, 2147483647])", "more than the input's 32 elements"),
      {"reshape", {kRow}, {Int8("", "1")}, R"("shape": [4])", "differ in scale, zero point"},
  });
}

TEST_CASE("checklist 8: slices that lie outside, or are written wrongly") {
  const auto slice = [](const char* attributes, const char* reason) {
    return OneNode{"slice", {kImage}, {kFloat}, attributes, reason};
  };
  const auto strided = [](const char* attributes, const char* reason) {
    return OneNode{"strided_slice", {kImage}, {kFloat}, attributes, reason};
  };
  const std::string many =
      "[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, "
      "0, 0, 0, 0, 0, 0, 0, 0, 0, 0]";
  const std::string all = R"("begin": )" + many + R"(, "end": )" + many + R"(, "strides": )" + many;
  CheckNodes({
      slice(R"("begin": [0, 1, 2, 0], "size": [1, -1, 2, 2])", ""),
      slice(R"("begin": [0], "size": [1, 4, 4, 2])", "'begin' and 'size' need 4 values each"),
      slice(R"("begin": [0, 0, 0, 0], "size": [1])", "'begin' and 'size' need 4 values each"),
      slice(R"("begin": [0, -1, 0, 0], "size": [1, 1, 1, 1])", "1 elements from -1 do not lie"),
      slice(R"("begin": [0, 4, 0, 0], "size": [1, -1, 1, 1])", "-1 elements from 4 do not lie"),
      slice(R"("begin": [0, 0, 0, 0], "size": [1, 0, 1, 1])", "0 elements from 0 do not lie"),
      strided(R"("begin": [0], "end": [1], "strides": [1])", ""),
      strided(R"("begin": [0, 3], "end": [1, 0], "strides": [1, -2])", ""),
      strided(R"("begin": [9, 9], "end": [9, 9], "strides": [1, -1],
                 "begin_mask": 3, "end_mask": 3)",
              ""),
      strided(R"("begin": [0, 0, 1], "end": [0, 0, 2], "strides": [1, 1, 1],
                 "new_axis_mask": 1, "ellipsis_mask": 2, "shrink_axis_mask": 4)",
              ""),
      strided(R"("begin": [0], "end": [1, 2], "strides": [1])", "need the same number of values"),
      strided(R"("begin": [0], "end": [1], "strides": [1, 1])", "need the same number of values"),
      strided(all.c_str(), "at most 31"),
      strided(R"("begin": [1099511627777], "end": [1], "strides": [1])", "holds 1099511627777"),
      strided(R"("begin": [0], "end": [-1099511627777], "strides": [1])", "holds -1099511627777"),
      strided(R"("begin": [0, 0, 0, 0, 0], "end": [1, 1, 1, 1, 1], "strides": [1, 1, 1, 1, 1])",
              "5 entries for 4 dimensions"),
      strided(R"("begin": [0, 2], "end": [1, 2], "strides": [1, 1])", "nothing of dimension 1"),
      strided(R"("begin": [0, 4], "end": [1, 5], "strides": [1, 1],
                 "shrink_axis_mask": 2)",
              "takes nothing of dimension 1, which has 4"),
      strided(R"("begin": [0, -9], "end": [1, -9], "strides": [1, -1],
                 "shrink_axis_mask": 2)",
              "takes nothing of dimension 1, which has 4"),
  });
}

TEST_CASE("checklist 8: indices of other types and shapes") {
  const auto gather = [](const std::string& indices, const char* attributes, const char* reason) {
    return OneNode{"gather", {kImage, indices}, {kFloat}, attributes, reason};
  };
  const auto nd = [](const std::string& x, const char* shape, const char* reason) {
    return OneNode{"gather_nd", {x, Plain("int32", shape)}, {kFloat}, "", reason};
  };
  CheckNodes({
      gather(Plain("int64", "[3]"), R"("axis": -1)", ""),
      gather(Plain("int16", "[3]"), R"("axis": 1)", ""),
      gather(Plain("int8", "[3]"), R"("axis": 1)", "indices have to be int16, int32 or int64"),
      gather(Plain("int32", "[1, 4]"), R"("axis": 2, "batch_dims": -1)", ""),
      gather(Plain("int32", "[1]"), R"("axis": 1, "batch_dims": -2)", "'batch_dims' is -2"),
      gather(Plain("int32", "[1, 4]"), R"("axis": 0, "batch_dims": 1)", "'batch_dims' is 1"),
      gather(Plain("int32", "[1]"), R"("axis": 3, "batch_dims": 2)", "'batch_dims' is 2"),
      gather(Plain("int32", "[2, 1]"), R"("axis": 1, "batch_dims": 1)", "in a batch dimension"),
      nd(kImage, "[2, 4]", ""),
      nd(kImage, "[]", "indices [] do not go with [1, 4, 4, 2]"),
      nd(kImage, "[2, 5]", "indices [2, 5] do not go with [1, 4, 4, 2]"),
      nd(Plain("float32", "[]"), "[1]", "indices [1] do not go with []"),
      {"arg_max", {kImage}, {Plain("int64")}, R"("axis": 1)", ""},
      {"arg_max", {kImage}, {kFloat}, R"("axis": 1)", "output has to be int32 or int64"},
      {"arg_min",
       {Plain("bool", "[4]")},
       {Plain("int32")},
       R"("axis": 0)",
       "bool input",
       kUnsupported},
  });
}

}  // namespace
}  // namespace integra::test
