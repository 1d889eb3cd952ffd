// Resizing of images.
#include "convert/tflite/families.h"

namespace integra::convert {
namespace {

template <typename Options>
void ImportResize(OperatorImport& o) {
  const auto& options = o.options<Options>();
  o.Set("size", o.Constant(1));
  o.Set("align_corners", options.align_corners());
  o.Set("half_pixel_centers", options.half_pixel_centers());
  o.KeepInputs({0});
}

}  // namespace

void ImportResizeBilinear(OperatorImport& o) { ImportResize<tflite::ResizeBilinearOptions>(o); }

void ImportResizeNearestNeighbor(OperatorImport& o) {
  ImportResize<tflite::ResizeNearestNeighborOptions>(o);
}

}  // namespace integra::convert
