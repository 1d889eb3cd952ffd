// Operators that take elements by index or find indices, on real values.
#include "graph/ops/gather.h"

#include "base/error.h"
#include "runtime/float/float_call.h"

namespace integra::floats {
namespace {

template <typename F>
void WithIndices(const FloatCall& call, const F& f) {
  const void* data = call.inputs[1].data;
  switch (call.inputs[1].dtype) {
    case DataType::kInt16:
      return f(static_cast<const int16_t*>(data));
    case DataType::kInt32:
      return f(static_cast<const int32_t*>(data));
    case DataType::kInt64:
      return f(static_cast<const int64_t*>(data));
    default:
      Fail(ErrorCode::kUnsupported, graph::Describe(call.graph, call.node), ": indices of type ",
           NameOf(call.inputs[1].dtype));
  }
}

void FailOutside(const FloatCall& call, int64_t index, int64_t position) {
  Fail(ErrorCode::kInvalidArgument, graph::Describe(call.graph, call.node), ": index ", index,
       " at position ", position, " is outside of the input");
}

void ArgExtremum(FloatCall& call, bool largest) {
  const graph::AxisView v = graph::AxisViewOf(call.node, call.inputs[0].shape);
  const auto search = [&](const auto* x) {
    for (int64_t o = 0; o < v.outer; ++o) {
      for (int64_t i = 0; i < v.inner; ++i) {
        const auto* line = x + o * v.axis * v.inner + i;
        int64_t at = 0;
        for (int64_t k = 1; k < v.axis; ++k) {
          const auto value = line[k * v.inner], best = line[at * v.inner];
          if (largest ? value > best : value < best) at = k;
        }
        if (call.outputs[0].dtype == DataType::kInt64) {
          call.outputs[0].int64s()[o * v.inner + i] = at;
        } else {
          call.outputs[0].int32s()[o * v.inner + i] = static_cast<int32_t>(at);
        }
      }
    }
  };
  switch (call.inputs[0].dtype) {
    case DataType::kFloat32:
      return search(call.inputs[0].floats());
    case DataType::kInt32:
      return search(call.inputs[0].int32s());
    case DataType::kInt64:
      return search(call.inputs[0].int64s());
    default:
      Fail(ErrorCode::kUnsupported, graph::Describe(call.graph, call.node), ": searches values of ",
           NameOf(call.inputs[0].dtype));
  }
}

}  // namespace

void FloatGather(FloatCall& call) {
  const auto p = graph::GatherParamsOf(call.node, call.inputs[0].shape, call.inputs[1].shape,
                                       static_cast<int64_t>(SizeOf(call.inputs[0].dtype)));
  WithIndices(call, [&](const auto* indices) {
    const int64_t bad = kernels::FindOutside(indices, p.batch * p.coords, p.axis);
    if (bad >= 0) FailOutside(call, int64_t{indices[bad]}, bad);
    kernels::Gather(p, static_cast<const std::byte*>(call.inputs[0].data), indices,
                    static_cast<std::byte*>(call.outputs[0].data));
  });
}

void FloatGatherNd(FloatCall& call) {
  const auto p = graph::GatherNdParamsOf(call.inputs[0].shape, call.inputs[1].shape,
                                         static_cast<int64_t>(SizeOf(call.inputs[0].dtype)));
  WithIndices(call, [&](const auto* indices) {
    const int64_t bad = kernels::FindOutsideNd(p, indices);
    if (bad >= 0) FailOutside(call, int64_t{indices[bad]}, bad);
    kernels::GatherNd(p, static_cast<const std::byte*>(call.inputs[0].data), indices,
                      static_cast<std::byte*>(call.outputs[0].data));
  });
}

void FloatArgMax(FloatCall& call) { ArgExtremum(call, true); }
void FloatArgMin(FloatCall& call) { ArgExtremum(call, false); }

}  // namespace integra::floats
