// Operators that only move elements, on real values.
#include "runtime/copies.h"
#include "runtime/float/float_call.h"

namespace integra::floats {
namespace {

std::vector<Shape> ShapesOf(const std::vector<FloatTensor>& tensors) {
  std::vector<Shape> shapes;
  for (const FloatTensor& tensor : tensors) shapes.push_back(tensor.shape);
  return shapes;
}

void RunCopies(FloatCall& call) {
  const runtime::Copies copies =
      runtime::CopiesOf(call.node, ShapesOf(call.inputs), ShapesOf(call.outputs));
  const size_t element_bytes = SizeOf(call.outputs[0].dtype);
  if (copies.needs_fill) {
    constexpr std::byte kZeros[8] = {};
    const bool given = call.node.type == graph::OpType::kPadv2;
    const auto* value = given ? static_cast<const std::byte*>(call.inputs[1].data) : kZeros;
    kernels::Fill(element_bytes, value, static_cast<std::byte*>(call.outputs[0].data),
                  call.outputs[0].count());
  }
  for (const runtime::Copies::Job& job : copies.jobs) {
    kernels::CopyRows(
        job.copy, element_bytes, static_cast<const std::byte*>(call.inputs[job.input].data),
        static_cast<std::byte*>(call.outputs[job.output].data), 0, job.copy.nest.rows());
  }
}

}  // namespace

#define MOVES_DATA(Name) \
  void Float##Name(FloatCall& call) { RunCopies(call); }
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

}  // namespace integra::floats
