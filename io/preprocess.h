// From a picture to a network's input.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "integra/tensor.hpp"
#include "io/picture.h"

namespace integra::io {

enum class Fit {
  kStretch,  // resized to the input's size, whatever that does to the proportions
  kCrop,     // shorter side resized to 8/7 of the input's (256 for 224), then the centre cut out
};

// What a pixel p in [0, 255] becomes. The first three give the input's integers, the others a real
// value, which is quantized with the input's scale where the input is quantized.
//   none, uint8   p
//   int8          p - 128
//   unit          p / 255
//   signed        (p - 127.5) / 127.5
//   lite0         (p - 127) / 128
//   imagenet      (p / 255 - mean) / deviation of ImageNet's red, green and blue
struct Preprocessing {
  std::string values = {};  // one of the names above; "": by the input's type, see DefaultValues()
  Fit fit = Fit::kStretch;
};

// The names above, for messages and --help.
const std::vector<std::string>& PreprocessingNames();
bool ParseFit(std::string_view name, Fit* fit);  // "stretch", "crop"

// "none" for uint8, "int8" for int8. Throws Error (kInvalidArgument) for the other types: nothing
// in a float network says what its training did.
std::string DefaultValues(const TensorInfo& input);

// How an input holds a picture.
struct PictureLayout {
  int height = 0;
  int width = 0;
  int channels = 0;  // 1: gray, as Pillow's convert("L") weighs the colours; 3: red, green, blue
  bool channels_first = false;
};

// [1, H, W, C], [1, C, H, W], [1, H, W] or [H, W, C] with C = 1 or 3; kInvalidArgument for others.
// Where both orders are possible, the channels are last.
PictureLayout LayoutOf(const TensorInfo& input);

// Writes one picture into the buffer of `input` (batch 1).
// `meant_for`: the quantized input that the names "none", "uint8", "int8" and the default refer to,
// where `input` belongs to the float original of that network: it then gets the real values that
// those integers stand for.
void Preprocess(const Picture& picture, const Preprocessing& preprocessing, const TensorInfo& input,
                std::span<std::byte> buffer,
                const std::optional<TensorInfo>& meant_for = std::nullopt);

}  // namespace integra::io
