// Pictures from JPEG and PNG files, as 8-bit RGB.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace integra::io {

struct Picture {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> rgb;  // [height, width, 3]

  const uint8_t* row(int y) const { return rgb.data() + size_t(y) * size_t(width) * 3; }
  uint8_t* row(int y) { return rgb.data() + size_t(y) * size_t(width) * 3; }
};

struct PictureLimits {
  int64_t max_pixels = 100'000'000;  // checked before memory is taken: 300 MB
  uint64_t max_file_bytes = uint64_t{1} << 30;
};

bool IsPictureName(const std::filesystem::path& path);  // .jpg, .jpeg or .png, in any case

// Decodes a JPEG or PNG file, told apart by content. JPEG with libjpeg's accurate integer
// transform: the pixels that Pillow sees (its orientation tag is not applied, as in Pillow). PNG:
// palettes and gray are expanded, the low half of 16-bit values and alpha are dropped, gamma is
// left alone. Throws Error: kInvalidFile (damaged, truncated, too large), kUnsupported, kSystem.
Picture ReadPicture(const std::filesystem::path& path, const PictureLimits& limits = {});

// The same from memory; `name` stands for the file in messages.
Picture DecodePicture(std::span<const std::byte> file, const std::string& name,
                      const PictureLimits& limits = {});

// Parts of the above, one per format.
Picture DecodeJpeg(std::span<const std::byte> file, const std::string& name,
                   const PictureLimits& limits);
Picture DecodePng(std::span<const std::byte> file, const std::string& name,
                  const PictureLimits& limits);

// Fails where a picture of this size may not be decoded.
void CheckPictureSize(int64_t width, int64_t height, const std::string& name,
                      const PictureLimits& limits);

}  // namespace integra::io
