// Input rows with padding around them, for stripes of output rows.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/conv2d.h"
#include "runtime/lowering.h"

namespace integra::runtime {

// Offers run(c, image, begin, end, thread), which makes output rows [begin, end) of an image, where
// begin is a multiple of `multiple`, as a step of pixels; for a single image.
template <typename Run>
void OfferRowsOfImage(Lowering& l, const kernels::Conv2dParams& p, int64_t multiple, Run run) {
  if (p.batch != 1) return;
  const int64_t width = p.x.output;
  l.OfferPixels({p.y.output * width, multiple * width, false,
                 [=](const StepContext& c, int64_t first, int64_t last, int thread) {
                   run(c, 0, first / width, last / width, thread);
                 }});
}

// Output pixels of a dense convolution per stripe: large enough to fill the kernels' tiles, small
// enough that a stripe of input and output stays in the second-level cache.
inline constexpr int64_t kPixelsPerStripe = 240;

// Rows per stripe, at most `most`: the stripes are as many for each of `threads`, and begin at
// multiples of `multiple` rows.
int64_t RowsPerStripe(int64_t rows, int64_t most, int threads, int64_t multiple);

// How a stripe of output rows sees its input: where it is, or as a padded copy in scratch.
struct PaddedRows {
  kernels::ConvAxis y, x;
  int64_t channels = 1;      // of the input
  int64_t multiplicity = 1;  // every channel is repeated so often in the copy (depthwise)
  int64_t planes = 1;        // a row is cut into: column j is in plane j % planes of the copy
  int32_t zero_point = 0;
  bool copied = false;
  int64_t pitch = 0;  // bytes from one row to the next, as the kernel sees them
  int64_t plane = 0;  // bytes from one plane to the next

  // Copies only where padding, repetition or planes need it.
  PaddedRows(const kernels::Conv2dParams& p, int64_t channel_multiplicity, int64_t column_planes);

  size_t copy_bytes(int64_t output_rows) const;  // 0 where nothing is copied

  // A row in which only the padding is written.
  void PadRow(uint8_t* to) const;

  // The rows that output rows [first, first + rows) of `image` read; `scratch` has
  // copy_bytes(rows).
  const uint8_t* Prepare(const uint8_t* image, int64_t first, int64_t rows,
                         std::byte* scratch) const;

 private:
  // What lies in the image of a plane: `count` pixels from `column`, with padding around them.
  struct Inside {
    int64_t column, count;
    int64_t bytes_before, bytes, bytes_after;
  };
  std::vector<Inside> inside_;  // of each plane
  Inside InsideOf(int64_t f) const;
  void CopyRow(const uint8_t* row, uint8_t* to) const;
};

}  // namespace integra::runtime
