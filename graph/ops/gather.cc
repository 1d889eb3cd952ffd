// Schemas of operators that take elements by index or find indices.
#include "graph/ops/gather.h"

#include "graph/ops/operand_checks.h"

namespace integra::graph {
namespace {

int64_t Product(const Shape& shape, size_t first, size_t last) {
  int64_t product = 1;
  for (size_t i = first; i < last; ++i) product *= shape[i];
  return product;
}

size_t Resolved(int64_t axis, size_t rank) {
  return static_cast<size_t>(axis < 0 ? axis + static_cast<int64_t>(rank) : axis);
}

void RequireIndices(const InferContext& c) {
  const DataType type = c.input(1).dtype;
  if (type != DataType::kInt16 && type != DataType::kInt32 && type != DataType::kInt64) {
    c.FailFile("indices have to be int16, int32 or int64, not ", integra::NameOf(type));
  }
}

void InferGather(InferContext& c) {
  RequireIndices(c);
  const Shape& x = c.input(0).shape;
  const Shape& indices = c.input(1).shape;
  const int64_t axis = c.ResolveAxis(c.node().integer("axis"), x.size());
  int64_t batch_dims = c.node().integer("batch_dims");
  if (batch_dims < 0) batch_dims += static_cast<int64_t>(indices.size());
  if (batch_dims < 0 || batch_dims > axis || batch_dims > static_cast<int64_t>(indices.size())) {
    c.FailFile("attribute 'batch_dims' is ", c.node().integer("batch_dims"));
  }
  for (size_t i = 0; i < static_cast<size_t>(batch_dims); ++i) {
    if (x[i] != indices[i]) {
      c.FailFile("shapes ", ToString(x), " and ", ToString(indices),
                 " differ in a batch dimension");
    }
  }
  Shape out(x.begin(), x.begin() + axis);
  out.insert(out.end(), indices.begin() + batch_dims, indices.end());
  out.insert(out.end(), x.begin() + axis + 1, x.end());
  RequireSameQuantization(c, 0, 0);
  c.SetOutput(0, c.input(0).dtype, std::move(out));
}

void InferGatherNd(InferContext& c) {
  RequireIndices(c);
  const Shape& x = c.input(0).shape;
  const Shape& indices = c.input(1).shape;
  if (indices.empty() || x.empty() || indices.back() > static_cast<int64_t>(x.size())) {
    c.FailFile("indices ", ToString(indices), " do not go with ", ToString(x));
  }
  Shape out(indices.begin(), indices.end() - 1);
  out.insert(out.end(), x.begin() + indices.back(), x.end());
  RequireSameQuantization(c, 0, 0);
  c.SetOutput(0, c.input(0).dtype, std::move(out));
}

void InferArgExtremum(InferContext& c) {
  Shape shape = c.input(0).shape;
  const int64_t axis = c.ResolveAxis(c.node().integer("axis"), shape.size());
  shape.erase(shape.begin() + axis);
  const DataType type = c.output(0).dtype;
  if (type != DataType::kInt32 && type != DataType::kInt64) {
    c.FailFile("the output has to be int32 or int64, not ", integra::NameOf(type));
  }
  if (c.input(0).dtype == DataType::kBool) c.FailUnsupported("bool input");
  c.SetOutput(0, type, std::move(shape));
}

AttributeSchema Axis(const char* doc) { return {"axis", AttributeType::kInteger, doc, true}; }

}  // namespace

kernels::GatherParams GatherParamsOf(const Node& node, const Shape& params, const Shape& indices,
                                     int64_t element_bytes) {
  const size_t axis = Resolved(node.integer("axis"), params.size());
  const size_t batch_dims = Resolved(node.integer("batch_dims"), indices.size());
  kernels::GatherParams p;
  p.batch = Product(params, 0, batch_dims);
  p.outer = Product(params, batch_dims, axis);
  p.axis = params[axis];
  p.coords = Product(indices, batch_dims, indices.size());
  p.inner_bytes = Product(params, axis + 1, params.size()) * element_bytes;
  return p;
}

kernels::GatherNdParams GatherNdParamsOf(const Shape& params, const Shape& indices,
                                         int64_t element_bytes) {
  const auto k = static_cast<size_t>(indices.back());
  kernels::GatherNdParams p;
  p.dims.assign(params.begin(), params.begin() + indices.back());
  p.count = Product(indices, 0, indices.size() - 1);
  p.inner_bytes = Product(params, k, params.size()) * element_bytes;
  return p;
}

AxisView AxisViewOf(const Node& node, const Shape& shape) {
  const size_t axis = Resolved(node.integer("axis"), shape.size());
  return {Product(shape, 0, axis), shape[axis], Product(shape, axis + 1, shape.size())};
}

extern const OperatorSchema kGatherSchema = {
    "slices of input 0 along an axis, picked by the indices in input 1",
    2,
    2,
    1,
    1,
    {Axis("dimension that is indexed"),
     {"batch_dims", AttributeType::kInteger, "leading dimensions that both inputs share", false,
      int64_t{0}}},
    InferGather};
extern const OperatorSchema kGatherNdSchema = {
    "elements or slices of input 0; input 1 [..., k] holds indices of its first k dimensions",
    2,
    2,
    1,
    1,
    {},
    InferGatherNd};
extern const OperatorSchema kArgMaxSchema = {
    "index of the largest value along an axis, the first of several",
    1,
    1,
    1,
    1,
    {Axis("dimension that is searched, and disappears")},
    InferArgExtremum};
extern const OperatorSchema kArgMinSchema = {
    "index of the smallest value along an axis, the first of several",
    1,
    1,
    1,
    1,
    {Axis("dimension that is searched, and disappears")},
    InferArgExtremum};

}  // namespace integra::graph
