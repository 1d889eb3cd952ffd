#include "io/picture.h"

#include <doctest/doctest.h>

#include <cstdio>  // for jpeglib.h

#include <jpeglib.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>

#include "base/error.h"
#include "io/resize.h"
#include "tests/support/golden.h"
#include "tests/support/pictures.h"
#include "tests/support/sha256.h"
#include "tests/support/temporary_folder.h"

namespace integra::io {
namespace {

Picture Decode(const std::string& file, const PictureLimits& limits = {}) {
  return DecodePicture(std::as_bytes(std::span(file)), "test picture", limits);
}

std::string SumOf(const Picture& picture) {
  test::Sha256 sum;
  sum.Add(picture.rgb);
  return sum.Hex();
}

// A picture with every value, without a file.
Picture Pattern(int width, int height) {
  Picture picture{width, height, std::vector<uint8_t>(size_t(width) * size_t(height) * 3)};
  uint32_t state = 1;
  for (uint8_t& p : picture.rgb) {
    state = state * 1664525 + 1013904223;
    p = static_cast<uint8_t>(state >> 24);
  }
  return picture;
}

TEST_CASE("picture: the sum that tests compare with is SHA-256") {
  test::Sha256 sum;
  sum.Add(std::vector<uint8_t>{'a', 'b', 'c'});
  CHECK(sum.Hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("picture: every kind of file gives Pillow's pixels") {
  const test::TemporaryFolder folder;
  for (const test::TestPicture& expected : test::TestPictures()) {
    CAPTURE(expected.name);
    const Picture picture = ReadPicture(folder.Write(expected.name, expected.file));
    CHECK(picture.width == expected.width);
    CHECK(picture.height == expected.height);
    CHECK(SumOf(picture) == expected.sha256);
  }
}

TEST_CASE("picture: truncated and damaged files are errors, or pictures of the stated size") {
  for (const test::TestPicture& good : test::TestPictures()) {
    CAPTURE(good.name);
    // The last bytes of a JPEG are its end mark, those of a PNG an empty chunk.
    for (size_t size = 0; size < good.file.size(); ++size) {
      CAPTURE(size);
      CHECK_THROWS_AS(Decode(good.file.substr(0, size)), Error);
    }
    for (size_t i = 0; i < good.file.size(); ++i) {
      std::string bad = good.file;
      bad[i] = static_cast<char>(bad[i] ^ 0x55);
      try {
        const Picture picture = Decode(bad);
        CHECK(picture.rgb.size() == size_t(picture.width) * size_t(picture.height) * 3);
      } catch (const Error& error) {
        CHECK(error.code() != ErrorCode::kSystem);
      }
    }
  }
}

TEST_CASE("picture: size limits hold before memory is taken") {
  for (const test::TestPicture& good : test::TestPictures()) {
    const PictureLimits limits{.max_pixels = good.width * good.height - 1};
    CHECK_THROWS_WITH_AS(Decode(good.file, limits), doctest::Contains("more than the limit"),
                         Error);
  }
  CHECK_THROWS_WITH_AS(CheckPictureSize(65500, 65500, "x", {}), doctest::Contains("limit"), Error);
}

TEST_CASE("picture: what is no picture is refused") {
  for (const char* text :
       {"", "\xff\xd8", "\xff\xd8\xff", "GIF89a", "\x89PNG\r\n\x1a\n", "hello"}) {
    CHECK_THROWS_AS(Decode(text), Error);
  }
  CHECK_THROWS_AS(ReadPicture("no such file.png"), Error);
  CHECK(IsPictureName("a.JPG"));
  CHECK(IsPictureName("x/a.b.jpeg"));
  CHECK(IsPictureName("a.Png"));
  CHECK_FALSE(IsPictureName("png"));
  CHECK_FALSE(IsPictureName("a.npy"));
}

// A progressive gray JPEG of 8 x 8: each coefficient in a scan of its own, then bit by bit.
std::string JpegOfScans(int coefficients) {
  constexpr int kBits = 10;
  std::vector<jpeg_scan_info> scans = {{1, {0}, 0, 0, 0, 0}};
  for (int k = 1; k <= coefficients; ++k) {
    scans.push_back({1, {0}, k, k, 0, kBits});
    for (int bit = kBits; bit > 0; --bit) scans.push_back({1, {0}, k, k, bit, bit - 1});
  }
  jpeg_compress_struct info;
  jpeg_error_mgr errors;
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &bytes, &size);
  info.image_width = info.image_height = 8;
  info.input_components = 1;
  info.in_color_space = JCS_GRAYSCALE;
  jpeg_set_defaults(&info);
  info.scan_info = scans.data();
  info.num_scans = static_cast<int>(scans.size());
  jpeg_start_compress(&info, TRUE);
  for (unsigned char y = 0; y < 8; ++y) {
    unsigned char row[8] = {y, 200, 3, 90, 120, 7, 255, 0};
    JSAMPROW rows[] = {row};
    jpeg_write_scanlines(&info, rows, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  const std::unique_ptr<unsigned char, decltype(&std::free)> owner(bytes, &std::free);
  return {reinterpret_cast<const char*>(bytes), size};
}

TEST_CASE("picture: a small file of very many scans is refused") {
  CHECK(Decode(JpegOfScans(45)).width == 8);  // 496 scans
  CHECK_THROWS_WITH_AS(Decode(JpegOfScans(46)), doctest::Contains("too many scans"), Error);
}

TEST_CASE("picture: resizing gives Pillow's pixels") {
  // Sums of Image.resize(size, BILINEAR) of Pillow 13 on Pattern(53, 37).
  const std::map<std::pair<int, int>, std::string> sums = {
      {{53, 37}, "d5cabd35b486b24fd0161af4437f424f8c660323a9226fa71b68d1064e4c652f"},
      {{7, 5}, "97f7161d2b5b1cc7379f2d67e6af1828fa53041ee8352874799ca1d4b8174c12"},
      {{100, 80}, "1481b787151f9b41c664a7bca0d8a9a60b401b7bbcb32b3c918d39141470e8df"},
      {{1, 1}, "35b646c8a59e428773225e63a34257842a8aa528884fb627d068250d3397ad95"},
      {{53, 10}, "4d192b19c88d2a6067c6d023030bf632aec548de2e8ce5840a99fa9daa537763"},
      {{20, 37}, "d8773d80ef7af3cf0c6b28e347096fcbc2989b2a9d23e03360769825a6adc06b"},
      {{200, 3}, "81369e6fb4fabbf5ae67c7d31698ac8733a4f56b0e719c376ce6e9e7e3d37e0f"},
      {{3, 200}, "8d8994e7f9995efa423fa34d2fc778afd140717083d6139d81cb4cd4a19c1b94"},
  };
  const Picture picture = Pattern(53, 37);
  for (const auto& [size, sum] : sums) {
    const int width = size.first, height = size.second;
    CAPTURE(width);
    CAPTURE(height);
    CHECK(SumOf(ResizeBilinear(picture, width, height)) == sum);
  }
}

TEST_CASE("picture: cropping keeps the centre") {
  const Picture picture = Pattern(7, 6);
  const Picture centre = CropCenter(picture, 3, 2);
  CHECK(std::equal(centre.row(0), centre.row(0) + 9, picture.row(2) + 6));
  CHECK(std::equal(centre.row(1), centre.row(1) + 9, picture.row(3) + 6));
  CHECK_THROWS_AS(CropCenter(picture, 8, 2), Error);
}

TEST_CASE("picture: 500 photographs have the recorded sums, at their own size and resized") {
  const auto data = test::GoldenFolder();
  if (!data) return;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(*data / "images" / "jpeg")) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::map<int, test::Sha256> sums;
  for (const auto& file : files) {
    const Picture picture = ReadPicture(file);
    for (const int size : {224, 192, 160, 128}) {
      sums[size].Add(ResizeBilinear(picture, size, size).rgb);
    }
  }
  // Lines of "<sum>  uint8[500,S,S,3]".
  std::ifstream recorded(*data / "images" / "pixels.sha256");
  int checked = 0;
  for (std::string sum, shape; recorded >> sum >> shape;) {
    const int size = std::stoi(shape.substr(shape.find(',') + 1));
    CAPTURE(size);
    REQUIRE(sums.contains(size));
    CHECK(sums[size].Hex() == sum);
    ++checked;
  }
  CHECK(checked == 4);
}

}  // namespace
}  // namespace integra::io
