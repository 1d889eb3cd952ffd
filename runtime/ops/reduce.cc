// Lowering of mean, sum, reduce_max and reduce_min.
#include "kernels/reduce.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "runtime/lowering.h"

namespace integra::runtime {
namespace {

// Offsets of elements in the input, in the output's order and in the order of reduction.
struct Offsets {
  std::vector<int64_t> outputs = {0};
  std::vector<int64_t> reduced = {0};
};

struct Reduction {
  std::vector<bool> reduced;  // per dimension
  int64_t count = 1;          // elements per output

  explicit Reduction(const Lowering& l) : reduced(l.input(0).shape.size(), false) {
    const Shape& x = l.input(0).shape;
    for (const int64_t axis : l.node.integers("axes")) {
      reduced[static_cast<size_t>(axis < 0 ? axis + static_cast<int64_t>(x.size()) : axis)] = true;
    }
    for (size_t d = 0; d < x.size(); ++d) count *= reduced[d] ? x[d] : 1;
  }
};

// Appends to `offsets`, for each of them, those of the elements along a dimension.
void Extend(std::vector<int64_t>& offsets, int64_t size, int64_t stride) {
  std::vector<int64_t> longer;
  longer.reserve(offsets.size() * static_cast<size_t>(size));
  for (const int64_t offset : offsets) {
    for (int64_t i = 0; i < size; ++i) longer.push_back(offset + i * stride);
  }
  offsets = std::move(longer);
}

std::shared_ptr<const Offsets> OffsetsOf(const Shape& x, const Reduction& r) {
  auto offsets = std::make_shared<Offsets>();
  int64_t stride = ElementCount(x);
  for (size_t d = 0; d < x.size(); ++d) {
    stride /= std::max<int64_t>(1, x[d]);
    Extend(r.reduced[d] ? offsets->reduced : offsets->outputs, x[d], stride);
  }
  return offsets;
}

// [outer, count, inner], where the reduced dimensions lie together; inner is 0 where they do not.
struct Columns {
  int64_t outer = 1, inner = 1;
};

Columns ColumnsOf(const Shape& x, const Reduction& r) {
  Columns columns;
  bool seen = false;
  for (size_t d = 0; d < x.size(); ++d) {
    if (x[d] == 1) continue;
    if (r.reduced[d]) {
      if (columns.inner > 1) return {1, 0};
      seen = true;
    } else {
      (seen ? columns.inner : columns.outer) *= x[d];
    }
  }
  return columns;
}

// Emits run(offsets, src, dst) on parts of the outputs.
template <typename T, typename F>
void EmitByOffsets(Lowering& l, const Reduction& r, std::string kernel, F run) {
  const auto offsets = OffsetsOf(l.input(0).shape, r);
  const graph::TensorId in = l.node.inputs[0], out = l.node.outputs[0];
  l.Emit(std::move(kernel), [=](const StepContext& context) {
    constexpr int64_t kPart = 1024;
    const auto outputs = static_cast<int64_t>(offsets->outputs.size());
    context.pool->ParallelFor((outputs + kPart - 1) / kPart, [&](int64_t part, int) {
      const int64_t first = part * kPart;
      const kernels::ReduceOffsets some = {
          offsets->outputs.data() + first, std::min(kPart, outputs - first),
          offsets->reduced.data(), static_cast<int64_t>(offsets->reduced.size())};
      run(some, context.in<T>(in), context.out<T>(out) + first);
    });
  });
}

template <typename T>
void LowerSumOf(Lowering& l, const Reduction& r, const kernels::SumParams& p) {
  EmitByOffsets<T>(l, r, "sum portable",
                   [p](const kernels::ReduceOffsets& offsets, const T* src, T* dst) {
                     kernels::ReduceSum<T>(p, offsets, src, dst);
                   });
}

void LowerScaled(Lowering& l, bool mean) {
  const Reduction r(l);
  const Multiplier scale = {static_cast<int32_t>(l.node.integers("multiplier")[0]),
                            static_cast<int32_t>(l.node.integers("shift")[0])};
  const bool is_16_bit = l.input(0).dtype == DataType::kInt16;
  const Activation in = Lowering::ActivationOf(l.input(0));
  const Activation out = Lowering::ActivationOf(l.output(0));
  kernels::SumParams p;
  p.scale = mean ? kernels::MeanScale(scale, r.count) : scale;
  p.zero_sum = static_cast<int32_t>(in.zero_point * r.count);
  p.output_zero = out.zero_point;
  p.clamp_min = is_16_bit ? -32768 : 0;
  p.clamp_max = is_16_bit ? 32767 : 255;
  if (is_16_bit) {
    LowerSumOf<int16_t>(l, r, p);
    return;
  }
  const Columns columns = ColumnsOf(l.input(0).shape, r);
  if (columns.inner < 8) {  // a vector would be mostly empty
    LowerSumOf<uint8_t>(l, r, p);
    return;
  }
  const auto choice = kernels::ChooseSumColumns(l.isa);
  const graph::TensorId from = l.node.inputs[0], to = l.node.outputs[0];
  l.Emit(StrCat("sum ", choice.name), [=](const StepContext& context) {
    context.pool->ParallelFor(columns.outer, [&](int64_t i, int) {
      choice.run(p, context.in<uint8_t>(from) + i * r.count * columns.inner, r.count, columns.inner,
                 context.out<uint8_t>(to) + i * columns.inner);
    });
  });
}

template <typename T>
void LowerSelecting(Lowering& l, const char* kernel,
                    void (*run)(const kernels::ReduceOffsets&, const T*, T*)) {
  EmitByOffsets<T>(l, Reduction(l), kernel, run);
}

}  // namespace

void LowerMean(Lowering& l) { LowerScaled(l, true); }
void LowerSum(Lowering& l) { LowerScaled(l, false); }

void LowerReduceMax(Lowering& l) {
  if (l.input(0).dtype == DataType::kInt16) {
    LowerSelecting<int16_t>(l, "reduce_max portable", kernels::ReduceMax<int16_t>);
  } else {
    LowerSelecting<uint8_t>(l, "reduce_max portable", kernels::ReduceMax<uint8_t>);
  }
}

void LowerReduceMin(Lowering& l) {
  if (l.input(0).dtype == DataType::kInt16) {
    LowerSelecting<int16_t>(l, "reduce_min portable", kernels::ReduceMin<int16_t>);
  } else {
    LowerSelecting<uint8_t>(l, "reduce_min portable", kernels::ReduceMin<uint8_t>);
  }
}

}  // namespace integra::runtime
