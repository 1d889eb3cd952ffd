#include "io/preprocess.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/error.h"
#include "base/suggestion.h"
#include "io/resize.h"
#include "io/values.h"

namespace integra::io {
namespace {

bool NamesIntegers(std::string_view values) {
  return values == "none" || values == "uint8" || values == "int8";
}

double ValueOf(std::string_view values, int pixel, int channel) {
  constexpr std::array<double, 3> kMean = {0.485, 0.456, 0.406};
  constexpr std::array<double, 3> kDeviation = {0.229, 0.224, 0.225};
  if (values == "int8") return pixel - 128;
  if (values == "unit") return pixel / 255.0;
  if (values == "signed") return (pixel - 127.5) / 127.5;
  if (values == "lite0") return (pixel - 127) / 128.0;
  if (values == "imagenet") {
    const auto c = static_cast<size_t>(channel);
    return (pixel / 255.0 - kMean[c]) / kDeviation[c];
  }
  return pixel;
}

void CheckName(const std::string& values) {
  const auto& names = PreprocessingNames();
  if (std::find(names.begin(), names.end(), values) != names.end()) return;
  std::string known;
  for (const std::string& name : names) known += (known.empty() ? "" : ", ") + name;
  Fail(ErrorCode::kInvalidArgument, "preprocessing '", values, "' is not known; there are ", known,
       DidYouMean(values, names));
}

// An integer that a preprocessing names must exist in the input's type.
void CheckRange(const std::string& values, const TensorInfo& input) {
  const bool fits = input.dtype == DataType::kInt8    ? values == "int8"
                    : input.dtype == DataType::kUInt8 ? values != "int8"
                                                      : input.dtype != DataType::kBool;
  if (!fits) {
    Fail(ErrorCode::kInvalidArgument, "preprocessing '", values, "' does not fit input '",
         input.name, "' of type ", NameOf(input.dtype), "; use --preprocess ",
         input.dtype == DataType::kInt8 ? "int8" : "uint8");
  }
}

// The element that every pixel value becomes, per channel: [channels, 256] elements.
std::vector<std::byte> MakeTable(const std::string& values, int channels, const TensorInfo& input,
                                 const TensorInfo& meant_for) {
  std::vector<std::byte> table(static_cast<size_t>(channels) * 256 * SizeOf(input.dtype));
  const bool integers = NamesIntegers(values);
  const bool same = meant_for.dtype == input.dtype && meant_for.quantization == input.quantization;
  if (integers) CheckRange(values, meant_for);
  if (!integers && input.dtype != DataType::kFloat32 && input.quantization.empty()) {
    Fail(ErrorCode::kInvalidArgument, "input '", input.name, "' has no scale: preprocessing '",
         values, "' cannot be expressed in its integers; use none or int8");
  }
  TensorInfo target = input;
  if (integers && same) target.quantization = {};
  for (int c = 0; c < channels; ++c) {
    for (int p = 0; p < 256; ++p) {
      double value = ValueOf(values, p, c);
      if (integers && !same && !meant_for.quantization.empty()) {
        value = double{meant_for.quantization.scale[0]} *
                (value - meant_for.quantization.zero_point[0]);
      }
      WriteRealValue(value, table, target, static_cast<size_t>(c) * 256 + static_cast<size_t>(p));
    }
  }
  return table;
}

Picture FitTo(const Picture& picture, int width, int height, Fit fit) {
  if (fit == Fit::kStretch) return ResizeBilinear(picture, width, height);
  // The smallest size of the picture's proportions that covers 8/7 of the input.
  const double scale =
      std::max(8.0 / 7.0 * width / picture.width, 8.0 / 7.0 * height / picture.height);
  const int64_t full_width = std::max<int64_t>(width, std::llround(picture.width * scale));
  const int64_t full_height = std::max<int64_t>(height, std::llround(picture.height * scale));
  CheckPictureSize(full_width, full_height, "picture to be cropped", PictureLimits{});
  return CropCenter(
      ResizeBilinear(picture, static_cast<int>(full_width), static_cast<int>(full_height)), width,
      height);
}

// ITU-R 601-2 in 16 fraction bits, as Pillow's convert("L").
uint8_t Luma(const uint8_t* rgb) {
  return static_cast<uint8_t>((rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >> 16);
}

}  // namespace

const std::vector<std::string>& PreprocessingNames() {
  static const std::vector<std::string> names = {"none",   "uint8", "int8",    "unit",
                                                 "signed", "lite0", "imagenet"};
  return names;
}

bool ParseFit(std::string_view name, Fit* fit) {
  if (name != "stretch" && name != "crop") return false;
  *fit = name == "crop" ? Fit::kCrop : Fit::kStretch;
  return true;
}

std::string DefaultValues(const TensorInfo& input) {
  if (input.dtype == DataType::kUInt8) return "none";
  if (input.dtype == DataType::kInt8) return "int8";
  Fail(ErrorCode::kInvalidArgument, "input '", input.name, "' is ", NameOf(input.dtype),
       ": say with --preprocess what a pixel becomes (unit: p/255, signed: -1..1, ...)");
}

PictureLayout LayoutOf(const TensorInfo& input) {
  const Shape& s = input.shape;
  const auto color = [](int64_t c) { return c == 1 || c == 3; };
  const auto layout = [&](int64_t height, int64_t width, int64_t channels, bool first) {
    // Sizes beyond this are no pictures, and could not be held.
    constexpr int64_t kMaxSide = 1 << 20;
    if (height < 1 || width < 1 || height > kMaxSide || width > kMaxSide) {
      Fail(ErrorCode::kInvalidArgument, "input '", input.name, "' ", ToString(s), " is no picture");
    }
    return PictureLayout{static_cast<int>(height), static_cast<int>(width),
                         static_cast<int>(channels), first};
  };
  if (s.size() == 4 && s[0] == 1 && color(s[3])) return layout(s[1], s[2], s[3], false);
  if (s.size() == 4 && s[0] == 1 && color(s[1])) return layout(s[2], s[3], s[1], true);
  if (s.size() == 3 && color(s[2]) && s[0] > 1) return layout(s[0], s[1], s[2], false);
  if (s.size() == 3 && s[0] == 1) return layout(s[1], s[2], 1, false);
  Fail(ErrorCode::kInvalidArgument, "input '", input.name, "' ", ToString(s),
       " is no picture of 1 or 3 channels; give it as .npy");
}

void Preprocess(const Picture& picture, const Preprocessing& preprocessing, const TensorInfo& input,
                std::span<std::byte> buffer, const std::optional<TensorInfo>& meant_for) {
  const TensorInfo& reference = meant_for ? *meant_for : input;
  const std::string values =
      preprocessing.values.empty() ? DefaultValues(reference) : preprocessing.values;
  CheckName(values);
  const PictureLayout layout = LayoutOf(input);
  if (values == "imagenet" && layout.channels != 3) {
    Fail(ErrorCode::kInvalidArgument, "preprocessing 'imagenet' needs an input of 3 channels");
  }
  const size_t element = SizeOf(input.dtype);
  const size_t pixels = static_cast<size_t>(layout.height) * static_cast<size_t>(layout.width);
  const auto channels = static_cast<size_t>(layout.channels);
  if (buffer.size() != pixels * channels * element) {
    Fail(ErrorCode::kInvalidArgument, "input '", input.name, "' needs ",
         pixels * channels * element, " bytes, the buffer has ", buffer.size());
  }
  const std::vector<std::byte> table = MakeTable(values, layout.channels, input, reference);
  const Picture fitted = FitTo(picture, layout.width, layout.height, preprocessing.fit);
  for (size_t i = 0; i < pixels; ++i) {
    const uint8_t* rgb = fitted.rgb.data() + 3 * i;
    for (size_t c = 0; c < channels; ++c) {
      const size_t pixel = channels == 1 ? Luma(rgb) : rgb[c];
      const size_t to = layout.channels_first ? c * pixels + i : i * channels + c;
      std::memcpy(buffer.data() + to * element, table.data() + (c * 256 + pixel) * element,
                  element);
    }
  }
}

}  // namespace integra::io
