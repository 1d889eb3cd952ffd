// Lowering of operators that take elements by index or find indices.
#include "graph/ops/gather.h"

#include "runtime/lowering.h"
#include "runtime/parallel_rows.h"

namespace integra::runtime {
namespace {

// Calls f with a null pointer of the indices' type.
template <typename F>
void WithIndexType(Lowering& l, DataType type, const F& f) {
  switch (type) {
    case DataType::kInt16:
      return f(static_cast<int16_t*>(nullptr));
    case DataType::kInt32:
      return f(static_cast<int32_t*>(nullptr));
    case DataType::kInt64:
      return f(static_cast<int64_t*>(nullptr));
    default:
      l.FailUnsupported("indices of type ", NameOf(type));
  }
}

[[noreturn]] void FailIndex(const std::string& node, int64_t index, int64_t position, int64_t dim) {
  Fail(ErrorCode::kInvalidArgument, node, ": index ", index, " at position ", position,
       " is outside of [0, ", dim, ")");
}

void LowerArgExtremum(Lowering& l, bool largest) {
  const graph::AxisView view = graph::AxisViewOf(l.node, l.input(0).shape);
  const auto emit = [&]<typename T, typename Index>(T*, Index*) {
    l.Emit("arg reference", [view, largest, in = l.node.inputs[0],
                             out = l.node.outputs[0]](const StepContext& c) {
      const T* x = c.in<T>(in);
      Index* y = c.out<Index>(out);
      const int64_t elements = view.outer * view.axis * view.inner;
      const int64_t parts = std::max<int64_t>(
          1, std::min<int64_t>({c.pool->threads(), view.outer, elements / kElementsPerPart}));
      c.pool->ParallelFor(parts, [&](int64_t part, int) {
        const int64_t first = view.outer * part / parts, last = view.outer * (part + 1) / parts;
        kernels::ArgExtremum(largest, last - first, view.axis, view.inner,
                             x + first * view.axis * view.inner, y + first * view.inner);
      });
    });
  };
  WithIndexType(l, l.output(0).dtype, [&]<typename Index>(Index* index) {
    if constexpr (sizeof(Index) > 2) {
      switch (l.input(0).dtype) {
        case DataType::kInt8:
        case DataType::kUInt8:
          return emit(static_cast<uint8_t*>(nullptr), index);
        case DataType::kInt16:
          return emit(static_cast<int16_t*>(nullptr), index);
        case DataType::kInt32:
          return emit(static_cast<int32_t*>(nullptr), index);
        case DataType::kInt64:
          return emit(static_cast<int64_t*>(nullptr), index);
        default:
          l.FailUnsupported("searches values of type ", NameOf(l.input(0).dtype));
      }
    }
  });
}

}  // namespace

void LowerGather(Lowering& l) {
  const auto element_bytes = static_cast<int64_t>(SizeOf(l.input(0).dtype));
  const auto p = graph::GatherParamsOf(l.node, l.input(0).shape, l.input(1).shape, element_bytes);
  WithIndexType(l, l.input(1).dtype, [&]<typename Index>(Index*) {
    l.Emit("gather", [p, name = graph::Describe(l.graph, l.node), in = l.node.inputs[0],
                      at = l.node.inputs[1], out = l.node.outputs[0]](const StepContext& c) {
      const Index* indices = c.in<Index>(at);
      const int64_t bad = kernels::FindOutside(indices, p.batch * p.coords, p.axis);
      if (bad >= 0) FailIndex(name, int64_t{indices[bad]}, bad, p.axis);
      kernels::Gather(p, c.in<std::byte>(in), indices, c.out<std::byte>(out));
    });
  });
}

void LowerGatherNd(Lowering& l) {
  const auto element_bytes = static_cast<int64_t>(SizeOf(l.input(0).dtype));
  const auto p = graph::GatherNdParamsOf(l.input(0).shape, l.input(1).shape, element_bytes);
  WithIndexType(l, l.input(1).dtype, [&]<typename Index>(Index*) {
    l.Emit("gather_nd", [p, name = graph::Describe(l.graph, l.node), in = l.node.inputs[0],
                         at = l.node.inputs[1], out = l.node.outputs[0]](const StepContext& c) {
      const Index* indices = c.in<Index>(at);
      const int64_t bad = kernels::FindOutsideNd(p, indices);
      if (bad >= 0) {
        FailIndex(name, int64_t{indices[bad]}, bad,
                  p.dims[static_cast<size_t>(bad) % p.dims.size()]);
      }
      kernels::GatherNd(p, c.in<std::byte>(in), indices, c.out<std::byte>(out));
    });
  });
}

void LowerArgMax(Lowering& l) { LowerArgExtremum(l, true); }
void LowerArgMin(Lowering& l) { LowerArgExtremum(l, false); }

}  // namespace integra::runtime
