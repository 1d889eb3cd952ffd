// Lowering of operators that only move elements.
#include <array>
#include <cstring>

#include "graph/ops/joining.h"
#include "runtime/copies.h"
#include "runtime/lowering.h"
#include "runtime/parallel_rows.h"

namespace integra::runtime {
namespace {

std::vector<Shape> ShapesOf(const graph::Graph& graph, const std::vector<graph::TensorId>& ids) {
  std::vector<Shape> shapes;
  for (const graph::TensorId id : ids) shapes.push_back(graph.tensor(id).shape);
  return shapes;
}

// A copy, with what it needs to know of its tensors.
struct BoundJob {
  kernels::Copy copy;
  graph::TensorId input, output;
  std::shared_ptr<const std::array<uint8_t, 256>> table;  // null: values stay as they are
};

void RunJob(const BoundJob& job, size_t element_bytes, const StepContext& c) {
  const std::byte* src = c.in<std::byte>(job.input);
  std::byte* dst = c.out<std::byte>(job.output);
  const kernels::LoopNest& nest = job.copy.nest;
  const int64_t rows = nest.rows();
  if (job.table != nullptr) {
    const auto& steps = nest.loops.back().strides;
    const auto* from = reinterpret_cast<const uint8_t*>(src) + job.copy.src_offset;
    auto* to = reinterpret_cast<uint8_t*>(dst) + job.copy.dst_offset;
    ParallelRows(*c.pool, nest, [&](int64_t a, int64_t b, int64_t, int64_t count) {
      for (int64_t i = 0; i < count; ++i) {
        to[b + i * steps[1]] = (*job.table)[from[a + i * steps[0]]];
      }
    });
    return;
  }
  const int64_t parts = std::max<int64_t>(
      1, std::min<int64_t>({c.pool->threads(), rows, rows * nest.row_length() / kElementsPerPart}));
  c.pool->ParallelFor(parts, [&](int64_t part, int) {
    kernels::CopyRows(job.copy, element_bytes, src, dst, rows * part / parts,
                      rows * (part + 1) / parts);
  });
}

// What a border holds: the zero point, or 0 where there is none.
std::array<std::byte, 8> BorderOf(const graph::Tensor& output) {
  std::array<std::byte, 8> value{};
  if (SizeOf(output.dtype) == 1) {
    value[0] = static_cast<std::byte>(Lowering::ActivationOf(output).zero_point);
  }
  return value;
}

void LowerCopies(Lowering& l) {
  const auto inputs = ShapesOf(l.graph, l.node.inputs);
  const auto outputs = ShapesOf(l.graph, l.node.outputs);
  const Copies copies = CopiesOf(l.node, inputs, outputs);
  std::vector<BoundJob> jobs;
  bool rescales = false;
  for (const Copies::Job& job : copies.jobs) {
    BoundJob bound{job.copy, l.node.inputs[job.input], l.node.outputs[job.output], nullptr};
    const graph::Tensor& from = l.graph.tensor(bound.input);
    const graph::Tensor& to = l.graph.tensor(bound.output);
    if (graph::NeedsTable(from.quantization,
                          to.quantization)) {  // only a concatenation of uint8 gets so far
      bound.table = std::make_shared<const std::array<uint8_t, 256>>(
          graph::ConcatenationTable(from.quantization, to.quantization));
      rescales = true;
    }
    jobs.push_back(std::move(bound));
  }
  if (!rescales && IsIdentity(copies, inputs[0], outputs[0])) return l.AliasOutput(0, 0);
  const size_t element_bytes = SizeOf(l.output(0).dtype);
  const bool fill = copies.needs_fill;
  const graph::TensorId value =
      l.node.type == graph::OpType::kPadv2 ? l.node.inputs[1] : graph::kNoTensor;
  l.Emit(rescales ? "copy with tables" : "copy",
         [jobs = std::move(jobs), element_bytes, fill, value, border = BorderOf(l.output(0)),
          out = l.node.outputs[0], count = ElementCount(outputs[0])](const StepContext& c) {
           if (fill) {
             const std::byte* with =
                 value == graph::kNoTensor ? border.data() : c.in<std::byte>(value);
             kernels::Fill(element_bytes, with, c.out<std::byte>(out), count);
           }
           for (const BoundJob& job : jobs) RunJob(job, element_bytes, c);
         });
}

}  // namespace

#define MOVES_DATA(Name) \
  void Lower##Name(Lowering& l) { LowerCopies(l); }
MOVES_DATA(BatchToSpaceNd)
MOVES_DATA(Concatenation)
MOVES_DATA(DepthToSpace)
MOVES_DATA(ExpandDims)
MOVES_DATA(Pack)
MOVES_DATA(Pad)
MOVES_DATA(Padv2)
MOVES_DATA(Slice)
MOVES_DATA(SpaceToBatchNd)
MOVES_DATA(SpaceToDepth)
MOVES_DATA(Split)
MOVES_DATA(SplitV)
MOVES_DATA(Squeeze)
MOVES_DATA(StridedSlice)
MOVES_DATA(Transpose)
MOVES_DATA(Unpack)
#undef MOVES_DATA

}  // namespace integra::runtime
