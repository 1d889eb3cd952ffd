// Nodes of a network file whose attributes and shapes make no sense; groups 6 and 8 of the list in
// docs/TESTING.md. tflite_operators_refused_test.cc has the same of .tflite files.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/support/networks.h"
#include "tests/support/temporary_folder.h"

namespace integra::test {
namespace {

struct Case {
  const char* type;
  std::vector<const char*> inputs;  // the fields of each but its type
  const char* attributes;
  const char* reason;  // null: it is accepted
};

constexpr const char* kImage = R"("dtype": "float32", "shape": [1, 4, 4, 2])";
constexpr const char* kWeights =
    R"("dtype": "float32", "shape": [2, 2, 2, 2],
       "data": [1, 2, 3, 4, 5, 6, 7, 8, 8, 7, 6, 5, 4, 3, 2, 1])";

// A network of node "n" alone.
std::string TextOf(const Case& c) {
  std::string tensors = R"("y": {"dtype": "float32"})", all, activations;
  for (size_t i = 0; i < c.inputs.size(); ++i) {
    const std::string name = "\"x" + std::to_string(i) + "\"", fields = c.inputs[i];
    tensors += ", " + name + ": {" + fields + "}";
    all += (i > 0 ? ", " : "") + name;
    if (fields.find("\"data\"") == std::string::npos) activations += (i > 0 ? ", " : "") + name;
  }
  return R"({"format": "integra-network", "version": 1, "name": "one", "inputs": [)" + activations +
         R"(], "outputs": ["y"], "tensors": {)" + tensors +
         R"(}, "nodes": [{"name": "n", "type": ")" + c.type + R"(", "inputs": [)" + all +
         R"(], "outputs": ["y"], "attributes": {)" + c.attributes + "}}]}";
}

void Check(const std::vector<Case>& cases) {
  const TemporaryFolder folder;
  for (const Case& c : cases) {
    const Refusal refusal = TryLoad(folder.Write("net.json", TextOf(c)));
    CAPTURE(c.type);
    CAPTURE(c.attributes);
    INFO(refusal.message);
    CHECK(refusal.loaded == (c.reason == nullptr));
    if (c.reason == nullptr) continue;
    CHECK(refusal.code == ErrorCode::kInvalidFile);
    CHECK(Says(refusal, "net.json"));
    CHECK(Says(refusal, c.reason));
  }
}

TEST_CASE("checklist 6: windows, strides, dilations, padding, blocks and groups that cannot be") {
  const char* const kThree = R"("dtype": "float32", "shape": [1, 4, 4, 3])";
  const char* const kSix = R"("dtype": "float32", "shape": [1, 4, 4, 6])";
  const char* const kBias = R"("dtype": "float32", "shape": [3], "data": [1, 2, 3])";
  Check({
      {"max_pool_2d", {kImage}, R"("filter": [2, 2])", nullptr},
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
      {"conv_2d", {kImage, kWeights}, "", nullptr},
      {"conv_2d", {kImage, kWeights}, R"("stride": [1, 0])", "'n' (conv_2d): attribute 'stride'"},
      {"conv_2d", {kImage, kWeights}, R"("dilation": [0, 1])", "'dilation' holds 0"},
      {"conv_2d", {kImage, kWeights}, R"("dilation": [4, 1])", "larger than the padded input"},
      {"conv_2d", {kImage, kWeights}, R"("padding": [2, 0, 0, 0])", "padding is not smaller"},
      {"conv_2d", {kThree, kWeights}, "", "input has 3 channels, the filter 2"},
      {"conv_2d", {kSix, kWeights}, "", "3 groups do not divide 2 output channels"},
      {"conv_2d", {kImage, kWeights, kBias}, "", "bias 'x2' has 3 values for 2 output channels"},
      {"space_to_depth", {kImage}, R"("block_size": 2)", nullptr},
      {"space_to_depth", {kImage}, R"("block_size": 0)", "'n' (space_to_depth)"},
      {"space_to_depth", {kImage}, R"("block_size": 3)", "'n' (space_to_depth)"},
  });
}

TEST_CASE("checklist 8: reshapes, broadcasts, joins, slices and axes that do not fit") {
  const char* const kOther = R"("dtype": "float32", "shape": [1, 4, 3, 2])";
  const char* const kIndex = R"("dtype": "int32", "shape": [1], "data": [0])";
  Check({
      {"reshape", {kImage}, R"("shape": [-1, 8])", nullptr},
      {"reshape", {kImage}, R"("shape": [-1, -1])", "has more than one -1"},
      {"reshape", {kImage}, R"("shape": [3, -1])", "cannot reshape [1, 4, 4, 2]"},
      {"reshape", {kImage}, R"("shape": [1, 1, 1, 1, 1, 1, 1, 1, 32])", "9 dimensions"},
      {"add", {kImage, R"("dtype": "float32", "shape": [3])"}, "", "do not broadcast"},
      {"concatenation", {kImage, kOther}, R"("axis": 2)", nullptr},
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
