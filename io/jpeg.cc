// libjpeg reports errors by longjmp. Between setjmp and the longjmp there is C code only, and
// nothing with a destructor is created; what must be freed lives outside.
#include <csetjmp>
#include <cstdio>
//
#include <jerror.h>
#include <jpeglib.h>

#include <cstdint>
#include <string>

#include "base/error.h"
#include "io/picture.h"

namespace integra::io {
namespace {

constexpr int kMaxScans = 500;  // a small progressive file can ask for hours of work

struct Decoder {
  jpeg_decompress_struct info;  // first: found again from libjpeg's pointer
  jpeg_error_mgr errors;
  jpeg_progress_mgr progress;
  std::jmp_buf failed;
  char message[JMSG_LENGTH_MAX];
  bool too_many_scans;
};

Decoder& DecoderOf(j_common_ptr info) { return *reinterpret_cast<Decoder*>(info); }

[[noreturn]] void OnError(j_common_ptr info) {
  Decoder& decoder = DecoderOf(info);
  info->err->format_message(info, decoder.message);
  std::longjmp(decoder.failed, 1);
}

// libjpeg warns about damage and goes on with gray pixels; for us damage is an error. These
// warnings do not touch the pixels.
void OnMessage(j_common_ptr info, int level) {
  if (level >= 0) return;
  switch (info->err->msg_code) {
    case JWRN_ADOBE_XFORM:
    case JWRN_EXTRANEOUS_DATA:  // stray bytes between segments
    case JWRN_JFIF_MAJOR:
    case JWRN_TOO_MUCH_DATA:
      return;
    default:
      OnError(info);
  }
}

void OnProgress(j_common_ptr info) {
  if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number <= kMaxScans) return;
  Decoder& decoder = DecoderOf(info);
  decoder.too_many_scans = true;
  std::longjmp(decoder.failed, 1);
}

// Reads the header. False where libjpeg failed.
bool Start(Decoder& decoder, std::span<const std::byte> file) {
  if (setjmp(decoder.failed)) return false;
  jpeg_create_decompress(&decoder.info);
  decoder.info.progress = &decoder.progress;
  jpeg_mem_src(&decoder.info, reinterpret_cast<const unsigned char*>(file.data()), file.size());
  jpeg_read_header(&decoder.info, TRUE);
  return true;
}

// Decodes into `pixels`, rows of `row_bytes`. False where libjpeg failed.
bool Decode(Decoder& decoder, J_COLOR_SPACE colors, unsigned char* pixels, size_t row_bytes) {
  if (setjmp(decoder.failed)) return false;
  decoder.info.out_color_space = colors;
  decoder.info.dct_method = JDCT_ISLOW;
  jpeg_start_decompress(&decoder.info);
  while (decoder.info.output_scanline < decoder.info.output_height) {
    JSAMPROW row = pixels + decoder.info.output_scanline * row_bytes;
    jpeg_read_scanlines(&decoder.info, &row, 1);
  }
  jpeg_finish_decompress(&decoder.info);
  return true;
}

// a*b/255, rounded (Pillow's MULDIV255).
int ScaleBy255ths(int a, int b) {
  const int t = a * b + 128;
  return ((t >> 8) + t) >> 8;
}

// Files hold inverted ink, as Adobe's programs write it; Pillow too takes that for granted.
void InvertedCmykToRgb(const std::vector<uint8_t>& cmyk, std::vector<uint8_t>& rgb) {
  for (size_t i = 0; i < cmyk.size() / 4; ++i) {
    const int black = cmyk[4 * i + 3];
    for (size_t c = 0; c < 3; ++c) {
      rgb[3 * i + c] = static_cast<uint8_t>(black - ScaleBy255ths(255 - cmyk[4 * i + c], black));
    }
  }
}

struct Destroy {
  Decoder& decoder;
  ~Destroy() { jpeg_destroy_decompress(&decoder.info); }
};

}  // namespace

Picture DecodeJpeg(std::span<const std::byte> file, const std::string& name,
                   const PictureLimits& limits) {
  Decoder decoder = {};
  decoder.info.err = jpeg_std_error(&decoder.errors);
  decoder.errors.error_exit = OnError;
  decoder.errors.emit_message = OnMessage;
  decoder.progress.progress_monitor = OnProgress;
  const Destroy destroy{decoder};
  const auto fail = [&] {
    Fail(ErrorCode::kInvalidFile, name,
         ": damaged JPEG: ", decoder.too_many_scans ? "too many scans" : decoder.message);
  };
  if (!Start(decoder, file)) fail();

  Picture picture;
  CheckPictureSize(decoder.info.image_width, decoder.info.image_height, name, limits);
  picture.width = static_cast<int>(decoder.info.image_width);
  picture.height = static_cast<int>(decoder.info.image_height);
  const size_t pixels = size_t(picture.width) * size_t(picture.height);
  picture.rgb.resize(pixels * 3);
  const J_COLOR_SPACE colors = decoder.info.jpeg_color_space;
  if (colors == JCS_CMYK || colors == JCS_YCCK) {
    std::vector<uint8_t> cmyk(pixels * 4);
    if (!Decode(decoder, JCS_CMYK, cmyk.data(), size_t(picture.width) * 4)) fail();
    InvertedCmykToRgb(cmyk, picture.rgb);
  } else if (!Decode(decoder, JCS_RGB, picture.rgb.data(), size_t(picture.width) * 3)) {
    fail();
  }
  return picture;
}

}  // namespace integra::io
