// Lowering of resize_bilinear and resize_nearest_neighbor: where each row and column comes from is
// computed here, once, with integers (binary32 in soft_float.h where LiteRT's kernel uses it).
#include "kernels/resize.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <optional>
#include <vector>

#include "runtime/lowering.h"

namespace integra::runtime {
namespace {

using kernels::Neighbors;
using kernels::SoftNeighbors;
using soft_float::Toward;

// One dimension of the image.
struct Grid {
  int64_t in, out;
  bool align_corners, half_pixel;
};

Grid GridOf(const Lowering& l, size_t dimension) {
  return {l.input(0).shape[dimension], l.output(0).shape[dimension], l.node.flag("align_corners"),
          l.node.flag("half_pixel_centers")};
}

// (in - 1) / (out - 1) where the corners are aligned, else in / out.
SoftFloat StepOf(const Grid& g) {
  const bool corners = g.align_corners && g.out > 1;
  return soft_float::Divide(SoftFloat::FromInt(corners ? g.in - 1 : g.in),
                            SoftFloat::FromInt(corners ? g.out - 1 : g.out));
}

// Weights with 10 bits, those of int8 and int16 (LiteRT's ResizeBilinearInteger).
std::vector<Neighbors> IntegerNeighbors(const Grid& g) {
  const bool corners = g.align_corners && g.out > 1;
  const int64_t in = corners ? g.in - 1 : g.in, out = corners ? g.out - 1 : g.out;
  const int64_t step = (1024 * in + out / 2) / out;
  std::vector<Neighbors> all(static_cast<size_t>(g.out));
  for (int64_t i = 0; i < g.out; ++i) {
    const int64_t at = i * step + (g.half_pixel ? step / 2 - 512 : 0);
    const int64_t lower = std::clamp<int64_t>(at / 1024, 0, g.in - 1);
    const int64_t upper = std::min((at + 1023) / 1024, g.in - 1);
    all[static_cast<size_t>(i)] = {static_cast<int32_t>(lower), static_cast<int32_t>(upper),
                                   static_cast<int32_t>(at - 1024 * lower)};
  }
  return all;
}

// Weights in binary32, those of uint8 (LiteRT's ResizeBilinear).
std::vector<SoftNeighbors> SingleNeighbors(const Grid& g) {
  using soft_float::Multiply;
  using soft_float::Subtract;
  const SoftFloat step = StepOf(g);
  std::vector<SoftNeighbors> all(static_cast<size_t>(g.out));
  for (int64_t i = 0; i < g.out; ++i) {
    SoftFloat at = SoftFloat::FromInt(i);
    if (g.half_pixel) at = soft_float::Add(at, soft_float::kHalf);
    at = Multiply(at, step);
    if (g.half_pixel) at = Subtract(at, soft_float::kHalf);
    const int64_t lower = std::clamp<int64_t>(soft_float::ToInt(at, Toward::kDown), 0, g.in - 1);
    const int64_t upper = std::min(soft_float::ToInt(at, Toward::kUp), g.in - 1);
    SoftNeighbors& n = all[static_cast<size_t>(i)];
    n.lower = static_cast<int32_t>(lower);
    n.upper = static_cast<int32_t>(upper);
    n.upper_weight = Subtract(at, SoftFloat::FromInt(lower));
    n.lower_weight = Subtract(soft_float::kOne, n.upper_weight);
  }
  return all;
}

// Fractions without the trailing zeros that all of them share; returns the bits that remain.
int32_t DropCommonZeros(std::vector<Neighbors>& all, int32_t bits) {
  int32_t common = 0;
  for (const Neighbors& n : all) common |= n.fraction;
  int32_t drop = 0;
  while (drop < bits && (common >> drop & 1) == 0) ++drop;
  for (Neighbors& n : all) n.fraction >>= drop;
  return bits - drop;
}

// The same weights as integers, where all have at most `bits` bits behind the point.
std::optional<std::vector<Neighbors>> ExactNeighbors(const std::vector<SoftNeighbors>& all,
                                                     int32_t bits) {
  const SoftFloat one = SoftFloat::FromInt(int64_t{1} << bits);
  std::vector<Neighbors> exact;
  for (const SoftNeighbors& n : all) {
    const SoftFloat scaled = soft_float::Multiply(n.upper_weight, one);
    const int64_t fraction = soft_float::ToInt(scaled, Toward::kZero);
    const bool same = soft_float::Subtract(scaled, SoftFloat::FromInt(fraction)).is_zero();
    if (!same) return std::nullopt;
    exact.push_back({n.lower, n.upper, static_cast<int32_t>(fraction)});
  }
  return exact;
}

// Rows and columns of one bilinear resize with exact weights.
struct Weights {
  std::vector<Neighbors> rows, columns;
  int32_t row_bits, column_bits;
};

Weights Reduced(std::vector<Neighbors> rows, std::vector<Neighbors> columns, int32_t bits) {
  Weights w = {std::move(rows), std::move(columns), 0, 0};
  w.row_bits = DropCommonZeros(w.rows, bits);
  w.column_bits = DropCommonZeros(w.columns, bits);
  return w;
}

template <typename T>
void EmitExact(Lowering& l, Weights weights, kernels::BilinearRow<T> row, const char* kernel) {
  const Shape& x = l.input(0).shape;
  const auto w = std::make_shared<const Weights>(std::move(weights));
  kernels::BilinearParams p;
  p.in_w = x[2];
  p.channels = x[3];
  p.out_w = l.output(0).shape[2];
  p.columns = w->columns.data();
  p.row_bits = w->row_bits;
  p.column_bits = w->column_bits;
  p.offset = Lowering::ActivationOf(l.output(0)).offset;
  const int64_t in_h = x[1], out_h = l.output(0).shape[1], images = x[0];
  const graph::TensorId in = l.node.inputs[0], out = l.node.outputs[0];
  l.scratch_bytes = static_cast<size_t>(p.in_w * p.channels + 64) * sizeof(int32_t);
  l.Emit(
      StrCat("resize_bilinear ", kernel, " weights of ", w->row_bits, "+", w->column_bits, " bits"),
      [=](const StepContext& context) {
        context.pool->ParallelFor(images * out_h, [&](int64_t i, int thread) {
          const int64_t row_size = p.in_w * p.channels;
          const T* image = context.in<T>(in) + i / out_h * in_h * row_size;
          const Neighbors& n = w->rows[static_cast<size_t>(i % out_h)];
          row(p, image + n.lower * row_size, image + n.upper * row_size, n.fraction,
              reinterpret_cast<int32_t*>(context.scratch[thread]),
              context.out<T>(out) + i * p.out_w * p.channels);
        });
      });
}

void EmitSoft(Lowering& l, std::vector<SoftNeighbors> row_list,
              std::vector<SoftNeighbors> column_list) {
  const Shape& x = l.input(0).shape;
  const auto rows = std::make_shared<const std::vector<SoftNeighbors>>(std::move(row_list));
  const auto columns = std::make_shared<const std::vector<SoftNeighbors>>(std::move(column_list));
  const kernels::SoftBilinearParams p = {x[2], x[3], l.output(0).shape[2], columns->data()};
  const int64_t in_h = x[1], out_h = l.output(0).shape[1], images = x[0];
  const graph::TensorId in = l.node.inputs[0], out = l.node.outputs[0];
  l.scratch_bytes = static_cast<size_t>(2 * p.in_w * p.channels) * sizeof(SoftFloat);
  l.Emit("resize_bilinear portable binary32 by integers", [=](const StepContext& context) {
    context.pool->ParallelFor(images * out_h, [&](int64_t i, int thread) {
      const int64_t row_size = p.in_w * p.channels;
      const uint8_t* image = context.in<uint8_t>(in) + i / out_h * in_h * row_size;
      const SoftNeighbors& n = (*rows)[static_cast<size_t>(i % out_h)];
      kernels::SoftBilinearParams with_columns = p;
      with_columns.columns = columns->data();
      kernels::BilinearSoft(with_columns, n, image + n.lower * row_size, image + n.upper * row_size,
                            reinterpret_cast<SoftFloat*>(context.scratch[thread]),
                            context.out<uint8_t>(out) + i * p.out_w * p.channels);
    });
  });
}

std::vector<int32_t> NearestIndices(const Grid& g) {
  const SoftFloat step = StepOf(g);
  std::vector<int32_t> indices(static_cast<size_t>(g.out));
  for (int64_t i = 0; i < g.out; ++i) {
    SoftFloat at = SoftFloat::FromInt(i);
    if (g.half_pixel) at = soft_float::Add(at, soft_float::kHalf);
    at = soft_float::Multiply(at, step);
    const int64_t nearest =
        soft_float::ToInt(at, g.align_corners ? Toward::kNearest : Toward::kDown);
    indices[static_cast<size_t>(i)] =
        static_cast<int32_t>(std::clamp<int64_t>(nearest, 0, g.in - 1));
  }
  return indices;
}

}  // namespace

void LowerResizeBilinear(Lowering& l) {
  const Grid rows = GridOf(l, 1), columns = GridOf(l, 2);
  if (l.input(0).dtype != DataType::kUInt8) {
    Weights weights = Reduced(IntegerNeighbors(rows), IntegerNeighbors(columns), 10);
    if (l.input(0).dtype == DataType::kInt16) {
      EmitExact<int16_t>(l, std::move(weights), kernels::BilinearReference<int16_t>,
                         "int16 portable");
    } else {
      const auto choice = kernels::ChooseBilinear(l.isa);
      EmitExact<uint8_t>(l, std::move(weights), choice.row, choice.name);
    }
    return;
  }
  auto soft_rows = SingleNeighbors(rows), soft_columns = SingleNeighbors(columns);
  // Products of 8-bit pixels and weights below 2 with together 13 bits behind the point, and sums
  // of four of them and 1/2, fit in the 24 bits of binary32: nothing is rounded on the way.
  constexpr int32_t kMostBits = 13;
  auto exact_rows = ExactNeighbors(soft_rows, kMostBits);
  auto exact_columns = ExactNeighbors(soft_columns, kMostBits);
  if (exact_rows && exact_columns) {
    Weights weights = Reduced(std::move(*exact_rows), std::move(*exact_columns), kMostBits);
    if (weights.row_bits + weights.column_bits <= kMostBits) {
      const auto choice = kernels::ChooseBilinear(l.isa);
      EmitExact<uint8_t>(l, std::move(weights), choice.row, choice.name);
      return;
    }
  }
  EmitSoft(l, std::move(soft_rows), std::move(soft_columns));
}

void LowerResizeNearestNeighbor(Lowering& l) {
  const Shape& x = l.input(0).shape;
  const auto rows = std::make_shared<const std::vector<int32_t>>(NearestIndices(GridOf(l, 1)));
  const auto columns = std::make_shared<const std::vector<int32_t>>(NearestIndices(GridOf(l, 2)));
  const auto pixel = static_cast<int64_t>(SizeOf(l.input(0).dtype)) * x[3];
  const int64_t in_h = x[1], in_w = x[2], images = x[0];
  const int64_t out_h = l.output(0).shape[1], out_w = l.output(0).shape[2];
  const graph::TensorId in = l.node.inputs[0], out = l.node.outputs[0];
  l.Emit("resize_nearest_neighbor portable", [=](const StepContext& context) {
    context.pool->ParallelFor(images * out_h, [&](int64_t i, int) {
      const int64_t from = i / out_h * in_h + (*rows)[static_cast<size_t>(i % out_h)];
      kernels::NearestRow(context.in<uint8_t>(in) + from * in_w * pixel, columns->data(), out_w,
                          pixel, context.out<uint8_t>(out) + i * out_w * pixel);
    });
  });
}

}  // namespace integra::runtime
