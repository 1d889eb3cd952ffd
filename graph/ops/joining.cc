// Schemas of operators that join and part tensors.
#include "graph/ops/joining.h"

#include <algorithm>
#include <cmath>

#include "graph/ops/operand_checks.h"

namespace integra::graph {
namespace {

void InferConcatenation(InferContext& c) {
  const Shape& first = c.input(0).shape;
  const int64_t axis = c.ResolveAxis(c.node().integer("axis"), first.size());
  Shape out = first;
  out[static_cast<size_t>(axis)] = 0;
  for (size_t i = 0; i < c.input_count(); ++i) {
    c.RequireSameType(0, i);
    Shape shape = c.input(i).shape;
    if (shape.size() != first.size()) {
      c.FailFile("inputs ", ToString(first), " and ", ToString(shape), " differ in rank");
    }
    out[static_cast<size_t>(axis)] += shape[static_cast<size_t>(axis)];
    shape[static_cast<size_t>(axis)] = first[static_cast<size_t>(axis)];
    if (shape != first) {
      c.FailFile("inputs ", ToString(first), " and ", ToString(c.input(i).shape),
                 " differ outside of the axis");
    }
    // 8-bit inputs are brought to the output's scale through a table.
    if (c.input(i).dtype == DataType::kUInt8 && c.is_quantized(i)) {
      RequireOneScale(c, c.input(i));
      RequireOneScale(c, c.output(0));
    } else {
      RequireSameQuantization(c, i, 0);
    }
  }
  c.SetOutput(0, c.input(0).dtype, std::move(out));
}

void SetParts(InferContext& c, int64_t axis, const std::vector<int64_t>& sizes) {
  for (size_t i = 0; i < sizes.size(); ++i) {
    Shape part = c.input(0).shape;
    part[static_cast<size_t>(axis)] = sizes[i];
    RequireSameQuantization(c, 0, i);
    c.SetOutput(i, c.input(0).dtype, std::move(part));
  }
}

void InferSplit(InferContext& c) {
  const Shape& x = c.input(0).shape;
  const int64_t axis = c.ResolveAxis(c.node().integer("axis"), x.size());
  const auto parts = static_cast<int64_t>(c.output_count());
  const int64_t dim = x[static_cast<size_t>(axis)];
  if (dim % parts != 0) c.FailFile("cannot split ", dim, " into ", parts, " equal parts");
  SetParts(c, axis, std::vector<int64_t>(c.output_count(), dim / parts));
}

void InferSplitV(InferContext& c) {
  const Shape& x = c.input(0).shape;
  const int64_t axis = c.ResolveAxis(c.node().integer("axis"), x.size());
  const int64_t dim = x[static_cast<size_t>(axis)];
  std::vector<int64_t> sizes = c.node().integers("size_splits");
  if (sizes.size() != c.output_count()) {
    c.FailFile("attribute 'size_splits' has ", sizes.size(), " values for ", c.output_count(),
               " outputs");
  }
  int64_t known = 0;
  int64_t* open = nullptr;
  for (int64_t& size : sizes) {
    if (size == -1 && open == nullptr) {
      open = &size;
    } else if (size < 1 || size > dim) {
      c.FailFile("attribute 'size_splits' holds ", size);
    } else {
      known += size;
    }
  }
  if (open != nullptr) *open = dim - known;
  if (open != nullptr ? *open < 1 : known != dim) {
    c.FailFile("attribute 'size_splits' does not add up to ", dim);
  }
  SetParts(c, axis, sizes);
}

void InferPack(InferContext& c) {
  Shape shape = c.input(0).shape;
  const int64_t axis = c.ResolveAxis(c.node().integer("axis"), shape.size() + 1);
  for (size_t i = 0; i < c.input_count(); ++i) {
    c.RequireSameType(0, i);
    RequireSameQuantization(c, i, 0);
    if (c.input(i).shape != shape) {
      c.FailFile("inputs ", ToString(shape), " and ", ToString(c.input(i).shape), " differ");
    }
  }
  shape.insert(shape.begin() + axis, static_cast<int64_t>(c.input_count()));
  c.SetOutput(0, c.input(0).dtype, std::move(shape));
}

void InferUnpack(InferContext& c) {
  Shape shape = c.input(0).shape;
  const int64_t axis = c.ResolveAxis(c.node().integer("axis"), shape.size());
  if (shape[static_cast<size_t>(axis)] != static_cast<int64_t>(c.output_count())) {
    c.FailFile("has ", c.output_count(), " outputs for a dimension of ",
               shape[static_cast<size_t>(axis)]);
  }
  shape.erase(shape.begin() + axis);
  for (size_t i = 0; i < c.output_count(); ++i) {
    RequireSameQuantization(c, 0, i);
    c.SetOutput(i, c.input(0).dtype, shape);
  }
}

AttributeSchema Axis(const char* doc) { return {"axis", AttributeType::kInteger, doc, true}; }

}  // namespace

bool NeedsTable(const Quantization& from, const Quantization& to) { return from != to; }

std::array<uint8_t, 256> ConcatenationTable(const Quantization& from, const Quantization& to) {
  std::array<uint8_t, 256> table;
  const float inverse = 1.0f / to.scale[0];
  const float scale = from.scale[0] * inverse;
  const float bias = static_cast<float>(-from.zero_point[0]) * scale;
  for (int x = 0; x < 256; ++x) {
    const float moved = static_cast<float>(x) * scale + bias;
    // Far outside of 8 bits it is clamped anyhow; no huge value may reach the conversion.
    const float rounded = std::isnan(moved) ? 0.0f : std::round(std::clamp(moved, -1e6f, 1e6f));
    const int value = static_cast<int>(rounded) + to.zero_point[0];
    table[static_cast<size_t>(x)] = static_cast<uint8_t>(std::clamp(value, 0, 255));
  }
  return table;
}

extern const OperatorSchema kConcatenationSchema = {
    "inputs joined along one axis",
    1,
    -1,
    1,
    1,
    {Axis("dimension that grows; negative ones count from the end")},
    InferConcatenation};
extern const OperatorSchema kSplitSchema = {"equal parts along one axis",      1,         1, 1, -1,
                                            {Axis("dimension that is split")}, InferSplit};
extern const OperatorSchema kSplitVSchema = {
    "parts of given sizes along one axis",
    1,
    1,
    1,
    -1,
    {Axis("dimension that is split"),
     {"size_splits", AttributeType::kIntegers, "size of every part; one may be -1", true}},
    InferSplitV};
extern const OperatorSchema kPackSchema = {
    "equal shapes stacked along a new axis", 1,        -1, 1, 1,
    {Axis("where the new dimension goes")},  InferPack};
extern const OperatorSchema kUnpackSchema = {
    "slices along an axis, which disappears", 1,          1, 1, -1,
    {Axis("dimension that disappears")},      InferUnpack};

}  // namespace integra::graph
