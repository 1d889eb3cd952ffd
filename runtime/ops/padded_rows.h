// Input rows with padding around them, for stripes of output rows.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "kernels/conv2d.h"
#include "runtime/lowering.h"

namespace integra::runtime {

// Offers run(c, first, count, thread), which makes `count` of `rows` output rows of `width` pixels,
// at most `most`, as a step of pixels. `first` is a multiple of `multiple`.
template <typename Run>
void OfferStripes(Lowering& l, int64_t rows, int64_t width, int64_t multiple, int64_t most,
                  bool is_local, Run run) {
  l.OfferPixels({rows * width, multiple * width, is_local,
                 [=](const StepContext& c, int64_t first, int64_t last, int thread) {
                   const int64_t end = last / width;
                   for (int64_t y = first / width; y < end; y += most) {
                     run(c, y, std::min(most, end - y), thread);
                   }
                 }});
}

// The same of a single image; its rows are not local.
template <typename Run>
void OfferStripes(Lowering& l, const kernels::Conv2dParams& p, int64_t multiple, int64_t most,
                  Run run) {
  if (p.batch == 1) OfferStripes(l, p.y.output, p.x.output, multiple, most, false, run);
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
