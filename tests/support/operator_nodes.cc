#include "tests/support/operator_nodes.h"

#include <string>

namespace integra::test {
namespace {

using Nodes = std::vector<OneNode>;

struct Type {
  const char* name;
  const char* zero_point;
  bool is_float = false;
};
constexpr Type kInt8 = {"int8", "3"};
constexpr Type kUInt8 = {"uint8", "131"};
constexpr Type kInt16 = {"int16", "0"};
constexpr Type kFloat = {"float32", "", true};
constexpr Type kBytes[] = {kInt8, kUInt8};
constexpr Type kQuantized[] = {kInt8, kUInt8, kInt16};

// A tensor of the network; without a shape where the node makes it.
std::string Of(const Type& type, const std::string& shape = "", const std::string& scale = "0.5",
               const std::string& zero_point = "") {
  if (type.is_float) return TensorFields(type.name, shape);
  return TensorFields(type.name, shape, scale, zero_point.empty() ? type.zero_point : zero_point);
}

// A constant of `count` small numbers of both signs.
std::string Constant(const std::string& type, const std::string& shape, int count,
                     const std::string& scale = "", const std::string& zero_point = "0") {
  std::string data = "[";
  for (int i = 0; i < count; ++i) {
    if (i > 0) data += ", ";
    data += std::to_string(type == "uint8" ? i * 7 % 23 : i * 7 % 23 - 11);
  }
  return TensorFields(type, shape, scale, zero_point, data + "]");
}

// A constant whose scales are those of its last dimension.
std::string AlongLast(std::string constant) {
  const size_t zero_point = constant.find(R"("zero_point")");
  if (zero_point != constant.npos) constant.insert(zero_point, R"("axis": 3, )");
  return constant;
}

std::string Indices(const char* shape, const char* data) {
  return TensorFields("int32", shape, "", "", data);
}

void AddLayers(Nodes& nodes) {
  const std::string conv = R"("stride": [2, 1], "padding": [1, 1, 1, 1], "activation": "relu6")";
  const std::string depthwise = R"("dilation": [1, 2], "padding": [0, 0, 1, 1])";
  const std::string image = "[1, 5, 5, 2]", row = "[2, 9]";
  for (const Type& type : {kInt8, kUInt8, kInt16, kFloat}) {
    const std::string x = Of(type, image), y = Of(type, "", "0.75"), dense = Of(type, row);
    const bool per_channel = std::string(type.name) != "uint8";
    const std::string weights = per_channel && !type.is_float ? "int8" : type.name;
    const std::string bias = type.is_float                       ? "float32"
                             : std::string(type.name) == "int16" ? "int64"
                                                                 : "int32";
    const auto w = [&](const char* shape, int count, const char* scales) {
      if (type.is_float) return Constant("float32", shape, count);
      return Constant(weights, shape, count, per_channel ? scales : "0.25",
                      per_channel ? "0" : "11");
    };
    const auto b = [&](const char* shape, int count, const char* scales) {
      if (type.is_float) return Constant("float32", shape, count);
      return Constant(bias, shape, count, per_channel ? scales : "0.125");
    };
    nodes.push_back(
        {"conv_2d",
         {x, w("[3, 3, 3, 2]", 54, "[0.1, 0.25, 0.5]"), b("[3]", 3, "[0.05, 0.125, 0.25]")},
         {y},
         conv,
         ""});
    nodes.push_back({"depthwise_conv_2d",
                     {x, AlongLast(w("[1, 3, 2, 4]", 24, "[0.1, 0.25, 0.5, 0.2]")),
                      b("[4]", 4, "[0.05, 0.125, 0.25, 0.1]")},
                     {y},
                     depthwise,
                     ""});
    nodes.push_back(
        {"fully_connected", {dense, w("[3, 9]", 27, "0.25"), b("[3]", 3, "0.125")}, {y}, "", ""});
  }
}

void AddLstm(Nodes& nodes) {
  for (const Type& type : {kInt8, kFloat}) {
    const std::string scale = type.is_float ? "" : "0.01";
    const std::string bias = type.is_float ? "float32" : "int32";
    OneNode node{"unidirectional_sequence_lstm",
                 {Of(type, "[1, 2, 3]")},
                 {Of(type, "", "0.0078125")},
                 R"("cell_clip": 4)",
                 ""};
    for (int i = 0; i < 4; ++i) node.inputs.push_back(Constant(type.name, "[2, 3]", 6, scale));
    for (int i = 0; i < 4; ++i) node.inputs.push_back(Constant(type.name, "[2, 2]", 4, scale));
    for (int i = 0; i < 4; ++i) node.inputs.push_back(Constant(bias, "[2]", 2));
    nodes.push_back(std::move(node));
  }
}

// Functions of one tensor.
void AddActivations(Nodes& nodes) {
  const std::string shape = "[2, 3, 5]";
  const auto add = [&](const char* op, const Type& type, const std::string& y,
                       const char* attributes = "") {
    nodes.push_back({op, {Of(type, shape, "0.1")}, {y}, attributes, ""});
  };
  for (const Type& type : kBytes) {
    const bool is_signed = type.zero_point == kInt8.zero_point;
    const std::string lowest = is_signed ? "-128" : "0", highest = is_signed ? "127" : "255";
    const std::string middle = is_signed ? "0" : "128";
    for (const char* const op : {"relu", "relu6", "relu_n1_to_1", "hard_swish", "elu", "exp"}) {
      add(op, type, Of(type, "", "0.2"));
    }
    add("leaky_relu", type, Of(type, "", "0.2"), R"("alpha": -0.3)");
    add("gelu", type, Of(type, "", "0.2"));
    add("gelu", type, Of(type, "", "0.2"), R"("approximate": true)");
    add("logistic", type, Of(type, "", "0.00390625", lowest));
    add("tanh", type, Of(type, "", "0.0078125", middle));
    add("softmax", type, Of(type, "", "0.00390625", lowest), R"("beta": 1.5)");
    add("log_softmax", type, Of(type, "", "0.0625", highest));
    add("l2_normalization", type, Of(type, "", "0.0078125", middle));
  }
  for (const char* const op : {"relu", "relu6", "exp"}) add(op, kInt16, Of(kInt16, "", "0.2"));
  add("leaky_relu", kInt16, Of(kInt16), R"("alpha": 0.25)");
  for (const char* const op : {"logistic", "tanh", "softmax"}) {
    add(op, kInt16, Of(kInt16, "", "3.0517578125e-05"));
  }
  for (const char* const op :
       {"relu", "relu6", "relu_n1_to_1", "hard_swish", "elu", "exp", "gelu", "logistic", "tanh",
        "softmax", "log_softmax", "l2_normalization", "sqrt"}) {
    add(op, kFloat, Of(kFloat));
  }
  add("leaky_relu", kFloat, Of(kFloat), R"("alpha": 0.25)");
}

void AddConversions(Nodes& nodes) {
  const std::string shape = "[2, 3]";
  const std::string wide = TensorFields("int32", "", "0.5", "0");
  for (const Type& type : kQuantized) {
    nodes.push_back({"quantize", {Of(type, shape)}, {Of(kInt8, "", "0.7")}, "", ""});
    nodes.push_back({"quantize", {Of(kFloat, shape)}, {Of(type)}, "", ""});
    nodes.push_back({"dequantize", {Of(type, shape)}, {Of(kFloat)}, "", ""});
  }
  nodes.push_back({"quantize", {Of(kInt16, shape)}, {wide}, R"("rounding": "single")", ""});
  nodes.push_back({"cast", {Of(kInt16, shape)}, {TensorFields("int64", "")}, "", ""});
  nodes.push_back({"cast", {TensorFields("int64", shape)}, {TensorFields("bool", "")}, "", ""});
  nodes.push_back({"cast", {Of(kFloat, shape)}, {TensorFields("int32", "")}, "", ""});
}

// Functions of two tensors.
void AddOperands(Nodes& nodes) {
  const std::string shape = "[1, 4, 4, 3]", row = "[3]";
  const std::string integers = TensorFields("int32", shape), same = TensorFields("int32", "");
  for (const Type& type : {kInt8, kUInt8, kInt16, kFloat}) {
    const std::string a = Of(type, shape), b = Of(type, row, "0.25"), y = Of(type, "", "0.75");
    nodes.push_back({"add", {a, b}, {y}, "", ""});
    nodes.push_back({"sub", {b, a}, {y}, R"("activation": "relu")", ""});
    nodes.push_back({"mul", {a, a}, {y}, "", ""});
    nodes.push_back({"maximum", {a, Of(type, row)}, {Of(type)}, "", ""});
    nodes.push_back({"minimum", {Of(type, row), a}, {Of(type)}, "", ""});
  }
  for (const char* const op : {"add", "mul", "maximum", "minimum", "floor_div"}) {
    nodes.push_back({op, {integers, TensorFields("int32", row)}, {same}, "", ""});
  }
  for (const char* const op : {"div", "floor_div"}) {
    nodes.push_back({op, {Of(kFloat, shape), Of(kFloat, row)}, {Of(kFloat)}, "", ""});
  }
}

// Functions of windows, rows and whole dimensions of an image.
void AddReductions(Nodes& nodes) {
  const std::string shape = "[1, 4, 5, 3]", index = TensorFields("int32", "");
  for (const Type& type : {kInt8, kUInt8, kInt16, kFloat}) {
    const std::string x = Of(type, shape), y = Of(type), other = Of(type, "", "0.4");
    const auto add = [&](const char* op, const std::string& output, const char* attributes) {
      nodes.push_back({op, {x}, {output}, attributes, ""});
    };
    const char* const window = R"("filter": [3, 2], "stride": [2, 2], "padding": [1, 0, 0, 1])";
    add("average_pool_2d", y, window);
    add("max_pool_2d", y, window);
    add("mean", other, R"("axes": [1, 2], "keep_dims": true)");
    add("sum", other, R"("axes": [-1])");
    add("reduce_max", y, R"("axes": [1, 3])");
    add("reduce_min", y, R"("axes": [2], "keep_dims": true)");
    add("arg_max", index, R"("axis": 3)");
    add("arg_min", index, R"("axis": 1)");
    add("resize_bilinear", y, R"("size": [7, 3], "half_pixel_centers": true)");
    add("resize_nearest_neighbor", y, R"("size": [2, 9])");
  }
}

// What moves elements and computes nothing.
void AddMovement(Nodes& nodes) {
  const std::string shape = "[1, 4, 4, 3]";
  const std::string coordinates = Indices("[2, 2]", "[0, 3, 0, 1]");
  for (const Type& type : {kInt8, kInt16, kFloat}) {
    const std::string x = Of(type, shape), y = Of(type);
    const auto add = [&](const char* op, std::vector<std::string> inputs, size_t outputs,
                         const char* attributes) {
      nodes.push_back(
          {op, std::move(inputs), std::vector<std::string>(outputs, y), attributes, ""});
    };
    add("reshape", {x}, 1, R"("shape": [-1, 6])");
    add("squeeze", {x}, 1, R"("axes": [0])");
    add("expand_dims", {x}, 1, R"("axis": 1)");
    add("transpose", {x}, 1, R"("perm": [0, 3, 1, 2])");
    add("pad", {x}, 1, R"("paddings": [0, 0, 1, 2, 0, 1, 0, 0])");
    add("padv2", {x, Of(type, "[1]")}, 1, R"("paddings": [0, 0, 1, 2, 0, 1, 0, 0])");
    add("slice", {x}, 1, R"("begin": [0, 1, 2, 0], "size": [1, 2, -1, 3])");
    add("strided_slice", {x}, 1,
        R"("begin": [0, 1, 3, 0], "end": [1, 4, 0, 3], "strides": [1, 2, -1, 1])");
    add("concatenation", {x, x, x}, 1, R"("axis": 3)");
    add("split", {x}, 2, R"("axis": 1)");
    add("split_v", {x}, 2, R"("axis": 2, "size_splits": [1, 3])");
    add("pack", {x, x}, 1, R"("axis": 1)");
    add("unpack", {x}, 4, R"("axis": 2)");
    add("gather", {x, Indices("[3]", "[3, 0, 3]")}, 1, R"("axis": 1)");
    add("gather_nd", {x, coordinates}, 1, "");
    add("space_to_batch_nd", {x}, 1, R"("block_shape": [2, 2], "paddings": [0, 0, 2, 0])");
    add("batch_to_space_nd", {Of(type, "[4, 2, 3, 3]")}, 1,
        R"("block_shape": [2, 2], "crops": [0, 0, 2, 0])");
    add("space_to_depth", {x}, 1, R"("block_size": 2)");
    add("depth_to_space", {Of(type, "[1, 2, 2, 12]")}, 1, R"("block_size": 2)");
  }
}

}  // namespace

std::vector<OneNode> OperatorNodes() {
  Nodes nodes;
  AddLayers(nodes);
  AddLstm(nodes);
  AddActivations(nodes);
  AddConversions(nodes);
  AddOperands(nodes);
  AddReductions(nodes);
  AddMovement(nodes);
  return nodes;
}

}  // namespace integra::test
