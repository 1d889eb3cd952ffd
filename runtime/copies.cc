#include "runtime/copies.h"

#include <algorithm>

#include "base/error.h"
#include "graph/ops/slicing.h"

namespace integra::runtime {
namespace {

using graph::Node;
using graph::OpType;
using Job = Copies::Job;

int64_t Product(const Shape& shape, size_t first, size_t last) {
  int64_t product = 1;
  for (size_t i = first; i < last; ++i) product *= shape[i];
  return product;
}

std::vector<int64_t> DenseStrides(const Shape& shape) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

size_t AxisOf(const Node& node, size_t rank) {
  const int64_t axis = node.integer("axis");
  return static_cast<size_t>(axis < 0 ? axis + static_cast<int64_t>(rank) : axis);
}

Copies Identity(const Shape& shape) {
  Copies copies;
  Job job;
  job.copy.nest.Add(ElementCount(shape), {1, 1, 0});
  copies.jobs.push_back(std::move(job));
  return copies;
}

// Parts that lie one after the other along one axis of `whole`: each is `outer` runs. `joining`:
// the parts are inputs and whole the output; else the other way round.
Copies Parts(const std::vector<Shape>& parts, int64_t outer, int64_t whole_count, bool joining) {
  Copies copies;
  const int64_t whole_run = whole_count / outer;
  int64_t offset = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    const int64_t run = ElementCount(parts[i]) / outer;
    Job job;
    if (joining) {
      job.input = i;
      job.copy.dst_offset = offset;
      job.copy.nest.Add(outer, {run, whole_run, 0});
    } else {
      job.output = i;
      job.copy.src_offset = offset;
      job.copy.nest.Add(outer, {whole_run, run, 0});
    }
    job.copy.nest.Add(run, {1, 1, 0});
    copies.jobs.push_back(std::move(job));
    offset += run;
  }
  return copies;
}

// The input as it is, in the middle of a larger output.
Copies Padded(const Node& node, const Shape& input, const Shape& output) {
  const auto& paddings = node.integers("paddings");
  const auto src = DenseStrides(input), dst = DenseStrides(output);
  Copies copies;
  copies.needs_fill = input != output;
  Job job;
  for (size_t i = 0; i < input.size(); ++i) {
    job.copy.nest.Add(input[i], {src[i], dst[i], 0});
    job.copy.dst_offset += paddings[2 * i] * dst[i];
  }
  copies.jobs.push_back(std::move(job));
  return copies;
}

Copies Sliced(const Node& node, const Shape& input) {
  const graph::Slicing slicing = graph::SlicingOf(node, input);
  const auto src = DenseStrides(input), dst = DenseStrides(slicing.count);
  Copies copies;
  Job job;
  for (size_t i = 0; i < input.size(); ++i) {
    job.copy.nest.Add(slicing.count[i], {src[i] * slicing.stride[i], dst[i], 0});
    job.copy.src_offset += src[i] * slicing.begin[i];
  }
  copies.jobs.push_back(std::move(job));
  return copies;
}

Copies Transposed(const Node& node, const Shape& input, const Shape& output) {
  const auto& perm = node.integers("perm");
  const auto src = DenseStrides(input), dst = DenseStrides(output);
  Copies copies;
  Job job;
  for (size_t i = 0; i < output.size(); ++i) {
    job.copy.nest.Add(output[i], {src[static_cast<size_t>(perm[i])], dst[i], 0});
  }
  copies.jobs.push_back(std::move(job));
  return copies;
}

// `space` [N,H,W,C] and `depth` [N,H/b,W/b,b*b*C] hold the same elements.
Copies Blocks(const Shape& space, const Shape& depth, int64_t block, bool to_depth) {
  const auto s = DenseStrides(space), d = DenseStrides(depth);
  Copies copies;
  Job job;
  const auto add = [&](int64_t count, int64_t in_space, int64_t in_depth) {
    if (to_depth) {
      job.copy.nest.Add(count, {in_space, in_depth, 0});
    } else {
      job.copy.nest.Add(count, {in_depth, in_space, 0});
    }
  };
  add(depth[0], s[0], d[0]);
  add(depth[1], s[1] * block, d[1]);
  add(block, s[1], block * space[3]);
  add(depth[2], s[2] * block, d[2]);
  add(block, s[2], space[3]);
  add(space[3], 1, 1);
  copies.jobs.push_back(std::move(job));
  return copies;
}

// One job for every position inside of a block. `border` holds paddings or crops: position p of
// `batched` along a dimension and position b in its block are position p * block + b - border of
// `space`, where that exists.
Copies Batches(const Shape& space, const Shape& batched, const std::vector<int64_t>& block,
               const std::vector<int64_t>& border, bool to_batch) {
  const auto s = DenseStrides(space), t = DenseStrides(batched);
  Copies copies;
  const int64_t positions = Product(block, 0, block.size());
  for (int64_t position = 0; position < positions; ++position) {
    int64_t space_offset = 0, batched_offset = position * space[0] * t[0];
    kernels::LoopNest nest;
    const auto add = [&](int64_t count, int64_t in_space, int64_t in_batched) {
      if (to_batch) {
        nest.Add(count, {in_space, in_batched, 0});
      } else {
        nest.Add(count, {in_batched, in_space, 0});
      }
    };
    add(space[0], s[0], t[0]);
    int64_t rest = position;
    bool empty = false;
    for (size_t i = 1; i < space.size(); ++i) {
      if (i > block.size()) {
        add(space[i], s[i], t[i]);
        continue;
      }
      const int64_t size = block[i - 1];
      rest = position / Product(block, i, block.size()) % size;
      const int64_t shift = rest - border[2 * (i - 1)];
      const int64_t first = shift < 0 ? (-shift + size - 1) / size : 0;
      const int64_t end = std::min(batched[i], (space[i] - shift + size - 1) / size);
      empty = empty || end <= first;
      add(end - first, s[i] * size, t[i]);
      space_offset += (first * size + shift) * s[i];
      batched_offset += first * t[i];
    }
    if (empty) continue;
    Job job;
    job.copy.nest = std::move(nest);
    job.copy.src_offset = to_batch ? space_offset : batched_offset;
    job.copy.dst_offset = to_batch ? batched_offset : space_offset;
    copies.jobs.push_back(std::move(job));
  }
  copies.needs_fill =
      to_batch && std::any_of(border.begin(), border.end(), [](int64_t b) { return b != 0; });
  return copies;
}

Copies Unsimplified(const Node& node, const std::vector<Shape>& inputs,
                    const std::vector<Shape>& outputs) {
  const Shape& x = inputs[0];
  const Shape& y = outputs[0];
  switch (node.type) {
    case OpType::kSqueeze:
    case OpType::kExpandDims:
      return Identity(x);
    case OpType::kConcatenation:
    case OpType::kPack:
      return Parts(inputs, Product(y, 0, AxisOf(node, y.size())), ElementCount(y), true);
    case OpType::kSplit:
    case OpType::kSplitV:
    case OpType::kUnpack:
      return Parts(outputs, Product(x, 0, AxisOf(node, x.size())), ElementCount(x), false);
    case OpType::kPad:
    case OpType::kPadv2:
      return Padded(node, x, y);
    case OpType::kSlice:
    case OpType::kStridedSlice:
      return Sliced(node, x);
    case OpType::kTranspose:
      return Transposed(node, x, y);
    case OpType::kSpaceToDepth:
      return Blocks(x, y, node.integer("block_size"), true);
    case OpType::kDepthToSpace:
      return Blocks(y, x, node.integer("block_size"), false);
    case OpType::kSpaceToBatchNd:
      return Batches(x, y, node.integers("block_shape"), node.integers("paddings"), true);
    case OpType::kBatchToSpaceNd:
      return Batches(y, x, node.integers("block_shape"), node.integers("crops"), false);
    default:
      Fail(ErrorCode::kUnsupported, "node '", node.name, "' (", NameOf(node.type),
           ") does not only move data");
  }
}

}  // namespace

Copies CopiesOf(const Node& node, const std::vector<Shape>& inputs,
                const std::vector<Shape>& outputs) {
  Copies copies = Unsimplified(node, inputs, outputs);
  for (Job& job : copies.jobs) job.copy.nest.Simplify();
  return copies;
}

bool IsIdentity(const Copies& copies, const Shape& input, const Shape& output) {
  if (copies.jobs.size() != 1 || copies.needs_fill) return false;
  const kernels::Copy& copy = copies.jobs[0].copy;
  const auto& loops = copy.nest.loops;
  return loops.size() == 1 && copy.src_offset == 0 && copy.dst_offset == 0 &&
         loops[0].strides[0] == 1 && loops[0].strides[1] == 1 &&
         loops[0].count == ElementCount(input) && loops[0].count == ElementCount(output);
}

}  // namespace integra::runtime
