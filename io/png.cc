// libpng reports errors by longjmp, as libjpeg does: see jpeg.cc.
#include <png.h>

#include <csetjmp>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>

#include "base/error.h"
#include "io/picture.h"

namespace integra::io {
namespace {

struct Decoder {
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::span<const std::byte> rest;
  char message[200] = "out of memory";
  std::jmp_buf failed;

  ~Decoder() { png_destroy_read_struct(&png, &info, nullptr); }
};

[[noreturn]] void OnError(png_structp png, png_const_charp message) {
  auto& decoder = *static_cast<Decoder*>(png_get_error_ptr(png));
  std::snprintf(decoder.message, sizeof(decoder.message), "%s", message);
  std::longjmp(decoder.failed, 1);
}

void OnWarning(png_structp, png_const_charp) {}

void OnRead(png_structp png, png_bytep out, size_t bytes) {
  auto& decoder = *static_cast<Decoder*>(png_get_io_ptr(png));
  if (bytes > decoder.rest.size()) png_error(png, "the file ends too early");
  std::memcpy(out, decoder.rest.data(), bytes);
  decoder.rest = decoder.rest.subspan(bytes);
}

// Reads the header and sets up the conversion to RGB. False where libpng failed.
bool Start(Decoder& decoder, int* passes) {
  if (setjmp(decoder.failed)) return false;
  decoder.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &decoder, OnError, OnWarning);
  if (decoder.png == nullptr) return false;
  decoder.info = png_create_info_struct(decoder.png);
  if (decoder.info == nullptr) return false;
  png_set_read_fn(decoder.png, &decoder, OnRead);
  // Only critical chunks matter: the others (text, profiles) may be large and are skipped.
  png_set_keep_unknown_chunks(decoder.png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
  png_read_info(decoder.png, decoder.info);
  png_set_expand(decoder.png);  // palettes, fewer than 8 bits
  png_set_strip_16(decoder.png);
  png_set_strip_alpha(decoder.png);
  png_set_gray_to_rgb(decoder.png);
  *passes = png_set_interlace_handling(decoder.png);
  png_read_update_info(decoder.png, decoder.info);
  return true;
}

// False where libpng failed.
bool Decode(Decoder& decoder, int passes, Picture& picture) {
  if (setjmp(decoder.failed)) return false;
  for (int pass = 0; pass < passes; ++pass) {
    for (int y = 0; y < picture.height; ++y) {
      png_read_row(decoder.png, picture.row(y), nullptr);
    }
  }
  png_read_end(decoder.png, nullptr);
  return true;
}

}  // namespace

Picture DecodePng(std::span<const std::byte> file, const std::string& name,
                  const PictureLimits& limits) {
  Decoder decoder;
  decoder.rest = file;
  const auto fail = [&] {
    Fail(ErrorCode::kInvalidFile, name, ": damaged PNG: ", decoder.message);
  };
  int passes = 1;
  if (!Start(decoder, &passes)) fail();

  const int64_t width = png_get_image_width(decoder.png, decoder.info);
  const int64_t height = png_get_image_height(decoder.png, decoder.info);
  CheckPictureSize(width, height, name, limits);
  if (png_get_rowbytes(decoder.png, decoder.info) != static_cast<size_t>(width) * 3) {
    Fail(ErrorCode::kUnsupported, name, ": this kind of PNG cannot be read as RGB");
  }
  Picture picture;
  picture.width = static_cast<int>(width);
  picture.height = static_cast<int>(height);
  picture.rgb.resize(size_t(width) * size_t(height) * 3);
  if (!Decode(decoder, passes, picture)) fail();
  return picture;
}

}  // namespace integra::io
