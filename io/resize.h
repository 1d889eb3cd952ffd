// Resizing of pictures, with the integers that Pillow computes.
#pragma once

#include "io/picture.h"

namespace integra::io {

// Pillow's Image.resize((width, height), BILINEAR): a triangle filter, widened when it shrinks,
// first along rows, then along columns, each pass in fixed point with 22 fraction bits and rounded
// to 8 bits (Pillow, src/libImaging/Resample.c). width, height >= 1.
Picture ResizeBilinear(const Picture& picture, int width, int height);

// The part of size width x height around the centre. Not larger than the picture.
Picture CropCenter(const Picture& picture, int width, int height);

}  // namespace integra::io
