#include "tests/support/random_layer.h"

#include <string>

namespace integra::test {
namespace {

template <typename T>
graph::TensorId Add(graph::Graph& g, const char* name, DataType dtype, Shape shape,
                    int32_t zero_point, std::vector<T> data) {
  graph::Tensor t;
  t.name = name;
  t.dtype = dtype;
  t.shape = std::move(shape);
  t.quantization = {{0.5f}, {zero_point}, 0};
  if (!data.empty()) t.data = SharedBytes::Own(std::move(data));
  g.tensors.push_back(std::move(t));
  return static_cast<graph::TensorId>(g.tensors.size() - 1);
}

}  // namespace

int64_t Pick(Random& random, int64_t low, int64_t high) {
  return low + static_cast<int64_t>(random() % static_cast<uint64_t>(high - low + 1));
}

Layer RandomLayer(Random& random, const LayerShapes& s) {
  Layer l;
  const bool is_uint8 = random() % 3 == 0;
  const int offset = is_uint8 ? 0 : 128;
  kernels::Conv2dParams& p = l.params;
  p.batch = Pick(random, 1, 2);
  p.in_channels = s.in;
  p.out_channels = s.out;
  p.depthwise = s.depthwise;
  p.groups = s.groups;
  std::vector<int64_t> padding;
  const auto axis = [&](int64_t input, int64_t kernel) {
    kernels::ConvAxis a;
    a.input = input;
    a.kernel = kernel;
    a.dilation = random() % 4 ? 1 : Pick(random, 2, 3);
    if (a.extent() > input) a.dilation = 1;
    a.stride = Pick(random, 1, 3);
    const bool pad = random() % 3 != 0;
    a.pad_before = pad ? Pick(random, 0, a.extent() - 1) : 0;
    const int64_t after = pad ? Pick(random, 0, a.extent() - 1) : 0;
    a.output = (input + a.pad_before + after - a.extent()) / a.stride + 1;
    padding.push_back(a.pad_before);
    padding.push_back(after);
    return a;
  };
  p.y = axis(s.height, s.ky);
  p.x = axis(s.width, s.kx);
  const int32_t zx = static_cast<int32_t>(Pick(random, 0, 255));
  p.src_zero_point = zx;
  p.weight_zero_point = is_uint8 ? static_cast<int32_t>(Pick(random, -128, 127)) : 0;

  const int64_t taps = s.ky * s.kx * (s.depthwise ? 1 : s.in / s.groups);
  const bool extreme = random() % 4 == 0;
  for (int64_t i = 0; i < s.out * taps; ++i) {
    l.weights.push_back(extreme ? (random() % 2 ? 127 : -128) : static_cast<int8_t>(random()));
  }
  for (int64_t i = 0; i < s.out; ++i) {
    l.bias.push_back(static_cast<int32_t>(Pick(random, -20000, 20000)));
  }
  l.stage.rounding = random() % 2 ? Rounding::kSingle : Rounding::kDouble;
  l.stage.zero_point = static_cast<int32_t>(Pick(random, 0, 255));
  if (random() % 2) l.stage.min = l.stage.zero_point;
  const int64_t multipliers = random() % 2 ? 1 : s.out;
  for (int64_t i = 0; i < multipliers; ++i) {
    l.stage.multipliers.push_back(
        {static_cast<int32_t>(Pick(random, int64_t{1} << 30, (int64_t{1} << 31) - 1)),
         static_cast<int32_t>(Pick(random, random() % 8 ? 4 : -2, 12))});
  }

  graph::Graph& g = l.graph;
  const DataType type = is_uint8 ? DataType::kUInt8 : DataType::kInt8;
  g.name = "layer";
  const auto x = Add<int8_t>(g, "x", type, {p.batch, s.height, s.width, s.in}, zx - offset, {});
  const Shape shape =
      s.depthwise ? Shape{1, s.ky, s.kx, s.out} : Shape{s.out, s.ky, s.kx, s.in / s.groups};
  graph::TensorId w;
  if (is_uint8) {
    std::vector<uint8_t> bytes;
    for (const int8_t v : l.weights) bytes.push_back(static_cast<uint8_t>(v + 128));
    w = Add(g, "w", type, shape, p.weight_zero_point + 128, bytes);
  } else {
    w = Add(g, "w", type, shape, 0, l.weights);
  }
  const auto b = Add(g, "b", DataType::kInt32, {s.out}, 0, l.bias);
  const auto y = Add<int8_t>(g, "y", type, {p.batch, p.y.output, p.x.output, s.out},
                             l.stage.zero_point - offset, {});
  graph::Node node;
  node.name = "conv";
  node.type = s.depthwise ? graph::OpType::kDepthwiseConv2d : graph::OpType::kConv2d;
  node.inputs = {x, w, b};
  node.outputs = {y};
  std::vector<int64_t> multiplier, shift;
  for (const Multiplier& f : l.stage.multipliers) {
    multiplier.push_back(f.m);
    shift.push_back(f.s);
  }
  node.attributes = {
      {"stride", std::vector<int64_t>{p.y.stride, p.x.stride}},
      {"dilation", std::vector<int64_t>{p.y.dilation, p.x.dilation}},
      {"padding", padding},
      {"activation", std::string("none")},
      {"multiplier", multiplier},
      {"shift", shift},
      {"rounding", std::string(l.stage.rounding == Rounding::kSingle ? "single" : "double")},
      {"clamp", std::vector<int64_t>{l.stage.min - offset, l.stage.max - offset}}};
  g.nodes.push_back(std::move(node));
  g.inputs = {x};
  g.outputs = {y};
  return l;
}

}  // namespace integra::test
