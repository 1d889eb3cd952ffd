// Schemas of resize_bilinear and resize_nearest_neighbor.
#include "graph/ops/activation_checks.h"

namespace integra::graph {
namespace {

std::vector<AttributeSchema> ResizeAttributes() {
  return {
      {"size", AttributeType::kIntegers, "[rows, columns] of the output", true},
      {"align_corners", AttributeType::kBool,
       "the centres of the corner pixels fall together, instead of the corners", false, false},
      {"half_pixel_centers", AttributeType::kBool, "pixels are sampled at their centres", false,
       false},
  };
}

void InferSize(InferContext& c) {
  c.RequireRank(0, 4);
  const auto& size = c.node().integers("size");
  // As LiteRT's positions are computed in 32 bits, with 10 bits of fraction for int8.
  constexpr int64_t kLargest = 1 << 20;
  if (size.size() != 2 || size[0] < 1 || size[1] < 1) {
    c.FailFile("attribute 'size' needs 2 positive values");
  }
  const Shape& x = c.input(0).shape;
  for (const int64_t n : {size[0], size[1], x[1], x[2]}) {
    if (n > kLargest) c.FailUnsupported("images with a side of ", n, " pixels");
  }
  c.SetOutput(0, c.input(0).dtype, {x[0], size[0], size[1], x[3]});
}

void InferBilinear(InferContext& c) {
  if (c.node().flag("align_corners") && c.node().flag("half_pixel_centers")) {
    c.FailUnsupported("align_corners together with half_pixel_centers");
  }
  if (RequireQuantizedOrFloat(c, {DataType::kUInt8, DataType::kInt8, DataType::kInt16})) {
    RequireSameQuantization(c);
  }
  InferSize(c);
}

// Pixels are copied: any type will do, and a scale only has to stay the same.
void InferNearest(InferContext& c) {
  if (c.is_quantized(0) && !c.output(0).quantization.empty()) RequireSameQuantization(c);
  InferSize(c);
}

}  // namespace

extern const OperatorSchema kResizeBilinearSchema = {
    "bilinear interpolation of [N,H,W,C]", 1, 1, 1, 1, ResizeAttributes(), InferBilinear, nullptr};

extern const OperatorSchema kResizeNearestNeighborSchema = {
    "nearest pixel of [N,H,W,C]", 1, 1, 1, 1, ResizeAttributes(), InferNearest, nullptr};

}  // namespace integra::graph
