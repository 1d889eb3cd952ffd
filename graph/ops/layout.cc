// Schemas of operators that only move elements of one tensor.
#include <algorithm>
#include <numeric>

#include "graph/ops/operand_checks.h"
#include "graph/ops/slicing.h"

namespace integra::graph {
namespace {

// Far above any network, far below what could overflow in the arithmetic on shapes.
constexpr int64_t kLargest = 1 << 20;

const std::vector<int64_t>& Counts(const InferContext& c, const char* name, size_t count,
                                   int64_t smallest) {
  const auto& values = c.node().integers(name);
  if (values.size() != count) {
    c.FailFile("attribute '", name, "' has ", values.size(), " values instead of ", count);
  }
  for (const int64_t v : values) {
    if (v < smallest || v > kLargest) c.FailFile("attribute '", name, "' holds ", v);
  }
  return values;
}

void SetMoved(InferContext& c, Shape shape) {
  RequireSameQuantization(c, 0, 0);
  c.SetOutput(0, c.input(0).dtype, std::move(shape));
}

void InferPad(InferContext& c) {
  Shape shape = c.input(0).shape;
  const auto& paddings = Counts(c, "paddings", 2 * shape.size(), 0);
  for (size_t i = 0; i < shape.size(); ++i) shape[i] += paddings[2 * i] + paddings[2 * i + 1];
  if (c.has_input(1)) {
    c.RequireSameType(0, 1);
    RequireSameQuantization(c, 1, 0);
    if (ElementCount(c.input(1).shape) != 1) c.FailFile("the value has to be one number");
  }
  SetMoved(c, std::move(shape));
}

void InferSlice(InferContext& c) {
  Shape shape;
  try {
    shape = SlicingOf(c.node(), c.input(0).shape).shape;
  } catch (const Error& error) {  // which knows the node, but not the file
    Fail(error.code(), c.graph().source, ": ", error.what());
  }
  SetMoved(c, std::move(shape));
}

void InferTranspose(InferContext& c) {
  const Shape& x = c.input(0).shape;
  const auto& perm = Counts(c, "perm", x.size(), 0);
  std::vector<bool> seen(x.size(), false);
  Shape shape;
  for (const int64_t p : perm) {
    if (p >= static_cast<int64_t>(x.size()) || seen[static_cast<size_t>(p)]) {
      c.FailFile("attribute 'perm' is no permutation of ", x.size(), " dimensions");
    }
    seen[static_cast<size_t>(p)] = true;
    shape.push_back(x[static_cast<size_t>(p)]);
  }
  SetMoved(c, std::move(shape));
}

void InferSqueeze(InferContext& c) {
  const Shape& x = c.input(0).shape;
  std::vector<bool> drop(x.size(), false);
  for (const int64_t axis : c.node().integers("axes")) {
    const auto i = static_cast<size_t>(c.ResolveAxis(axis, x.size()));
    if (x[i] != 1) c.FailFile("dimension ", axis, " is ", x[i], ", not 1");
    drop[i] = true;
  }
  Shape shape;
  for (size_t i = 0; i < x.size(); ++i) {
    const bool dropped = c.node().integers("axes").empty() ? x[i] == 1 : drop[i];
    if (!dropped) shape.push_back(x[i]);
  }
  SetMoved(c, std::move(shape));
}

void InferExpandDims(InferContext& c) {
  Shape shape = c.input(0).shape;
  shape.insert(shape.begin() + c.ResolveAxis(c.node().integer("axis"), shape.size() + 1), 1);
  SetMoved(c, std::move(shape));
}

int64_t BlockSize(const InferContext& c) {
  const int64_t block = c.node().integer("block_size");
  if (block < 1 || block > kLargest) c.FailFile("attribute 'block_size' holds ", block);
  c.RequireRank(0, 4);
  return block;
}

void InferSpaceToDepth(InferContext& c) {
  const int64_t block = BlockSize(c);
  const Shape& x = c.input(0).shape;
  if (x[1] % block != 0 || x[2] % block != 0) {
    c.FailFile("blocks of ", block, " do not divide ", ToString(x));
  }
  SetMoved(c, {x[0], x[1] / block, x[2] / block, x[3] * block * block});
}

void InferDepthToSpace(InferContext& c) {
  const int64_t block = BlockSize(c);
  const Shape& x = c.input(0).shape;
  if (x[3] % (block * block) != 0) c.FailFile("blocks of ", block, " do not divide ", ToString(x));
  SetMoved(c, {x[0], x[1] * block, x[2] * block, x[3] / (block * block)});
}

const std::vector<int64_t>& BlockShape(const InferContext& c) {
  const auto& block = c.node().integers("block_shape");
  if (block.empty() || block.size() > 3 || c.input(0).shape.size() < block.size() + 1) {
    c.FailFile("attribute 'block_shape' has ", block.size(), " values for ",
               c.input(0).shape.size(), " dimensions");
  }
  return Counts(c, "block_shape", block.size(), 1);
}

void InferSpaceToBatchNd(InferContext& c) {
  Shape shape = c.input(0).shape;
  const auto& block = BlockShape(c);
  const auto& paddings = Counts(c, "paddings", 2 * block.size(), 0);
  for (size_t i = 0; i < block.size(); ++i) {
    const int64_t padded = shape[i + 1] + paddings[2 * i] + paddings[2 * i + 1];
    if (padded % block[i] != 0) {
      c.FailFile("blocks of ", block[i], " do not divide a dimension of ", padded);
    }
    shape[0] *= block[i];
    shape[i + 1] = padded / block[i];
  }
  SetMoved(c, std::move(shape));
}

void InferBatchToSpaceNd(InferContext& c) {
  Shape shape = c.input(0).shape;
  const auto& block = BlockShape(c);
  const auto& crops = Counts(c, "crops", 2 * block.size(), 0);
  for (size_t i = 0; i < block.size(); ++i) {
    if (shape[0] % block[i] != 0) c.FailFile("blocks do not divide a batch of ", shape[0]);
    shape[0] /= block[i];
    shape[i + 1] = shape[i + 1] * block[i] - crops[2 * i] - crops[2 * i + 1];
    if (shape[i + 1] < 1) c.FailFile("attribute 'crops' leaves nothing of dimension ", i + 1);
  }
  SetMoved(c, std::move(shape));
}

AttributeSchema Integers(const char* name, const char* doc) {
  return {name, AttributeType::kIntegers, doc, true};
}
AttributeSchema Mask(const char* name, const char* doc) {
  return {name, AttributeType::kInteger, doc, false, int64_t{0}};
}

}  // namespace

extern const OperatorSchema kPadSchema = {
    "the input with a border of zeros (of its zero point, where it is quantized)", 1,       1, 1, 1,
    {Integers("paddings", "[before, after] of every dimension, in one list")},     InferPad};
extern const OperatorSchema kPadv2Schema = {
    "the input with a border of input 1, one number of the input's type and scale",
    2,
    2,
    1,
    1,
    {Integers("paddings", "[before, after] of every dimension, in one list")},
    InferPad};
extern const OperatorSchema kSliceSchema = {
    "a box of the input",
    1,
    1,
    1,
    1,
    {Integers("begin", "first index in every dimension"),
     Integers("size", "elements of every dimension; -1: all that follow")},
    InferSlice};
extern const OperatorSchema kStridedSliceSchema = {
    "a strided box of the input, as in NumPy's x[1:9:2, ..., 0]",
    1,
    1,
    1,
    1,
    {Integers("begin", "first index of every entry; negative ones count from the end"),
     Integers("end", "index behind the last of every entry"),
     Integers("strides", "step of every entry"),
     Mask("begin_mask", "bit i: entry i starts at the beginning"),
     Mask("end_mask", "bit i: entry i runs to the end"),
     Mask("ellipsis_mask", "bit i: entry i stands for all dimensions not named"),
     Mask("new_axis_mask", "bit i: entry i adds a dimension of 1"),
     Mask("shrink_axis_mask", "bit i: entry i is one index, its dimension disappears")},
    InferSlice};
extern const OperatorSchema kTransposeSchema = {
    "dimensions in another order",
    1,
    1,
    1,
    1,
    {Integers("perm", "output dimension i is input dimension perm[i]")},
    InferTranspose};
extern const OperatorSchema kSqueezeSchema = {
    "without dimensions of 1",
    1,
    1,
    1,
    1,
    {{"axes", AttributeType::kIntegers, "dimensions to drop; none: all that are 1", false,
      std::vector<int64_t>{}}},
    InferSqueeze};
extern const OperatorSchema kExpandDimsSchema = {
    "with one more dimension, of 1",
    1,
    1,
    1,
    1,
    {{"axis", AttributeType::kInteger, "where it goes", true}},
    InferExpandDims};
extern const OperatorSchema kSpaceToDepthSchema = {
    "blocks of pixels become channels",
    1,
    1,
    1,
    1,
    {{"block_size", AttributeType::kInteger, "rows and columns of a block", true}},
    InferSpaceToDepth};
extern const OperatorSchema kDepthToSpaceSchema = {
    "channels become blocks of pixels",
    1,
    1,
    1,
    1,
    {{"block_size", AttributeType::kInteger, "rows and columns of a block", true}},
    InferDepthToSpace};
extern const OperatorSchema kSpaceToBatchNdSchema = {
    "positions inside of blocks become batches",
    1,
    1,
    1,
    1,
    {Integers("block_shape", "size of a block in dimensions 1, 2, ..."),
     Integers("paddings", "[before, after] of the same dimensions, in one list")},
    InferSpaceToBatchNd};
extern const OperatorSchema kBatchToSpaceNdSchema = {
    "batches become positions inside of blocks",
    1,
    1,
    1,
    1,
    {Integers("block_shape", "size of a block in dimensions 1, 2, ..."),
     Integers("crops", "[before, after] of the same dimensions, in one list")},
    InferBatchToSpaceNd};

}  // namespace integra::graph
