#include "io/picture.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <new>

#include "base/error.h"
#include "base/mapped_file.h"

namespace integra::io {

bool IsPictureName(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension == ".jpg" || extension == ".jpeg" || extension == ".png";
}

void CheckPictureSize(int64_t width, int64_t height, const std::string& name,
                      const PictureLimits& limits) {
  if (width < 1 || height < 1) Fail(ErrorCode::kInvalidFile, name, ": the picture is empty");
  if (width > limits.max_pixels / height) {
    Fail(ErrorCode::kInvalidFile, name, ": ", width, " x ", height,
         " pixels are more than the limit of ", limits.max_pixels);
  }
}

Picture DecodePicture(std::span<const std::byte> file, const std::string& name,
                      const PictureLimits& limits) {
  if (file.size() >= 3 && std::memcmp(file.data(), "\xff\xd8\xff", 3) == 0) {
    return DecodeJpeg(file, name, limits);
  }
  if (file.size() >= 8 && std::memcmp(file.data(), "\x89PNG\r\n\x1a\n", 8) == 0) {
    return DecodePng(file, name, limits);
  }
  Fail(ErrorCode::kInvalidFile, name, ": neither a JPEG nor a PNG picture");
}

Picture ReadPicture(const std::filesystem::path& path, const PictureLimits& limits) {
  try {
    const auto file = MappedFile::Open(path, limits.max_file_bytes);
    return DecodePicture(file->bytes(), path.string(), limits);
  } catch (const std::bad_alloc&) {
    FailOutOfMemory(path.native());
  }
}

}  // namespace integra::io
