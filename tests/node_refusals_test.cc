// Nodes of a network file whose attributes and shapes make no sense; groups 6 and 8 of the list in
// docs/TESTING.md. tflite_operators_refused_test.cc has the same of .tflite files.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/support/check_nodes.h"

namespace integra::test {
namespace {

constexpr const char* kImage = R"("dtype": "float32", "shape": [1, 4, 4, 2])";
constexpr const char* kWeights =
    R"("dtype": "float32", "shape": [2, 2, 2, 2],
       "data": [1, 2, 3, 4, 5, 6, 7, 8, 8, 7, 6, 5, 4, 3, 2, 1])";

// Nodes with one float result; `reason` empty: it is accepted.
struct Case {
  const char* type;
  std::vector<std::string> inputs;
  const char* attributes;
  const char* reason;
};

void Check(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    CheckNodes({{c.type, c.inputs, {TensorFields("float32", "")}, c.attributes, c.reason}});
  }
}

TEST_CASE("checklist 6: windows, strides, dilations, padding, blocks and groups that cannot be") {
  const char* const kThree = R"("dtype": "float32", "shape": [1, 4, 4, 3])";
  const char* const kSix = R"("dtype": "float32", "shape": [1, 4, 4, 6])";
  const char* const kBias = R"("dtype": "float32", "shape": [3], "data": [1, 2, 3])";
  Check({
      {"max_pool_2d", {kImage}, R"("filter": [2, 2])", ""},
      {"max_pool_2d", {kImage}, R"("filter": [0, 2])", "'n' (max_pool_2d): a window of 0 x 2"},
      {"max_pool_2d", {kImage}, R"("filter": [2, 2], "stride": [0, 1])", "'stride' holds 0"},
      {"max_pool_2d", {kImage}, R"("filter": [2, 2], "stride": [1, -1])", "'stride' holds -1"},
      {"max_pool_2d", {kImage}, R"("filter": [2])", "'filter' needs 2 values"},
      {"max_pool_2d", {kImage}, R"("filter": [5, 2])", "larger than the padded input"},
      {"max_pool_2d",
       {kImage},
       R"("filter": [2, 2], "padding": [2, 0, 0, 0])",
       "padding is not smaller than the window"},
      {"max_pool_2d",
       {kImage},
       R"("filter": [2, 2], "padding": [0, 0, 0, -1])",
       "'padding' holds -1"},
      {"conv_2d", {kImage, kWeights}, "", ""},
      {"conv_2d", {kImage, kWeights}, R"("stride": [1, 0])", "'n' (conv_2d): attribute 'stride'"},
      {"conv_2d", {kImage, kWeights}, R"("dilation": [0, 1])", "'dilation' holds 0"},
      {"conv_2d", {kImage, kWeights}, R"("dilation": [4, 1])", "larger than the padded input"},
      {"conv_2d", {kImage, kWeights}, R"("padding": [2, 0, 0, 0])", "padding is not smaller"},
      {"conv_2d", {kThree, kWeights}, "", "input has 3 channels, the filter 2"},
      {"conv_2d", {kSix, kWeights}, "", "3 groups do not divide 2 output channels"},
      {"conv_2d", {kImage, kWeights, kBias}, "", "bias 'x2' has 3 values for 2 output channels"},
      {"space_to_depth", {kImage}, R"("block_size": 2)", ""},
      {"space_to_depth", {kImage}, R"("block_size": 0)", "'n' (space_to_depth)"},
      {"space_to_depth", {kImage}, R"("block_size": 3)", "'n' (space_to_depth)"},
  });
}

TEST_CASE("checklist 8: reshapes, broadcasts, joins, slices and axes that do not fit") {
  const char* const kOther = R"("dtype": "float32", "shape": [1, 4, 3, 2])";
  const char* const kIndex = R"("dtype": "int32", "shape": [1], "data": [0])";
  Check({
      {"reshape", {kImage}, R"("shape": [-1, 8])", ""},
      {"reshape", {kImage}, R"("shape": [-1, -1])", "has more than one -1"},
      {"reshape", {kImage}, R"("shape": [3, -1])", "cannot reshape [1, 4, 4, 2]"},
      {"reshape", {kImage}, R"("shape": [1, 1, 1, 1, 1, 1, 1, 1, 32])", "9 dimensions"},
      {"add", {kImage, R"("dtype": "float32", "shape": [3])"}, "", "do not broadcast"},
      {"concatenation", {kImage, kOther}, R"("axis": 2)", ""},
      {"concatenation", {kImage, kOther}, R"("axis": 3)", "differ outside of the axis"},
      {"concatenation", {kImage, kOther}, R"("axis": 4)", "axis 4"},
      {"mean", {kImage}, R"("axes": [4])", "axis 4 is outside of 4 dimensions"},
      {"gather", {kImage, kIndex}, R"("axis": 9)", "axis 9 is outside of 4 dimensions"},
      {"slice",
       {kImage},
       R"("begin": [0, 0, 0, 0], "size": [1, 4, 4, 3])",
       "3 elements from 0 do not lie inside of dimension 3"},
      {"slice", {kImage}, R"("begin": [0, 9, 0, 0], "size": [1, 4, 4, 2])", "'n' (slice)"},
  });
}

}  // namespace
}  // namespace integra::test
