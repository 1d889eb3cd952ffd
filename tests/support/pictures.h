// Small pictures of every kind that is read, written by Pillow 13 from random pixels.
#pragma once

#include <string>
#include <vector>

namespace integra::test {

struct TestPicture {
  std::string name;
  int width;
  int height;
  std::string sha256;  // of Pillow's convert("RGB"), or of the high bytes for gray16.png
  std::string file;
};

const std::vector<TestPicture>& TestPictures();

}  // namespace integra::test
